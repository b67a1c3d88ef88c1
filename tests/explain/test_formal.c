/* Formal explanations against brute force: on tiny networks every subset of the features is decided
 * by an exact oracle that shares no code with the library. */
#include <math.h>
#include <string.h>

#include "attack/ball_spec.h"
#include "explain/strategy.h"
#include "support/decision.h"

enum { INPUTS = 3, CLASSES = 3, SUBSETS = 1 << INPUTS, NETS = 10 };

typedef struct scene {
    vouch_test_decision d;
    bool safe[SUBSETS]; /* no point of the subset's box has another class */
} scene;

/* ---- the truth ----------------------------------------------------------------------------- */

static bool is_safe(scene *s, int subset)
{
    float low[INPUTS], high[INPUTS];
    vouch_ball ball = s->d.ball;
    for (int i = 0; i < INPUTS; i++) {
        low[i] = subset >> i & 1 ? s->d.low[i] : s->d.x[i];
        high[i] = subset >> i & 1 ? s->d.high[i] : s->d.x[i];
    }
    ball.low = low;
    ball.high = high;
    return vouch_test_decision_is_safe(&s->d, &s->d.net, &ball, s->d.x);
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
    vouch_test_decision_open(&shape, &r, NULL, &s->d);
    for (int i = 0; i < INPUTS; i++) {
        s->d.x[i] = (float)vouch_random_unit(&r);
        s->d.high[i] = 1;
    }
    s->d.ball.eps = .05 + .5 * vouch_random_unit(&r);
    vouch_test_decision_state(&s->d, "value");
    for (int i = 0; i < INPUTS; i++)
        assert_int_equal(s->d.groups.of[i], i); /* features are inputs */
    for (int subset = 0; subset < SUBSETS; subset++)
        s->safe[subset] = is_safe(s, subset);
}

/* ---- what must hold of any explanation ----------------------------------------------------- */

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
            vouch_test_decision_witness(&s->d, e, i);
        }
    assert_int_equal(e->is_minimal, unknown == 0);
}

static void explain(scene *s, vouch_explanation *e)
{
    vouch_test_ok(s->d.ctx, vouch_test_decision_explain(&s->d, e));
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
                s.d.settings.strategy = (*at)->name;
                s.d.settings.oracle = vouch_oracle_name((vouch_oracle_level)level);
                explain(&s, &e);
                all += level == VOUCH_ORACLE_COMPLETE && e.is_decided;
                minimal += level == VOUCH_ORACLE_COMPLETE && e.is_minimal;
            }
        vouch_test_decision_close(&s.d);
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
            s.d.settings.strategy = "verix";
            s.d.settings.order = (*at)->name;
            explain(&s, &e);
        }
        vouch_test_decision_close(&s.d);
    }
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        vouch_explanation one, four;
        open_scene(&s, net);
        s.d.settings.oracle = "complete";
        explain(&s, &one);
        s.d.settings.threads = 4;
        explain(&s, &four);
        assert_memory_equal(one.class, four.class, INPUTS * sizeof *one.class);
        vouch_test_decision_close(&s.d);
    }
}

static void test_a_radius_of_nothing_makes_all_irrelevant(void **state)
{
    scene s;
    vouch_explanation e;
    (void)state;
    open_scene(&s, 0);
    s.d.ball.eps = 0;
    vouch_test_ok(s.d.ctx, vouch_test_decision_explain(&s.d, &e));
    assert_int_equal(e.count[VOUCH_FORMAL_IRRELEVANT], INPUTS);
    assert_true(e.is_minimal);
    vouch_test_decision_close(&s.d);
}

static void test_the_widest_box_is_that_of_the_property(void **state)
{
    scene s;
    vouch_oracle *oracle;
    vouch_spec *spec;
    (void)state;
    open_scene(&s, 1);
    vouch_test_ok(s.d.ctx, vouch_oracle_open(s.d.ctx, s.d.arena, &s.d.problem,
                                             &(vouch_oracle_settings){.threads = 1}, &oracle));
    vouch_test_ok(s.d.ctx, vouch_ball_spec(s.d.arena, s.d.net.graph, &s.d.ball, s.d.x,
                                           s.d.problem.label, &spec));
    for (int i = 0; i < INPUTS; i++) {
        assert_true(vouch_oracle_low(oracle)[i] <= spec->box[0].low[i]);
        assert_true(vouch_oracle_high(oracle)[i] >= spec->box[0].high[i]);
        assert_true(fabs(vouch_oracle_low(oracle)[i] - spec->box[0].low[i]) < 1e-12);
    }
    vouch_spec_free(spec);
    vouch_oracle_close(oracle);
    vouch_test_decision_close(&s.d);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    scene s;
    vouch_explanation e;
    (void)state;
    open_scene(&s, 0);
    s.d.problem.label = CLASSES;
    vouch_test_fails(s.d.ctx, vouch_test_decision_explain(&s.d, &e), VOUCH_ERR_VALUE,
                     "class 3 is none of 3");
    s.d.problem.label = 0;
    s.d.x[1] = (float)NAN;
    vouch_test_fails(s.d.ctx, vouch_test_decision_explain(&s.d, &e), VOUCH_ERR_VALUE,
                     "input 1");
    s.d.ball.norm = VOUCH_NORM_L2;
    vouch_test_fails(s.d.ctx, vouch_test_decision_explain(&s.d, &e), VOUCH_ERR_ARGUMENT,
                     "linf");
    vouch_test_decision_close(&s.d);
}

static void test_a_stopped_run_says_what_is_known(void **state)
{
    scene s;
    vouch_explanation e;
    (void)state;
    open_scene(&s, 0);
    vouch_context_cancel(s.d.ctx);
    assert_int_equal(vouch_test_decision_explain(&s.d, &e), VOUCH_ERR_CANCELLED);
    assert_true(e.is_interrupted);
    assert_false(e.is_minimal);
    assert_int_equal(e.count[VOUCH_FORMAL_UNKNOWN], INPUTS);
    vouch_context_reset_cancel(s.d.ctx);
    vouch_context_clear_error(s.d.ctx);
    s.d.settings.budget_s = 1e-9;
    explain(&s, &e);
    assert_true(e.is_out_of_time);
    vouch_test_decision_close(&s.d);
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
