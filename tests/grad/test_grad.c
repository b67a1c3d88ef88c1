/* Gradients against finite differences. */
#include "grad/grad.h"

#include <math.h>
#include <string.h>

#include "support/net.h"

static vouch_status new_tape(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                             vouch_grad **grad)
{
    const vouch_grad_settings settings = {.dtype = VOUCH_F64, .batch = 1};
    vouch_grad_plan *plan;
    VOUCH_TRY(vouch_grad_plan_new(ctx, arena, graph, &settings, &plan));
    assert_true(vouch_grad_differentiable(plan));
    return vouch_grad_new(ctx, arena, plan, grad);
}

static double form(vouch_grad *grad, const double *x, const double *d, int outputs)
{
    double y[16], sum = 0;

    assert_int_equal(vouch_grad_forward(grad, x, y), VOUCH_OK);
    for (int j = 0; j < outputs; j++)
        sum += d[j] * y[j];
    return sum;
}

/* Compares with central differences; a ReLU whose kink lies between the two points may spoil
 * one, so that a few disagreements over many nets are allowed. Returns their number. */
static int disagreements(vouch_grad *grad, const double *x, int inputs, int outputs,
                         vouch_random *r)
{
    double d[16], d_x[16], y[16], moved[16];
    int bad = 0;
    const double h = 1e-6;

    for (int j = 0; j < outputs; j++)
        d[j] = 2 * vouch_random_unit(r) - 1;
    assert_int_equal(vouch_grad_run(grad, x, d, d_x, y), VOUCH_OK);
    for (int i = 0; i < inputs; i++) {
        memcpy(moved, x, sizeof moved);
        moved[i] = x[i] + h;
        double above = form(grad, moved, d, outputs);
        moved[i] = x[i] - h;
        double below = form(grad, moved, d, outputs);
        bad += !(fabs((above - below) / (2 * h) - d_x[i]) <= 1e-5 * (1 + fabs(d_x[i])));
    }
    return bad;
}

static void gradients_of_dense_nets_match_finite_differences(void **state)
{
    const int size[] = {6, 9, 7, 4};
    int bad = 0;

    (void)state;
    for (uint64_t k = 0; k < 50; k++) {
        vouch_context *ctx = vouch_test_context();
        vouch_arena *arena = vouch_arena_new(ctx);
        vouch_random r = vouch_random_stream(1, "grad", k);
        vouch_test_net net;
        vouch_grad *grad;
        double x[16] = {0};
        vouch_test_net_random(ctx, k % 2 ? VOUCH_F64 : VOUCH_F32, 3, size, &r, &net);
        vouch_test_ok(ctx, new_tape(ctx, arena, net.graph, &grad));
        for (int i = 0; i < size[0]; i++)
            x[i] = 2 * vouch_random_unit(&r) - 1;
        bad += disagreements(grad, x, size[0], size[3], &r);
        vouch_test_net_free(&net);
        vouch_arena_free(arena);
        vouch_context_free(ctx);
    }
    assert_in_range(bad, 0, 3);
}

/* y = (a x) * (a x) + x, where a x is used three times */
static vouch_graph *shared_value_graph(vouch_context *ctx)
{
    vouch_graph_builder *b = vouch_graph_builder_new(ctx, "shared", 13);
    vouch_arena *arena = vouch_graph_builder_arena(b);
    const vouch_shape shape = {.rank = 1, .dim = {3}};
    static const char *const type[] = {"Mul", "Mul", "Add", "Add"};
    static const char *const in[][2] = {{"x", "a"}, {"ax", "ax"}, {"sq", "ax"}, {"s", "x"}};
    static const char *const out[] = {"ax", "sq", "s", "y"};
    vouch_tensor *a = vouch_tensor_new(arena, VOUCH_F32, &shape);
    vouch_graph *graph;

    for (int i = 0; i < 3; i++)
        a->f32[i] = (float)(i + 2);
    vouch_test_ok(ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &shape));
    vouch_test_ok(ctx, vouch_graph_add_constant(b, "a", a));
    for (int n = 0; n < 4; n++) {
        int *index = VOUCH_NEW_ARRAY(arena, int, 3);
        for (int i = 0; i < 2; i++)
            index[i] = vouch_graph_value(b, in[n][i]);
        index[2] = vouch_graph_value(b, out[n]);
        const vouch_node node = {.type = type[n],
                                 .name = "",
                                 .domain = "",
                                 .input_count = 2,
                                 .output_count = 1,
                                 .input = index,
                                 .output = index + 2};
        vouch_test_ok(ctx, vouch_graph_add_node(b, &node));
    }
    vouch_test_ok(ctx, vouch_graph_add_output(b, "y"));
    vouch_test_ok(ctx, vouch_graph_finish(b, &graph));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, graph));
    return graph;
}

static void adjoints_of_a_value_used_several_times_add_up(void **state)
{
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_graph *graph = shared_value_graph(ctx);
    const double x[3] = {0.5, -1, 2}, d[3] = {1, 1, -1};
    double d_x[3], y[3];
    vouch_grad *grad;

    (void)state;
    vouch_test_ok(ctx, new_tape(ctx, arena, graph, &grad));
    for (int round = 0; round < 2; round++) { /* adjoints are zeroed in between */
        vouch_test_ok(ctx, vouch_grad_run(grad, x, d, d_x, y));
        for (int i = 0; i < 3; i++) {
            double a = i + 2;
            assert_true(y[i] == a * a * x[i] * x[i] + a * x[i] + x[i]);
            assert_true(d_x[i] == d[i] * (2 * a * a * x[i] + a + 1));
        }
    }
    vouch_graph_free(graph);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void passes_stop_asking_for_memory(void **state)
{
    vouch_test_memory memory = {0};
    const vouch_allocator allocator = vouch_test_allocator(&memory);
    vouch_context *ctx = vouch_context_new(&allocator);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_graph *graph = shared_value_graph(ctx);
    const double x[3] = {0.5, -1, 2}, d[3] = {1, 1, -1};
    double d_x[3], y[3];
    vouch_grad *grad;
    long before = 0;

    (void)state;
    vouch_test_ok(ctx, new_tape(ctx, arena, graph, &grad));
    for (int round = 0; round < 100; round++) {
        if (round == 2)
            before = memory.requests;
        vouch_test_ok(ctx, vouch_grad_run(grad, x, d, d_x, y));
    }
    assert_int_equal(memory.requests, before);
    vouch_graph_free(graph);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    assert_int_equal(memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_dense_nets_match_finite_differences),
        cmocka_unit_test(adjoints_of_a_value_used_several_times_add_up),
        cmocka_unit_test(passes_stop_asking_for_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
