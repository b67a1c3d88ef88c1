/* Networks rebuilt with another beginning: the same function of other numbers. */
#include <math.h>

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

static void outputs(vouch_context *ctx, const vouch_graph *graph, const float *x, float *y)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_net *net;
    vouch_tape *tape;
    vouch_test_ok(ctx, vouch_net_new(ctx, arena, graph, &net));
    assert_non_null(net);
    vouch_test_ok(ctx, vouch_tape_new(ctx, arena, net, POINTS, &tape));
    vouch_tape_forward(tape, POINTS, x, y);
    vouch_arena_free(arena);
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
    outputs(ctx, graph, share, y);
    vouch_test_ok(ctx, vouch_rebuild_inputs(ctx, graph, feature, &whole));
    vouch_graph_free(graph);
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, whole));
    outputs(ctx, whole, own, z);
    for (int i = 0; i < POINTS * OUT; i++)
        assert_true(fabsf(y[i] - z[i]) < 1e-5f);
    vouch_graph_free(whole);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_give_what_their_shares_gave),
    };
    return cmocka_run_group_tests_name("train.rebuild", tests, NULL, NULL);
}
