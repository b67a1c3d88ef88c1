/* One loss with a job to run: COUNT samples of IN features in OUT classes, room for ROWS rows. The
 * test defines these numbers and SEED before it includes this. */
#ifndef VOUCH_TESTS_TRAIN_LOSS_FIXTURE_H
#define VOUCH_TESTS_TRAIN_LOSS_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/net.h"
#include "train/loss.h"

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;   /* the net's */
    vouch_test_net small; /* or this one's, where weights are looked at */
    vouch_net *net;
    float x[COUNT * IN];
    int label[COUNT];
    uint64_t sample[COUNT];
    float y[ROWS * OUT], d_y[ROWS * OUT], d_x[ROWS * IN], out[ROWS * IN];
    float sum[128];
    vouch_loss_part part[VOUCH_LOSS_PARTS];
    int64_t hits, certified;
    vouch_loss_term term[VOUCH_LOSS_TERMS];
    vouch_loss_job job;
    double state[128];
} fixture;

static inline void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.9g is not %.9g", a, b);
}

static inline void draw_samples(fixture *f, vouch_random *r)
{
    for (int i = 0; i < COUNT * IN; i++)
        f->x[i] = (float)vouch_random_unit(r);
    for (int s = 0; s < COUNT; s++) {
        f->label[s] = s % OUT;
        f->sample[s] = (uint64_t)(7 + s);
    }
}

/* A loss, or a regulariser, on the fixture's net. */
static inline void prepare(fixture *f, const char *loss, float eps)
{
    char name[32] = "";
    int count = 0;
    (void)sscanf(loss, "%31s", name);
    const vouch_loss *found = vouch_loss_find(name);
    const bool adds = found && found->regulariser;
    vouch_test_ok(f->ctx, vouch_loss_parse_sum(f->arena, adds ? "standard" : loss,
                                               adds ? loss : NULL, f->term, &count));
    f->term[0] = f->term[count - 1];
    for (int p = 0; p < VOUCH_LOSS_PARTS; p++)
        f->part[p].gradient = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net));
    f->job = (vouch_loss_job){.net = f->net,
                              .count = COUNT,
                              .inputs = IN,
                              .classes = OUT,
                              .x = f->x,
                              .label = f->label,
                              .sample = f->sample,
                              .seed = SEED,
                              .scale = 1.0F / COUNT,
                              .high = 1,
                              .eps = eps,
                              .eps_most = eps,
                              .ramp = 1,
                              .settings = f->term[0].settings,
                              .state = f->state,
                              .y = f->y,
                              .d_y = f->d_y,
                              .d_x = f->d_x,
                              .out = f->out,
                              .spare = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net)),
                              .part = f->part,
                              .sum = f->sum,
                              .hits = &f->hits,
                              .certified = &f->certified};
    vouch_test_ok(f->ctx, vouch_tape_new(f->ctx, f->arena, f->net, ROWS, &f->job.tape));
    const vouch_loss_place place = {f->ctx,      f->arena,        f->net,
                                    f->job.tape, f->job.settings, COUNT};
    if (f->term[0].loss->prepare)
        vouch_test_ok(f->ctx, f->term[0].loss->prepare(&place, &f->job.scratch));
}

/* As a batch of one chunk. */
static inline void run(fixture *f)
{
    const vouch_loss *loss = f->term[0].loss;
    for (int p = 0; p < VOUCH_LOSS_PARTS; p++) {
        f->part[p].loss = 0;
        f->part[p].begun = false;
    }
    memset(f->sum, 0, sizeof f->sum);
    vouch_net_refresh(f->net, 0, 1);
    assert_true(!loss->sums || loss->sums(f->net) <= (int64_t)VOUCH_TEST_COUNT(f->sum));
    loss->run(&f->job);
    if (!loss->whole)
        return;
    vouch_loss_whole whole = {.settings = f->job.settings,
                              .state = f->state,
                              .scratch = f->job.scratch,
                              .sum = f->sum,
                              .scale = f->job.scale,
                              .gradient = f->part[0].gradient};
    if (!f->part[0].begun)
        memset(whole.gradient, 0, (size_t)vouch_net_size(f->net) * sizeof(float));
    loss->whole(&whole);
    f->part[0].loss += whole.loss;
}

#endif
