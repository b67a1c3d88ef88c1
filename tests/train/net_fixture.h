/* A small net with samples that it can learn: a bright quarter on noise, whose place is the class.
 */
#ifndef VOUCH_TESTS_TRAIN_NET_FIXTURE_H
#define VOUCH_TESTS_TRAIN_NET_FIXTURE_H

#include <string.h>

#include "op/op.h"
#include "support/support.h"
#include "train/architecture.h"
#include "train/fit.h"

enum { COUNT = 150, SIDE = 8, INPUTS = SIDE * SIDE, CLASSES = 4 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_net *net;
    float x[COUNT * INPUTS];
    int label[COUNT];
    float *start, *running; /* parameters and statistics before training */
} fixture;

static inline void make_samples(fixture *f)
{
    vouch_random r = vouch_random_stream(7, "quarters", 0);
    for (int s = 0; s < COUNT; s++) {
        f->label[s] = (int)vouch_random_below(&r, CLASSES);
        for (int i = 0; i < INPUTS; i++) {
            const int quarter = i / SIDE / (SIDE / 2) * 2 + i % SIDE / (SIDE / 2);
            f->x[s * INPUTS + i] =
                (float)(0.5 * vouch_random_unit(&r) + (quarter == f->label[s] ? 0.3 : 0));
        }
    }
}

static inline fixture *begin(const char *text)
{
    static fixture f;
    const vouch_architecture a = {.text = text,
                                  .channels = 1,
                                  .height = SIDE,
                                  .width = SIDE,
                                  .mean = 0.25,
                                  .deviation = 0.5,
                                  .seed = 3};
    f.ctx = vouch_test_context();
    f.arena = vouch_arena_new(f.ctx);
    vouch_test_ok(f.ctx, vouch_architecture_build(f.ctx, &a, &f.graph));
    vouch_test_ok(f.ctx, vouch_op_bind_graph(f.ctx, f.graph));
    vouch_test_ok(f.ctx, vouch_net_new_to_train(f.ctx, f.arena, f.graph, &f.net));
    assert_non_null(f.net);
    f.start = VOUCH_NEW_ARRAY(f.arena, float, vouch_net_size(f.net));
    assert_non_null(f.start);
    memcpy(f.start, vouch_net_parameters(f.net), (size_t)vouch_net_size(f.net) * sizeof(float));
    const int64_t statistics = vouch_net_statistics(f.net);
    f.running = VOUCH_NEW_ARRAY(f.arena, float, statistics + 1);
    assert_non_null(f.running);
    memcpy(f.running, vouch_net_running(f.net), (size_t)statistics * sizeof(float));
    make_samples(&f);
    return &f;
}

/* Parameters and statistics as they were. */
static inline void again(fixture *f)
{
    memcpy(vouch_net_parameters(f->net), f->start,
           (size_t)vouch_net_size(f->net) * sizeof(float));
    memcpy(vouch_net_running(f->net), f->running,
           (size_t)vouch_net_statistics(f->net) * sizeof(float));
    vouch_net_refresh(f->net, 0, 1);
}

static inline void end(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static inline vouch_fit_data data_of(const fixture *f)
{
    return (vouch_fit_data){.count = COUNT, .inputs = INPUTS, .x = f->x, .label = f->label};
}

static inline vouch_fit_settings settings(const fixture *f, int threads)
{
    vouch_fit_settings s = {.epochs = 8,
                            .threads = threads,
                            .batch = 40,
                            .seed = 5,
                            .optimiser = vouch_optimiser_find("adam"),
                            .schedule = vouch_schedule_find("triangular"),
                            .rate = 0.01,
                            .momentum = 0.9,
                            .eps = 0.1,
                            .high = 1,
                            .shape = {.factor = 0.1},
                            .average_decay = 0.9,
                            .attack_steps = 3,
                            .channels = 1,
                            .height = SIDE,
                            .width = SIDE};
    vouch_test_ok(f->ctx,
                  vouch_loss_parse_sum(f->arena, "standard", NULL, s.term, &s.term_count));
    return s;
}

#define CONV "conv16k3s2p1 relu conv16k3 relu fc24 relu fc4"

#endif
