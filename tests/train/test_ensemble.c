/* Ensembles: the mean of their members, read as a network of layers; what cannot be joined. */
#include <math.h>
#include <string.h>

#include "grad/net.h"
#include "support/net.h"
#include "train/architecture.h"
#include "train/ensemble.h"

enum { MEMBERS = 3, SIDE = 6, IN = SIDE * SIDE, OUT = 4, POINTS = 5 };

static vouch_graph *member(vouch_context *ctx, const char *text, int seed)
{
    const vouch_architecture a = {.text = text,
                                  .channels = 1,
                                  .height = SIDE,
                                  .width = SIDE,
                                  .mean = 0.25,
                                  .deviation = 0.5,
                                  .seed = (uint64_t)seed};
    vouch_graph *graph;
    vouch_test_ok(ctx, vouch_architecture_build(ctx, &a, &graph));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, graph));
    return graph;
}

static int nodes_of(const vouch_graph *graph, const char *type)
{
    int count = 0;
    for (int n = 0; n < graph->node_count; n++)
        count += strcmp(graph->node[n].type, type) == 0;
    return count;
}

static void an_ensemble_is_the_mean_of_its_members(void **state)
{
    (void)state;
    static const char *const texts[] = {"fc8 relu fc4",
                                        "conv16k3 bn relu res( conv16p1 ) relu fc4",
                                        "conv16k3s2 relu maxpool fc8 silu fc4"};
    for (size_t t = 0; t < VOUCH_TEST_COUNT(texts); t++) {
        vouch_context *ctx = vouch_test_context();
        vouch_graph *graph[MEMBERS], *whole;
        vouch_random r = vouch_random_stream(5, "points", t);
        float x[POINTS * IN], y[POINTS * OUT], each[MEMBERS][POINTS * OUT];
        for (int i = 0; i < POINTS * IN; i++)
            x[i] = (float)vouch_random_unit(&r);
        for (int k = 0; k < MEMBERS; k++) {
            graph[k] = member(ctx, texts[t], k);
            vouch_test_outputs(ctx, graph[k], POINTS, x, each[k]);
        }
        vouch_test_ok(ctx, vouch_ensemble_build(ctx, graph, MEMBERS, &whole));
        vouch_test_ok(ctx, vouch_op_bind_graph(ctx, whole));
        assert_int_equal(nodes_of(whole, "Sub"), 1);
        assert_int_equal(nodes_of(whole, "Gemm"), MEMBERS * nodes_of(graph[0], "Gemm"));
        for (int k = 0; k < MEMBERS; k++)
            vouch_graph_free(graph[k]);
        vouch_test_outputs(ctx, whole, POINTS, x, y);
        for (int i = 0; i < POINTS * OUT; i++) {
            const double mean =
                ((double)each[0][i] + (double)each[1][i] + (double)each[2][i]) / MEMBERS;
            assert_true(fabs((double)y[i] - mean) < 1e-5 && each[0][i] != each[1][i]);
        }
        vouch_graph_free(whole);
        vouch_context_free(ctx);
    }
}

static void networks_without_a_dense_layer_at_the_end_are_refused(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph *graph[2] = {member(ctx, "fc4 relu", 1), member(ctx, "fc4 relu", 2)}, *whole;
    assert_int_equal(vouch_ensemble_build(ctx, graph, 2, &whole), VOUCH_ERR_UNSUPPORTED);
    assert_null(whole);
    assert_non_null(strstr(vouch_context_error(ctx), "dense layer"));
    for (int k = 0; k < 2; k++)
        vouch_graph_free(graph[k]);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ensemble_is_the_mean_of_its_members),
        cmocka_unit_test(networks_without_a_dense_layer_at_the_end_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
