/* Tables: categories and whole numbers under a complete oracle, against every record.
 *
 * A table of two categories, a whole number and a real one. Each subset of its features is decided
 * by going through all values of its categories and whole numbers, and for the real one by an exact
 * oracle that shares no code with the library. */
#include <math.h>
#include <string.h>

#include "support/decision.h"

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
    vouch_test_decision d;
    vouch_tiny line; /* of one input, for its graph */
    bool safe[SUBSETS];
} scene;

/* ---- the truth ----------------------------------------------------------------------------- */

/* The network as a function of the real number alone, the others as in the record: sums of few
 * floats, exact in double. Its graph has that shape and no more. */
static void fix(const scene *s, const float *record, vouch_tiny *net)
{
    *net = s->d.net;
    net->graph = s->line.graph;
    net->size[0] = 1;
    for (int j = 0; j < net->size[1]; j++) {
        net->weight[0][0][j] = s->d.net.weight[0][REAL][j];
        for (int i = 0; i < REAL; i++)
            net->bias[0][j] += s->d.net.weight[0][i][j] * (double)record[i];
    }
}

/* The record but for its real number, which is where it may be. */
static bool record_is_safe(scene *s, const float *record, bool real_is_free)
{
    float low = record[REAL], high = record[REAL];
    vouch_ball ball = {.eps = (double)INFINITY, .size = 1, .low = &low, .high = &high};
    vouch_tiny net;
    fix(s, record, &net);
    if (real_is_free) {
        low = fmaxf(0, s->d.x[REAL] - (float)s->d.ball.eps);
        high = fminf(1, s->d.x[REAL] + (float)s->d.ball.eps);
    }
    return vouch_test_decision_is_safe(&s->d, &net, &ball, &record[REAL]);
}

static bool is_safe(scene *s, int subset)
{
    bool safe = true;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 2; b++)
            for (int n = 0; n <= MOST; n++) {
                float r[INPUTS];
                memcpy(r, s->d.x, sizeof r);
                for (int i = 0; i < 3 && subset & 1; i++)
                    r[i] = i == a;
                for (int i = 0; i < 2 && subset & 2; i++)
                    r[3 + i] = i == b;
                r[WHOLE] = subset & 4 ? (float)n : r[WHOLE];
                if (fabsf(r[WHOLE] - s->d.x[WHOLE]) <= (float)s->d.ball.eps)
                    safe = safe && record_is_safe(s, r, subset & 8);
            }
    return safe;
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
    vouch_test_decision_open(&shape, &r, feature, &s->d);
    shape.inputs = 1;
    vouch_tiny_random(s->d.ctx, &shape, &(vouch_random){0}, &s->line);
    for (int i = 0; i < INPUTS; i++)
        s->d.high[i] = feature[i].high;
    s->d.x[vouch_random_below(&r, 3)] = 1;
    s->d.x[3 + vouch_random_below(&r, 2)] = 1;
    s->d.x[WHOLE] = (float)vouch_random_below(&r, MOST + 1);
    s->d.x[REAL] = (float)vouch_random_below(&r, 17) / 16;
    s->d.ball.eps = .25 * (double)(1 + vouch_random_below(&r, 9));
    vouch_test_decision_state(&s->d, "column");
    for (int subset = 0; subset < SUBSETS; subset++)
        s->safe[subset] = is_safe(s, subset);
}

static void close_scene(scene *s)
{
    vouch_tiny_free(&s->line);
    vouch_test_decision_close(&s->d);
}

/* ---- what must hold ------------------------------------------------------------------------ */

static void explain(scene *s, vouch_explanation *e)
{
    int irrelevant = 0;
    vouch_test_ok(s->d.ctx, vouch_test_decision_explain(&s->d, e));
    for (int f = 0; f < FEATURES; f++)
        irrelevant |= (e->class[f] == VOUCH_FORMAL_IRRELEVANT) << f;
    assert_true(s->safe[irrelevant] || !e->is_decided);
    for (int f = 0; f < FEATURES; f++)
        if (e->class[f] == VOUCH_FORMAL_RELEVANT) {
            assert_false(s->safe[irrelevant | 1 << f]);
            vouch_test_decision_witness(&s->d, e, f);
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
            s.d.settings.strategy = strategy[k];
            s.d.settings.oracle = oracle[k];
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
