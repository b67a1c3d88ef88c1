/* Smallest and all explanations against every subset of the features.
 *
 * Tables of whole numbers: each has few records, and the network's class at each is computed in
 * rationals. So the truth about every subset is known without a bound or a search. */
#include "attack/objective.h"
#include "explain/contrast.h"
#include "support/tiny.h"

enum { FEATURES = 5, VALUES = 3, RECORDS = 243, SUBSETS = 1 << FEATURES };
enum { CLASSES = 3, NETS = 8 };

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_tiny net;
    vouch_victim_plan *plan;
    float x[FEATURES], low[FEATURES], high[FEATURES];
    vouch_feature feature[FEATURES];
    vouch_rules rules;
    vouch_ball ball;
    vouch_groups groups;
    vouch_formal_problem problem;
    vouch_formal_settings settings;
    bool safe[SUBSETS];
} scene;

/* ---- the truth ----------------------------------------------------------------------------- */

/* Is another class than the label's at least as good there? */
static bool is_bad(const scene *s, const int *value)
{
    mpq_t *x = vouch_tiny_rationals(FEATURES), *y = vouch_tiny_rationals(CLASSES);
    bool bad = false;
    for (int f = 0; f < FEATURES; f++)
        mpq_set_si(x[f], value[f], 1);
    vouch_tiny_values(&s->net, x, NULL, y);
    for (int k = 0; k < CLASSES; k++)
        bad = bad || (k != s->problem.label && mpq_cmp(y[k], y[s->problem.label]) >= 0);
    vouch_tiny_rationals_free(x, FEATURES);
    vouch_tiny_rationals_free(y, CLASSES);
    return bad;
}

/* A set is safe where no bad record differs from the point within it alone. */
static void find_truth(scene *s)
{
    for (int subset = 0; subset < SUBSETS; subset++)
        s->safe[subset] = true;
    for (int record = 0; record < RECORDS; record++) {
        int value[FEATURES], moved = 0;
        for (int f = 0, rest = record; f < FEATURES; f++, rest /= VALUES) {
            value[f] = rest % VALUES;
            moved |= ((float)value[f] != s->x[f]) << f;
        }
        for (int subset = 0; subset < SUBSETS && is_bad(s, value); subset++)
            s->safe[subset] = s->safe[subset] && (moved & ~subset) != 0;
    }
}

/* Is the set abductive, contrastive? */
static bool holds(const scene *s, vouch_dual_kind kind, int set)
{
    return kind == VOUCH_ABDUCTIVE ? s->safe[(SUBSETS - 1) & ~set] : !s->safe[set];
}

static bool is_minimal(const scene *s, vouch_dual_kind kind, int set)
{
    bool minimal = holds(s, kind, set);
    for (int f = 0; f < FEATURES; f++)
        minimal = minimal && (!(set >> f & 1) || !holds(s, kind, set & ~(1 << f)));
    return minimal;
}

static int size_of(int set)
{
    int size = 0;
    for (; set != 0; set &= set - 1)
        size++;
    return size;
}

/* The fewest features of such a set; FEATURES + 1: there is none. */
static int fewest(const scene *s, vouch_dual_kind kind)
{
    int best = FEATURES + 1;
    for (int set = 0; set < SUBSETS; set++)
        if (holds(s, kind, set) && size_of(set) < best)
            best = size_of(set);
    return best;
}

/* ---- scenes -------------------------------------------------------------------------------- */

static int predict(scene *s)
{
    vouch_victim *victim;
    float z[CLASSES];
    vouch_test_ok(s->ctx, vouch_victim_new(s->ctx, s->arena, s->plan, &victim));
    vouch_test_ok(s->ctx, vouch_victim_forward(victim, 1, s->x, z));
    return vouch_predicted(CLASSES, z);
}

static void open_scene(scene *s, uint64_t index)
{
    const vouch_tiny_shape shape = {.inputs = FEATURES,
                                    .outputs = CLASSES,
                                    .hidden = 1,
                                    .width = 6,
                                    .relu_only = true,
                                    .style = VOUCH_TINY_FLOATS,
                                    .dtype = VOUCH_F32};
    vouch_random r = vouch_random_stream(13, "duals", index);
    *s = (scene){.ctx = vouch_test_context()};
    s->arena = vouch_arena_new(s->ctx);
    vouch_tiny_random(s->ctx, &shape, &r, &s->net);
    vouch_test_ok(s->ctx, vouch_victim_plan_new(s->ctx, s->arena, s->net.graph, &s->plan));
    for (int f = 0; f < FEATURES; f++) {
        s->high[f] = VALUES - 1;
        s->x[f] = (float)vouch_random_below(&r, VALUES);
        s->feature[f] =
            (vouch_feature){.high = s->high[f], .column = f, .group = -1, .is_integer = true};
    }
    s->rules.feature = s->feature;
    s->ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                           .eps = (double)INFINITY,
                           .size = FEATURES,
                           .low = s->low,
                           .high = s->high,
                           .image = {1, 1, FEATURES},
                           .rules = &s->rules};
    vouch_test_ok(s->ctx, vouch_groups_make(s->arena, vouch_grouping_find("value"),
                                            &(vouch_group_request){.inputs = FEATURES,
                                                                   .image = s->ball.image},
                                            &s->groups));
    vouch_options_default(vouch_formal_options, vouch_formal_option_count, &s->settings);
    s->settings.threads = 1;
    s->settings.limit_s = 20;
    s->settings.oracle = "complete";
    s->problem = (vouch_formal_problem){
        .plan = s->plan, .ball = &s->ball, .x = s->x, .groups = &s->groups};
    s->problem.label = predict(s);
    find_truth(s);
}

static void close_scene(scene *s)
{
    vouch_tiny_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

/* ---- tests --------------------------------------------------------------------------------- */

/* The set of a list, and its witness. */
static int check_dual(scene *s, vouch_dual_kind kind, const vouch_dual *dual)
{
    const int set = (int)dual->set[0];
    assert_int_equal(size_of(set), dual->size);
    assert_true(holds(s, kind, set));
    if (dual->is_minimal)
        assert_true(is_minimal(s, kind, set));
    for (int f = 0; f < FEATURES && kind == VOUCH_CONTRASTIVE; f++)
        assert_true((dual->evidence->witness[f] != s->x[f]) == (set >> f & 1));
    return set;
}

/* Every abductive set meets every contrastive one. */
static void check_duality(const vouch_contrast *c)
{
    const vouch_dual_list *a = &c->duals.of[VOUCH_ABDUCTIVE],
                          *b = &c->duals.of[VOUCH_CONTRASTIVE];
    for (int64_t i = 0; i < a->count; i++)
        for (int64_t k = 0; k < b->count; k++)
            assert_true(vouch_set_meets(1, a->item[i].set, b->item[k].set));
}

static void test_all_minimal_sets_of_both_kinds_are_found_and_meet_each_other(void **state)
{
    int sets = 0;
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        vouch_contrast c;
        open_scene(&s, net);
        vouch_test_ok(s.ctx,
                      vouch_contrast_explain(s.arena, &s.problem, &s.settings, 1000, &c));
        for (int kind = 0; kind < VOUCH_DUAL_KINDS; kind++) {
            const vouch_dual_list *list = &c.duals.of[kind];
            bool listed[SUBSETS] = {false};
            assert_true(list->is_all);
            for (int64_t k = 0; k < list->count; k++)
                listed[check_dual(&s, (vouch_dual_kind)kind, &list->item[k])] = true;
            for (int set = 0; set < SUBSETS; set++)
                assert_int_equal(listed[set], is_minimal(&s, (vouch_dual_kind)kind, set));
            sets += (int)list->count;
        }
        check_duality(&c);
        close_scene(&s);
    }
    assert_true(sets > 4 * NETS);
}

static void test_the_smallest_contrastive_set_is_one_and_is_proved(void **state)
{
    int none = 0;
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        vouch_contrast c;
        open_scene(&s, net);
        vouch_test_ok(s.ctx, vouch_contrast_explain(s.arena, &s.problem, &s.settings, 0, &c));
        const int truth = fewest(&s, VOUCH_CONTRASTIVE);
        const vouch_dual *best = vouch_duals_best(&c.duals, VOUCH_CONTRASTIVE);
        assert_int_equal(c.duals.of[VOUCH_CONTRASTIVE].has_none, truth > FEATURES);
        none += truth > FEATURES;
        if (truth <= FEATURES) {
            assert_non_null(best);
            assert_int_equal(best->size, truth);
            assert_true(vouch_duals_is_smallest(&c.duals, VOUCH_CONTRASTIVE));
            (void)check_dual(&s, VOUCH_CONTRASTIVE, best);
        }
        close_scene(&s);
    }
    assert_true(none < NETS);
}

static void test_the_strategy_minimum_leaves_as_few_features_as_can_be(void **state)
{
    int better = 0;
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        vouch_explanation e;
        int64_t before;
        open_scene(&s, net);
        s.settings.strategy = "verix";
        s.settings.order = "index";
        vouch_test_ok(s.ctx, vouch_formal_explain(s.ctx, s.arena, &s.problem, &s.settings, &e));
        before = e.count[VOUCH_FORMAL_RELEVANT];
        s.settings.strategy = "minimum";
        vouch_test_ok(s.ctx, vouch_formal_explain(s.ctx, s.arena, &s.problem, &s.settings, &e));
        assert_true(e.is_minimal && e.is_bounded);
        assert_int_equal(e.at_least, fewest(&s, VOUCH_ABDUCTIVE));
        assert_int_equal(e.count[VOUCH_FORMAL_RELEVANT], e.at_least);
        better += e.count[VOUCH_FORMAL_RELEVANT] < before;
        for (int f = 0; f < FEATURES; f++)
            assert_int_equal(e.witness[f] != NULL, e.class[f] == VOUCH_FORMAL_RELEVANT);
        close_scene(&s);
    }
    assert_true(better > 0); /* one minimal set is not always a smallest */
}

/* With bounds alone much stays open; what is said holds. */
static void test_what_the_oracle_cannot_tell_is_not_claimed(void **state)
{
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        vouch_contrast c;
        open_scene(&s, net);
        s.settings.oracle = "interval";
        s.settings.attack_steps = 1;
        for (int64_t most = 0; most <= 1000; most += 1000) {
            vouch_test_ok(s.ctx,
                          vouch_contrast_explain(s.arena, &s.problem, &s.settings, most, &c));
            for (int kind = 0; kind < VOUCH_DUAL_KINDS && c.base.is_decided; kind++) {
                const vouch_dual_list *list = &c.duals.of[kind];
                assert_true(list->at_least <= fewest(&s, (vouch_dual_kind)kind));
                for (int64_t k = 0; k < list->count; k++)
                    (void)check_dual(&s, (vouch_dual_kind)kind, &list->item[k]);
            }
        }
        close_scene(&s);
    }
}

static void test_a_stopped_run_keeps_what_holds(void **state)
{
    scene s;
    vouch_contrast c;
    vouch_explanation e;
    (void)state;
    open_scene(&s, 0);
    vouch_context_cancel(s.ctx);
    assert_int_equal(vouch_contrast_explain(s.arena, &s.problem, &s.settings, 1000, &c),
                     VOUCH_ERR_CANCELLED);
    assert_true(c.base.is_interrupted);
    assert_false(c.duals.of[VOUCH_ABDUCTIVE].is_all);
    s.settings.strategy = "minimum";
    assert_int_equal(vouch_formal_explain(s.ctx, s.arena, &s.problem, &s.settings, &e),
                     VOUCH_ERR_CANCELLED);
    assert_false(e.is_minimal);
    vouch_context_reset_cancel(s.ctx);
    vouch_context_clear_error(s.ctx);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_minimal_sets_of_both_kinds_are_found_and_meet_each_other),
        cmocka_unit_test(test_the_smallest_contrastive_set_is_one_and_is_proved),
        cmocka_unit_test(test_the_strategy_minimum_leaves_as_few_features_as_can_be),
        cmocka_unit_test(test_what_the_oracle_cannot_tell_is_not_claimed),
        cmocka_unit_test(test_a_stopped_run_keeps_what_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
