/* Smallest and all explanations against every subset of the features.
 *
 * Tables of whole numbers: each has few records, and the network's class at each is computed in
 * rationals. So the truth about every subset is known without a bound or a search. */
#include "explain/contrast.h"
#include "support/decision.h"

enum { FEATURES = 5, VALUES = 3, RECORDS = 243, SUBSETS = 1 << FEATURES };
enum { CLASSES = 3, NETS = 8 };

typedef struct scene {
    vouch_test_decision d;
    vouch_feature feature[FEATURES];
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
    vouch_tiny_values(&s->d.net, x, NULL, y);
    for (int k = 0; k < CLASSES; k++)
        bad = bad || (k != s->d.problem.label && mpq_cmp(y[k], y[s->d.problem.label]) >= 0);
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
            moved |= ((float)value[f] != s->d.x[f]) << f;
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
    for (int f = 0; f < FEATURES; f++)
        s->feature[f] =
            (vouch_feature){.high = VALUES - 1, .column = f, .group = -1, .is_integer = true};
    vouch_test_decision_open(&shape, &r, s->feature, &s->d);
    for (int f = 0; f < FEATURES; f++) {
        s->d.high[f] = VALUES - 1;
        s->d.x[f] = (float)vouch_random_below(&r, VALUES);
    }
    vouch_test_decision_state(&s->d, "value");
    s->d.settings.oracle = "complete";
    find_truth(s);
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
        assert_true((dual->evidence->witness[f] != s->d.x[f]) == (set >> f & 1));
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
        vouch_test_ok(s.d.ctx,
                      vouch_contrast_explain(s.d.arena, &s.d.problem, &s.d.settings, 1000, &c));
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
        vouch_test_decision_close(&s.d);
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
        vouch_test_ok(s.d.ctx,
                      vouch_contrast_explain(s.d.arena, &s.d.problem, &s.d.settings, 0, &c));
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
        vouch_test_decision_close(&s.d);
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
        s.d.settings.strategy = "verix";
        s.d.settings.order = "index";
        vouch_test_ok(s.d.ctx, vouch_test_decision_explain(&s.d, &e));
        before = e.count[VOUCH_FORMAL_RELEVANT];
        s.d.settings.strategy = "minimum";
        vouch_test_ok(s.d.ctx, vouch_test_decision_explain(&s.d, &e));
        assert_true(e.is_minimal && e.is_bounded);
        assert_int_equal(e.at_least, fewest(&s, VOUCH_ABDUCTIVE));
        assert_int_equal(e.count[VOUCH_FORMAL_RELEVANT], e.at_least);
        better += e.count[VOUCH_FORMAL_RELEVANT] < before;
        for (int f = 0; f < FEATURES; f++)
            assert_int_equal(e.witness[f] != NULL, e.class[f] == VOUCH_FORMAL_RELEVANT);
        vouch_test_decision_close(&s.d);
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
        s.d.settings.oracle = "interval";
        s.d.settings.attack_steps = 1;
        for (int64_t most = 0; most <= 1000; most += 1000) {
            vouch_test_ok(s.d.ctx, vouch_contrast_explain(s.d.arena, &s.d.problem,
                                                          &s.d.settings, most, &c));
            for (int kind = 0; kind < VOUCH_DUAL_KINDS && c.base.is_decided; kind++) {
                const vouch_dual_list *list = &c.duals.of[kind];
                assert_true(list->at_least <= fewest(&s, (vouch_dual_kind)kind));
                for (int64_t k = 0; k < list->count; k++)
                    (void)check_dual(&s, (vouch_dual_kind)kind, &list->item[k]);
            }
        }
        vouch_test_decision_close(&s.d);
    }
}

static void test_a_stopped_run_keeps_what_holds(void **state)
{
    scene s;
    vouch_contrast c;
    vouch_explanation e;
    (void)state;
    open_scene(&s, 0);
    vouch_context_cancel(s.d.ctx);
    assert_int_equal(vouch_contrast_explain(s.d.arena, &s.d.problem, &s.d.settings, 1000, &c),
                     VOUCH_ERR_CANCELLED);
    assert_true(c.base.is_interrupted);
    assert_false(c.duals.of[VOUCH_ABDUCTIVE].is_all);
    s.d.settings.strategy = "minimum";
    assert_int_equal(vouch_test_decision_explain(&s.d, &e), VOUCH_ERR_CANCELLED);
    assert_false(e.is_minimal);
    vouch_context_reset_cancel(s.d.ctx);
    vouch_context_clear_error(s.d.ctx);
    vouch_test_decision_close(&s.d);
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
