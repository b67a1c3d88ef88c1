/* Augmentations used the scratch that the gradients of further loss terms are made in: pixels
 * stayed where gradients have filling, and filling, which is 0, was trained. */
#include <string.h>

#include "support/net.h"
#include "train/architecture.h"
#include "train/augment.h"
#include "train/fit.h"

enum { COUNT = 12, SIDE = 6, INPUTS = SIDE * SIDE };

/* A net read anew from the graph has filling 0. */
static void filling_stays_0_with_augmentations_and_several_terms(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    const vouch_architecture a = {.text = "conv3 relu fc5 relu fc2",
                                  .channels = 1,
                                  .height = SIDE,
                                  .width = SIDE,
                                  .deviation = 1};
    vouch_graph *graph;
    vouch_net *net, *again;
    float x[COUNT * INPUTS];
    int label[COUNT];
    for (int i = 0; i < COUNT * INPUTS; i++)
        x[i] = 1 + (float)(i % 7);
    for (int i = 0; i < COUNT; i++)
        label[i] = i % 2;
    vouch_test_ok(ctx, vouch_architecture_build(ctx, &a, &graph));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, graph));
    vouch_test_ok(ctx, vouch_net_new_to_train(ctx, arena, graph, &net));
    vouch_fit_settings s = {.epochs = 1,
                            .threads = 1,
                            .batch = COUNT,
                            .optimiser = vouch_optimiser_find("sgd"),
                            .schedule = vouch_schedule_find("constant"),
                            .rate = 1e-3,
                            .eps = 0.01,
                            .high = 9,
                            .channels = 1,
                            .height = SIDE,
                            .width = SIDE};
    vouch_test_ok(ctx, vouch_loss_parse_sum(arena, "standard", "elle", s.term, &s.term_count));
    vouch_test_ok(ctx, vouch_augment_parse(arena, "crop", s.augment, &s.augment_count));
    const vouch_fit_data data = {.count = COUNT, .inputs = INPUTS, .x = x, .label = label};
    vouch_test_ok(ctx, vouch_fit_run(ctx, net, &data, &s, NULL, NULL));
    vouch_test_ok(ctx, vouch_net_store(ctx, net, graph));
    vouch_test_ok(ctx, vouch_net_new_to_train(ctx, arena, graph, &again));
    assert_memory_equal(vouch_net_parameters(net), vouch_net_parameters(again),
                        (size_t)vouch_net_size(net) * sizeof(float));
    vouch_graph_free(graph);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filling_stays_0_with_augmentations_and_several_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
