/* Formal explanations against brute force: on tiny networks every subset of the features is decided
 * by an exact oracle that shares no code with the library. */
#include <math.h>
#include <string.h>

#include "attack/ball_spec.h"
#include "attack/replay.h"
#include "explain/strategy.h"
#include "support/tiny.h"

enum { INPUTS = 3, CLASSES = 3, SUBSETS = 1 << INPUTS, NETS = 10 };

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_tiny net;
    vouch_victim_plan *plan;
    float x[INPUTS], low[INPUTS], high[INPUTS];
    vouch_ball ball;
    vouch_groups groups;
    vouch_formal_problem problem;
    vouch_formal_settings settings;
    bool safe[SUBSETS]; /* no point of the subset's box has another class */
} scene;

/* ---- the truth ----------------------------------------------------------------------------- */

static bool is_safe(scene *s, int subset)
{
    float low[INPUTS], high[INPUTS];
    vouch_ball ball = s->ball;
    vouch_spec *spec;
    bool safe = true;
    for (int i = 0; i < INPUTS; i++) {
        low[i] = subset >> i & 1 ? s->low[i] : s->x[i];
        high[i] = subset >> i & 1 ? s->high[i] : s->x[i];
    }
    ball.low = low;
    ball.high = high;
    vouch_test_ok(
        s->ctx, vouch_ball_spec(s->arena, s->net.graph, &ball, s->x, s->problem.label, &spec));
    for (int k = 0; k < spec->case_count; k++)
        safe = safe && !vouch_tiny_case_solvable(&s->net, spec, k, NULL);
    vouch_spec_free(spec);
    return safe;
}

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
    const vouch_tiny_shape shape = {.inputs = INPUTS,
                                    .outputs = CLASSES,
                                    .hidden = 1,
                                    .width = 5,
                                    .relu_only = true,
                                    .style = VOUCH_TINY_FLOATS,
                                    .dtype = VOUCH_F32};
    vouch_random r = vouch_random_stream(7, "formal", index);
    *s = (scene){.ctx = vouch_test_context()};
    s->arena = vouch_arena_new(s->ctx);
    vouch_tiny_random(s->ctx, &shape, &r, &s->net);
    vouch_test_ok(s->ctx, vouch_victim_plan_new(s->ctx, s->arena, s->net.graph, &s->plan));
    for (int i = 0; i < INPUTS; i++) {
        s->x[i] = (float)vouch_random_unit(&r);
        s->high[i] = 1;
    }
    s->ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                           .eps = .05 + .5 * vouch_random_unit(&r),
                           .size = INPUTS,
                           .low = s->low,
                           .high = s->high,
                           .image = {1, 1, INPUTS}};
    vouch_test_ok(s->ctx, vouch_groups_make(
                              s->arena, vouch_grouping_find("value"),
                              &(vouch_group_request){.inputs = INPUTS, .image = s->ball.image},
                              &s->groups));
    vouch_options_default(vouch_formal_options, vouch_formal_option_count, &s->settings);
    s->settings.threads = 1;
    s->settings.limit_s = 20;
    s->problem = (vouch_formal_problem){
        .plan = s->plan, .ball = &s->ball, .x = s->x, .groups = &s->groups};
    s->problem.label = predict(s);
    for (int subset = 0; subset < SUBSETS; subset++)
        s->safe[subset] = is_safe(s, subset);
}

static void close_scene(scene *s)
{
    vouch_tiny_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

/* ---- what must hold of any explanation ----------------------------------------------------- */

static void check_witness(scene *s, const vouch_explanation *e, int feature)
{
    const vouch_aim aim = {CLASSES, s->problem.label, -1};
    bool proved = false;
    int predicted = -1;
    assert_non_null(e->witness[feature]);
    assert_true(vouch_ball_contains(&s->ball, s->x, e->witness[feature]));
    for (int i = 0; i < INPUTS; i++)
        if (i != feature && e->class[i] != VOUCH_FORMAL_IRRELEVANT)
            assert_true(e->witness[feature][i] == s->x[i]);
    vouch_test_ok(s->ctx, vouch_attack_replay(s->ctx, s->arena, vouch_victim_graph(s->plan),
                                              &aim, e->witness[feature], &predicted, &proved));
    assert_true(proved);
    assert_int_equal(predicted, e->rival[feature]);
}

static void check(scene *s, const vouch_explanation *e)
{
    int irrelevant = 0, unknown = 0;
    for (int i = 0; i < INPUTS; i++) {
        irrelevant |= (e->class[i] == VOUCH_FORMAL_IRRELEVANT) << i;
        unknown += e->class[i] == VOUCH_FORMAL_UNKNOWN;
    }
    assert_true(e->is_decided == s->safe[0] || !e->is_decided);
    if (!e->is_decided) {
        assert_int_equal(unknown, INPUTS);
        return;
    }
    assert_true(s->safe[irrelevant]);
    for (int i = 0; i < INPUTS; i++)
        if (e->class[i] == VOUCH_FORMAL_RELEVANT) {
            assert_false(s->safe[irrelevant | 1 << i]);
            check_witness(s, e, i);
        }
    assert_int_equal(e->is_minimal, unknown == 0);
}

static void explain(scene *s, vouch_explanation *e)
{
    vouch_test_ok(s->ctx, vouch_formal_explain(s->ctx, s->arena, &s->problem, &s->settings, e));
    check(s, e);
}

/* ---- tests --------------------------------------------------------------------------------- */

static void test_every_strategy_agrees_with_brute_force(void **state)
{
    int minimal = 0, all = 0;
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        open_scene(&s, net);
        for (const vouch_strategy *const *at = vouch_strategy_table(); *at; at++)
            for (int level = 0; level < VOUCH_ORACLE_LEVELS; level++) {
                vouch_explanation e;
                s.settings.strategy = (*at)->name;
                s.settings.oracle = vouch_oracle_name((vouch_oracle_level)level);
                explain(&s, &e);
                all += level == VOUCH_ORACLE_COMPLETE && e.is_decided;
                minimal += level == VOUCH_ORACLE_COMPLETE && e.is_minimal;
            }
        close_scene(&s);
    }
    assert_int_equal(minimal, all); /* a complete oracle leaves nothing unknown */
}

static void test_every_order_gives_a_sound_explanation(void **state)
{
    (void)state;
    for (uint64_t net = 0; net < 2; net++) {
        scene s;
        open_scene(&s, net);
        for (const vouch_order *const *at = vouch_order_table(); *at; at++) {
            vouch_explanation e;
            s.settings.strategy = "verix";
            s.settings.order = (*at)->name;
            explain(&s, &e);
        }
        close_scene(&s);
    }
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        vouch_explanation one, four;
        open_scene(&s, net);
        s.settings.oracle = "complete";
        explain(&s, &one);
        s.settings.threads = 4;
        explain(&s, &four);
        assert_memory_equal(one.class, four.class, INPUTS * sizeof *one.class);
        close_scene(&s);
    }
}

static void test_a_radius_of_nothing_makes_all_irrelevant(void **state)
{
    scene s;
    vouch_explanation e;
    (void)state;
    open_scene(&s, 0);
    s.ball.eps = 0;
    vouch_test_ok(s.ctx, vouch_formal_explain(s.ctx, s.arena, &s.problem, &s.settings, &e));
    assert_int_equal(e.count[VOUCH_FORMAL_IRRELEVANT], INPUTS);
    assert_true(e.is_minimal);
    close_scene(&s);
}

static void test_the_widest_box_is_that_of_the_property(void **state)
{
    scene s;
    vouch_oracle *oracle;
    vouch_spec *spec;
    (void)state;
    open_scene(&s, 1);
    vouch_test_ok(s.ctx, vouch_oracle_open(s.ctx, s.arena, &s.problem,
                                           &(vouch_oracle_settings){.threads = 1}, &oracle));
    vouch_test_ok(s.ctx,
                  vouch_ball_spec(s.arena, s.net.graph, &s.ball, s.x, s.problem.label, &spec));
    for (int i = 0; i < INPUTS; i++) {
        assert_true(vouch_oracle_low(oracle)[i] <= spec->box[0].low[i]);
        assert_true(vouch_oracle_high(oracle)[i] >= spec->box[0].high[i]);
        assert_true(fabs(vouch_oracle_low(oracle)[i] - spec->box[0].low[i]) < 1e-12);
    }
    vouch_spec_free(spec);
    vouch_oracle_close(oracle);
    close_scene(&s);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    scene s;
    vouch_explanation e;
    (void)state;
    open_scene(&s, 0);
    s.problem.label = CLASSES;
    vouch_test_fails(s.ctx, vouch_formal_explain(s.ctx, s.arena, &s.problem, &s.settings, &e),
                     VOUCH_ERR_VALUE, "class 3 is none of 3");
    s.problem.label = 0;
    s.x[1] = (float)NAN;
    vouch_test_fails(s.ctx, vouch_formal_explain(s.ctx, s.arena, &s.problem, &s.settings, &e),
                     VOUCH_ERR_VALUE, "input 1");
    s.ball.norm = VOUCH_NORM_L2;
    vouch_test_fails(s.ctx, vouch_formal_explain(s.ctx, s.arena, &s.problem, &s.settings, &e),
                     VOUCH_ERR_ARGUMENT, "linf");
    close_scene(&s);
}

static void test_a_stopped_run_says_what_is_known(void **state)
{
    scene s;
    vouch_explanation e;
    (void)state;
    open_scene(&s, 0);
    vouch_context_cancel(s.ctx);
    assert_int_equal(vouch_formal_explain(s.ctx, s.arena, &s.problem, &s.settings, &e),
                     VOUCH_ERR_CANCELLED);
    assert_true(e.is_interrupted);
    assert_false(e.is_minimal);
    assert_int_equal(e.count[VOUCH_FORMAL_UNKNOWN], INPUTS);
    vouch_context_reset_cancel(s.ctx);
    vouch_context_clear_error(s.ctx);
    s.settings.budget_s = 1e-9;
    explain(&s, &e);
    assert_true(e.is_out_of_time);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_strategy_agrees_with_brute_force),
        cmocka_unit_test(test_every_order_gives_a_sound_explanation),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_a_radius_of_nothing_makes_all_irrelevant),
        cmocka_unit_test(test_the_widest_box_is_that_of_the_property),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_a_stopped_run_says_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
