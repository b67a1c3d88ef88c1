/* Networks rebuilt with another beginning: the same function of other numbers. */
#include <math.h>
#include <string.h>

#include "grad/net.h"
#include "support/net.h"
#include "train/architecture.h"
#include "train/rebuild.h"

enum { IN = 3, OUT = 2, POINTS = 4 };

static vouch_graph *network(vouch_context *ctx, const char *text)
{
    const vouch_architecture a = {.text = text,
                                  .channels = 1,
                                  .height = 1,
                                  .width = IN,
                                  .mean = 0.25,
                                  .deviation = 0.5,
                                  .seed = 3};
    vouch_graph *graph;
    vouch_test_ok(ctx, vouch_architecture_build(ctx, &a, &graph));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, graph));
    return graph;
}

static void numbers_give_what_their_shares_gave(void **state)
{
    (void)state;
    static const vouch_feature feature[IN] = {
        {.low = -2, .high = 2}, {.low = 100, .high = 900}, {.low = 7, .high = 7}};
    vouch_context *ctx = vouch_test_context();
    vouch_graph *graph = network(ctx, "fc8 relu fc2"), *whole;
    vouch_random r = vouch_random_stream(5, "points", 0);
    float share[POINTS * IN], own[POINTS * IN], y[POINTS * OUT], z[POINTS * OUT];
    for (int i = 0; i < POINTS * IN; i++) {
        const vouch_feature *f = &feature[i % IN];
        share[i] = f->high > f->low ? (float)vouch_random_unit(&r) : 0;
        own[i] = f->low + share[i] * (f->high - f->low);
    }
    vouch_test_outputs(ctx, graph, POINTS, share, y);
    vouch_test_ok(ctx, vouch_rebuild_inputs(ctx, graph, feature, &whole));
    vouch_graph_free(graph);
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, whole));
    vouch_test_outputs(ctx, whole, POINTS, own, z);
    for (int i = 0; i < POINTS * OUT; i++)
        assert_true(fabsf(y[i] - z[i]) < 1e-5f);
    vouch_graph_free(whole);
    vouch_context_free(ctx);
}

/* Old and new network differ in the last layer alone: outputs of the old one that has the new one's
 * last constants are the same. */
static void a_new_head_leaves_all_other_layers(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph *graph = network(ctx, "fc8 relu fc2"), *wide, *again;
    float x[POINTS * IN] = {.1f, .7f, .4f, .9f, 0, 1}, y[POINTS * 5], z[POINTS * 5];
    vouch_test_ok(ctx, vouch_rebuild_head(ctx, graph, 5, 7, &wide));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, wide));
    assert_int_equal(vouch_op_output_size(wide), 5);
    assert_int_equal(wide->node_count, graph->node_count);
    for (int v = 0; v < graph->value_count; v++) {
        const vouch_tensor *a = graph->value[v].constant, *b = NULL;
        for (int k = 0; a && k < wide->value_count && !b; k++)
            if (strcmp(graph->value[v].name, wide->value[k].name) == 0)
                b = wide->value[k].constant;
        const bool last = a && (strcmp(graph->value[v].name, "w1") == 0 ||
                                strcmp(graph->value[v].name, "b1") == 0);
        if (a && !last)
            assert_memory_equal(a->data, b->data,
                                (size_t)a->count * vouch_dtype_size(a->dtype));
        else if (a)
            assert_int_equal(2 * b->count, 5 * a->count);
    }
    vouch_test_outputs(ctx, wide, POINTS, x, y);
    vouch_test_ok(ctx, vouch_rebuild_head(ctx, graph, 5, 8, &again));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, again));
    vouch_test_outputs(ctx, again, POINTS, x, z);
    assert_true(memcmp(y, z, sizeof y) != 0);
    vouch_graph_free(graph);
    vouch_graph_free(wide);
    vouch_graph_free(again);
    vouch_context_free(ctx);
}

static void add_tensor(vouch_graph_builder *b, const char *name, int rank, int64_t outputs)
{
    const vouch_shape shape = {rank, {rank == 2 ? IN : outputs, outputs}};
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), VOUCH_F32, &shape);
    vouch_test_ok(vouch_arena_context(vouch_graph_builder_arena(b)),
                  vouch_graph_add_constant(b, name, t));
}

static void add_node(vouch_graph_builder *b, const char *type, const char *first,
                     const char *second, const char *result)
{
    int *value = VOUCH_NEW_ARRAY(vouch_graph_builder_arena(b), int, 3);
    value[0] = vouch_graph_value(b, first);
    value[1] = vouch_graph_value(b, second);
    value[2] = vouch_graph_value(b, result);
    assert_int_equal(vouch_graph_add_node(b, &(vouch_node){.type = type,
                                                           .name = "",
                                                           .domain = "",
                                                           .input_count = 2,
                                                           .input = value,
                                                           .output_count = 1,
                                                           .output = value + 2}),
                     VOUCH_OK);
}

/* A product, and a bias that is the first input of a sum, or none. */
static void a_product_with_or_without_a_sum_is_a_head_too(void **state)
{
    (void)state;
    for (int sum = 0; sum < 2; sum++) {
        vouch_context *ctx = vouch_test_context();
        vouch_graph_builder *b = vouch_graph_builder_new(ctx, "m", 13);
        const vouch_shape shape = {2, {1, IN}};
        vouch_graph *graph, *out;
        vouch_test_ok(ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &shape));
        add_tensor(b, "w", 2, OUT);
        add_tensor(b, "b", 1, OUT);
        add_node(b, "MatMul", "x", "w", "p");
        add_node(b, "Add", "b", "p", "s");
        vouch_test_ok(ctx, vouch_graph_add_output(b, sum ? "s" : "p"));
        vouch_test_ok(ctx, vouch_graph_finish(b, &graph));
        vouch_test_ok(ctx, vouch_op_bind_graph(ctx, graph));
        vouch_test_ok(ctx, vouch_rebuild_head(ctx, graph, 7, 1, &out));
        vouch_test_ok(ctx, vouch_op_bind_graph(ctx, out));
        assert_int_equal(vouch_op_output_size(out), 7);
        vouch_graph_free(graph);
        vouch_graph_free(out);
        vouch_context_free(ctx);
    }
}

static void a_network_without_a_dense_end_gets_no_new_head(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph *graph = network(ctx, "fc2 relu"), *out;
    assert_int_equal(vouch_rebuild_head(ctx, graph, 5, 7, &out), VOUCH_ERR_UNSUPPORTED);
    assert_non_null(strstr(vouch_context_error(ctx), "does not end in a dense layer"));
    vouch_graph_free(graph);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_give_what_their_shares_gave),
        cmocka_unit_test(a_new_head_leaves_all_other_layers),
        cmocka_unit_test(a_product_with_or_without_a_sum_is_a_head_too),
        cmocka_unit_test(a_network_without_a_dense_end_gets_no_new_head),
    };
    return cmocka_run_group_tests_name("train.rebuild", tests, NULL, NULL);
}
