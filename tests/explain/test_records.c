/* Tables: categories and whole numbers under a complete oracle, against every record.
 *
 * A table of two categories, a whole number and a real one. Each subset of its features is decided
 * by going through all values of its categories and whole numbers, and for the real one by an exact
 * oracle that shares no code with the library. */
#include <math.h>
#include <string.h>

#include "attack/ball_spec.h"
#include "attack/replay.h"
#include "explain/strategy.h"
#include "support/tiny.h"

enum { INPUTS = 7, FEATURES = 4, CLASSES = 3, SUBSETS = 1 << FEATURES, NETS = 8 };
enum { WHOLE = 5, REAL = 6, MOST = 4 }; /* inputs; of the whole number */

static const vouch_feature feature[INPUTS] = {
    {.high = 1, .column = 0, .group = 0, .is_integer = true},
    {.high = 1, .column = 0, .group = 0, .is_integer = true},
    {.high = 1, .column = 0, .group = 0, .is_integer = true},
    {.high = 1, .column = 1, .group = 1, .is_integer = true},
    {.high = 1, .column = 1, .group = 1, .is_integer = true},
    {.high = MOST, .column = 2, .group = -1, .is_integer = true},
    {.high = 1, .column = 3, .group = -1},
};

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_tiny net, line; /* line: of one input, for its graph */
    vouch_victim_plan *plan;
    float x[INPUTS], low[INPUTS], high[INPUTS];
    vouch_rules rules;
    vouch_ball ball;
    vouch_groups groups;
    vouch_formal_problem problem;
    vouch_formal_settings settings;
    bool safe[SUBSETS];
} scene;

/* ---- the truth ----------------------------------------------------------------------------- */

/* The network as a function of the real number alone, the others as in the record: sums of few
 * floats, exact in double. Its graph has that shape and no more. */
static void fix(const scene *s, const float *record, vouch_tiny *net)
{
    *net = s->net;
    net->graph = s->line.graph;
    net->size[0] = 1;
    for (int j = 0; j < net->size[1]; j++) {
        net->weight[0][0][j] = s->net.weight[0][REAL][j];
        for (int i = 0; i < REAL; i++)
            net->bias[0][j] += s->net.weight[0][i][j] * (double)record[i];
    }
}

/* The record but for its real number, which is where it may be. */
static bool record_is_safe(scene *s, const float *record, bool real_is_free)
{
    float low = record[REAL], high = record[REAL];
    vouch_ball ball = {.eps = (double)INFINITY, .size = 1, .low = &low, .high = &high};
    vouch_tiny net;
    vouch_spec *spec;
    bool safe = true;
    fix(s, record, &net);
    if (real_is_free) {
        low = fmaxf(0, s->x[REAL] - (float)s->ball.eps);
        high = fminf(1, s->x[REAL] + (float)s->ball.eps);
    }
    vouch_test_ok(s->ctx, vouch_ball_spec(s->arena, net.graph, &ball, &record[REAL],
                                          s->problem.label, &spec));
    for (int k = 0; k < spec->case_count; k++)
        safe = safe && !vouch_tiny_case_solvable(&net, spec, k, NULL);
    vouch_spec_free(spec);
    return safe;
}

static bool is_safe(scene *s, int subset)
{
    bool safe = true;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 2; b++)
            for (int n = 0; n <= MOST; n++) {
                float r[INPUTS];
                memcpy(r, s->x, sizeof r);
                for (int i = 0; i < 3 && subset & 1; i++)
                    r[i] = i == a;
                for (int i = 0; i < 2 && subset & 2; i++)
                    r[3 + i] = i == b;
                r[WHOLE] = subset & 4 ? (float)n : r[WHOLE];
                if (fabsf(r[WHOLE] - s->x[WHOLE]) <= (float)s->ball.eps)
                    safe = safe && record_is_safe(s, r, subset & 8);
            }
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
    vouch_tiny_shape shape = {.inputs = INPUTS,
                              .outputs = CLASSES,
                              .hidden = 2,
                              .width = 5,
                              .relu_only = true,
                              .style = VOUCH_TINY_FLOATS,
                              .dtype = VOUCH_F32};
    vouch_random r = vouch_random_stream(11, "records", index);
    *s = (scene){.ctx = vouch_test_context(), .rules = {.feature = feature}};
    s->arena = vouch_arena_new(s->ctx);
    vouch_tiny_random(s->ctx, &shape, &r, &s->net);
    vouch_test_ok(s->ctx, vouch_victim_plan_new(s->ctx, s->arena, s->net.graph, &s->plan));
    shape.inputs = 1;
    vouch_tiny_random(s->ctx, &shape, &(vouch_random){0}, &s->line);
    for (int i = 0; i < INPUTS; i++)
        s->high[i] = feature[i].high;
    s->x[vouch_random_below(&r, 3)] = 1;
    s->x[3 + vouch_random_below(&r, 2)] = 1;
    s->x[WHOLE] = (float)vouch_random_below(&r, MOST + 1);
    s->x[REAL] = (float)vouch_random_below(&r, 17) / 16;
    s->ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                           .eps = .25 * (double)(1 + vouch_random_below(&r, 9)),
                           .size = INPUTS,
                           .low = s->low,
                           .high = s->high,
                           .image = {1, 1, INPUTS},
                           .rules = &s->rules};
    const vouch_group_request request = {
        .inputs = INPUTS, .image = s->ball.image, .feature = feature, .x = s->x};
    vouch_test_ok(s->ctx, vouch_groups_make(s->arena, vouch_grouping_find("column"), &request,
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
    vouch_tiny_free(&s->line);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

/* ---- what must hold ------------------------------------------------------------------------ */

static void check_witness(scene *s, const vouch_explanation *e, int f)
{
    const vouch_aim aim = {CLASSES, s->problem.label, -1};
    bool proved = false;
    int predicted = -1;
    assert_non_null(e->witness[f]);
    assert_true(vouch_ball_contains(&s->ball, s->x, e->witness[f])); /* a record */
    for (int i = 0; i < INPUTS; i++)
        if (s->groups.of[i] != f && e->class[s->groups.of[i]] != VOUCH_FORMAL_IRRELEVANT)
            assert_true(e->witness[f][i] == s->x[i]);
    vouch_test_ok(s->ctx, vouch_attack_replay(s->ctx, s->arena, vouch_victim_graph(s->plan),
                                              &aim, e->witness[f], &predicted, &proved));
    assert_true(proved);
}

static void explain(scene *s, vouch_explanation *e)
{
    int irrelevant = 0;
    vouch_test_ok(s->ctx, vouch_formal_explain(s->ctx, s->arena, &s->problem, &s->settings, e));
    for (int f = 0; f < FEATURES; f++)
        irrelevant |= (e->class[f] == VOUCH_FORMAL_IRRELEVANT) << f;
    assert_true(s->safe[irrelevant] || !e->is_decided);
    for (int f = 0; f < FEATURES; f++)
        if (e->class[f] == VOUCH_FORMAL_RELEVANT) {
            assert_false(s->safe[irrelevant | 1 << f]);
            check_witness(s, e, f);
        }
}

/* ---- tests --------------------------------------------------------------------------------- */

static void test_a_complete_oracle_leaves_no_column_unknown(void **state)
{
    static const char *const oracle[] = {"complete", "exact"};
    static const char *const strategy[] = {"verix", "batched"};
    int by_rules = 0;
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        vouch_explanation e;
        open_scene(&s, net);
        for (int k = 0; k < 2; k++) {
            s.settings.strategy = strategy[k];
            s.settings.oracle = oracle[k];
            explain(&s, &e);
            assert_true(e.is_decided && e.is_minimal);
            by_rules += e.used_rules;
        }
        close_scene(&s);
    }
    assert_true(by_rules > 0); /* the relaxation alone would not do */
}

/* Without a complete oracle witnesses are looked for among the records. */
static void test_bounds_alone_are_sound_and_their_witnesses_are_records(void **state)
{
    int witnesses = 0;
    (void)state;
    for (uint64_t net = 0; net < NETS; net++) {
        scene s;
        vouch_explanation e;
        open_scene(&s, net);
        explain(&s, &e);
        witnesses += (int)e.count[VOUCH_FORMAL_RELEVANT];
        close_scene(&s);
    }
    assert_true(witnesses > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_complete_oracle_leaves_no_column_unknown),
        cmocka_unit_test(test_bounds_alone_are_sound_and_their_witnesses_are_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
