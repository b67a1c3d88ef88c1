/* Training: batches, passes and steps, over threads, to the same bits with any number of them.
 *
 * A batch is cut into chunks whose number depends on its size alone; threads take chunks, each
 * with a tape and a gradient of its own. Gradients are summed chunk by chunk in order, each
 * thread doing a slice of the parameters. Samples are shuffled, and perturbed, by streams named
 * by seed, epoch and sample.
 */
#ifndef VOUCH_TRAIN_FIT_H
#define VOUCH_TRAIN_FIT_H

#include "train/loss.h"
#include "train/optimiser.h"
#include "train/schedule.h"

typedef struct vouch_fit_data {
    int64_t count, inputs;
    const float *x;   /* [count][inputs] */
    const int *label; /* [count] below the net's outputs */
} vouch_fit_data;

typedef struct vouch_fit_settings {
    int epochs, threads;
    int64_t batch;
    uint64_t seed;
    const vouch_optimiser *optimiser;
    const vouch_schedule *schedule;
    double rate, momentum, decay;
    vouch_loss_term term[VOUCH_LOSS_TERMS]; /* a loss, then regularisers */
    int term_count;
    double eps, low, high; /* radius of perturbations; what an input may be */
} vouch_fit_settings;

/* After each epoch: means over its samples, as they were trained on. */
typedef struct vouch_fit_progress {
    int epoch; /* 1 .. epochs */
    double loss, accuracy, rate, seconds;
} vouch_fit_progress;

/* Called by one thread; false ends training there. */
typedef bool vouch_fit_report(void *user, const vouch_fit_progress *progress);

/* Trains the net's parameters. report may be NULL. A loss that is no number any more is an
 * error. */
vouch_status vouch_fit_run(vouch_context *ctx, vouch_net *net, const vouch_fit_data *data,
                           const vouch_fit_settings *settings, vouch_fit_report *report,
                           void *user);

/* How many of the samples the net classifies as labelled, by threads. */
vouch_status vouch_fit_count_hits(vouch_context *ctx, const vouch_net *net,
                                  const vouch_fit_data *data, int threads, int64_t *hits);

#endif
