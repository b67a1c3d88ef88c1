/* Enclosing outputs at a point: they contain the exact value, and are that value where sums
 * cannot round. */
#include <math.h>
#include <string.h>

#include "attack/attack_priv.h"
#include "support/net.h"
#include "support/random_graph.h"

enum { INPUTS = 12, OUTPUTS = 5 };

/* Multiples of 1/8 from about [-4, 4]; else any floats of that size, or huge and tiny ones. */
typedef enum kind { COARSE, FINE, WILD } kind;

static float draw(vouch_random *r, kind k)
{
    const float coarse = (float)((int)vouch_random_below(r, 65) - 32) / 8;
    if (k == COARSE)
        return coarse;
    const float fine = (float)(8 * vouch_random_unit(r) - 4);
    return k == FINE ? fine : ldexpf(fine, (int)vouch_random_below(r, 120) - 60);
}

/* One affine layer on a point: is every exact output in its enclosure? *points: how many
 * enclosures are points. */
static void enclose_layer(vouch_context *ctx, kind weights, kind inputs, vouch_random *r,
                          int *points)
{
    static const int size[] = {INPUTS, OUTPUTS};
    float parameters[(INPUTS + 1) * OUTPUTS];
    double x[INPUTS], low[OUTPUTS], high[OUTPUTS];
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_test_net net;
    mpq_t y[INPUTS];

    for (size_t i = 0; i < VOUCH_TEST_COUNT(parameters); i++)
        parameters[i] = draw(r, weights);
    for (int i = 0; i < INPUTS; i++)
        x[i] = (double)draw(r, inputs);
    for (int i = 0; i < INPUTS; i++)
        mpq_init(y[i]);
    vouch_test_net_new(ctx, VOUCH_F32, 1, size, parameters, &net);
    vouch_test_net_exact(&net, x, y);
    vouch_test_ok(ctx, vouch_enclose_outputs(ctx, arena, net.graph, x, x, low, high));
    *points = 0;
    for (int i = 0; i < OUTPUTS; i++) {
        mpq_t end;
        mpq_init(end);
        mpq_set_d(end, low[i]);
        assert_true(mpq_cmp(end, y[i]) <= 0);
        mpq_set_d(end, high[i]);
        assert_true(mpq_cmp(end, y[i]) >= 0);
        mpq_clear(end);
        *points += low[i] == high[i];
    }
    for (int i = 0; i < INPUTS; i++)
        mpq_clear(y[i]);
    vouch_test_net_free(&net);
    vouch_arena_free(arena);
}

static void enclosures_contain_the_exact_value(void **state)
{
    vouch_context *ctx = vouch_test_context();
    (void)state;
    for (uint64_t k = 0; k < 600; k++) {
        vouch_random r = vouch_random_stream(4, "enclose", k);
        int points;
        enclose_layer(ctx, (kind)(k % 3), (kind)(k / 3 % 3), &r, &points);
    }
    vouch_context_free(ctx);
}

static void sums_that_cannot_round_are_points_and_others_are_not(void **state)
{
    vouch_context *ctx = vouch_test_context();
    int wild = 0;
    (void)state;
    for (uint64_t k = 0; k < 50; k++) {
        vouch_random r = vouch_random_stream(5, "enclose", k);
        int points;
        enclose_layer(ctx, COARSE, COARSE, &r, &points);
        assert_int_equal(points, OUTPUTS);
        enclose_layer(ctx, WILD, WILD, &r, &points);
        wild += points;
    }
    assert_int_equal(wild, 0);
    vouch_context_free(ctx);
}

static void evaluations_lie_in_enclosures_on_any_network(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 200; k++) {
        vouch_context *ctx = vouch_test_context();
        vouch_arena *arena = vouch_arena_new(ctx);
        vouch_graph *graph = vouch_test_random_graph(ctx, VOUCH_TEST_ANY, 12, k);
        const int64_t n = vouch_op_input_size(graph), m = vouch_op_output_size(graph);
        vouch_random r = vouch_random_stream(6, "enclose", k);
        double *x = VOUCH_NEW_ARRAY(arena, double, n), *y = VOUCH_NEW_ARRAY(arena, double, m);
        double *low = VOUCH_NEW_ARRAY(arena, double, m),
               *high = VOUCH_NEW_ARRAY(arena, double, m);
        for (int64_t i = 0; i < n; i++)
            x[i] = 2 * vouch_random_unit(&r) - 1;
        vouch_test_ok(ctx, vouch_op_eval_graph(ctx, graph, VOUCH_F64, x, y));
        vouch_test_ok(ctx, vouch_enclose_outputs(ctx, arena, graph, x, x, low, high));
        for (int64_t i = 0; i < m; i++) {
            const double slack = 1e-9 * (1 + fabs(y[i])); /* of the evaluation's own rounding */
            if (isfinite(y[i]))
                assert_true(low[i] - slack <= y[i] && y[i] <= high[i] + slack);
        }
        vouch_graph_free(graph);
        vouch_arena_free(arena);
        vouch_context_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enclosures_contain_the_exact_value),
        cmocka_unit_test(sums_that_cannot_round_are_points_and_others_are_not),
        cmocka_unit_test(evaluations_lie_in_enclosures_on_any_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
