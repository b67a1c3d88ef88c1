/* Training: batches, passes and steps, over threads, to the same bits with any number of them.
 *
 * A batch is cut into chunks whose number depends on its size alone; threads take chunks, each
 * with a tape and a gradient of its own. Gradients are summed chunk by chunk in order, each
 * thread doing a slice of the parameters. Samples are shuffled, and perturbed, by streams named
 * by seed, epoch and sample.
 */
#ifndef VOUCH_TRAIN_FIT_H
#define VOUCH_TRAIN_FIT_H

#include "train/augment.h"
#include "train/average.h"
#include "train/loss.h"
#include "train/optimiser.h"
#include "train/ramp.h"
#include "train/schedule.h"

typedef struct vouch_fit_data {
    int64_t count, inputs;
    const float *x;   /* [count][inputs] */
    const int *label; /* [count] below the net's outputs */
} vouch_fit_data;

typedef struct vouch_fit_settings {
    int threads;
    int64_t epochs, batch;
    uint64_t seed;
    /* what is brought down */
    vouch_loss_term term[VOUCH_LOSS_TERMS]; /* a loss, then regularisers */
    int term_count;
    double eps, low, high; /* radius of perturbations; what an input may be */
    double features;       /* that boxes cover (vouch_loss_job) */
    vouch_ramp ramp;       /* of the radius */
    /* how */
    const vouch_optimiser *optimiser;
    const vouch_schedule *schedule;
    vouch_schedule_shape shape;
    double rate, warmup; /* the greatest rate; epochs in which it rises to the schedule's */
    double momentum, decay, l1; /* decay, l1: of the squares and sizes of weights */
    double clip;                /* greatest norm of a gradient; 0: none */
    int64_t frozen;             /* parameters before it stay as they are (vouch_net_after) */
    double blur; /* deviation of the normal noise on parameters where gradients are taken */
    const vouch_average *average;       /* NULL: none */
    double average_decay, average_from; /* from: epochs done when an average by epochs begins */
    /* the samples */
    int64_t channels, height, width; /* of images; 0: no images */
    vouch_augment_term augment[VOUCH_AUGMENTS];
    int augment_count;
    double smoothing; /* share of a label that goes to all classes alike */
    /* validation */
    const vouch_fit_data *validation; /* NULL: none. The best parameters are kept */
    int64_t patience;     /* epochs without a better one that end training; 0: none */
    int64_t attack_steps; /* of PGD */
    /* checkpoints */
    const char *checkpoint; /* a file that is replaced after each epoch; NULL: none */
    const char *recipe;     /* text of all settings: a checkpoint of another one is refused */
    bool resume;            /* goes on from the checkpoint, if there is one */
} vouch_fit_settings;

/* Samples of the validation that are right, and that stay right under PGD; -1: not looked at. */
typedef struct vouch_fit_score {
    int64_t clean, robust;
} vouch_fit_score;

/* After each epoch: means over its samples, as they were trained on. */
typedef struct vouch_fit_progress {
    int64_t epoch; /* 1 .. epochs */
    double loss, accuracy, rate, eps, seconds;
    double
        certified; /* share whose bounds at this eps kept the label; NaN: loss without bounds */
    vouch_fit_score score;
    bool best; /* the score is better than those before */
} vouch_fit_progress;

/* Called by one thread after each epoch with all so far, the last one is log[count - 1]; false
 * ends training there. */
typedef bool vouch_fit_report(void *user, const vouch_fit_progress *log, int64_t count);

/* Trains the net's parameters. report may be NULL. A loss that is no number any more is an
 * error; errors say which epoch the checkpoint holds. A run that goes on from a checkpoint gives
 * the bits of one that was not interrupted. */
vouch_status vouch_fit_run(vouch_context *ctx, vouch_net *net, const vouch_fit_data *data,
                           const vouch_fit_settings *settings, vouch_fit_report *report,
                           void *user);

/* How many of the samples the net classifies as labelled, by threads. */
vouch_status vouch_fit_count_hits(vouch_context *ctx, const vouch_net *net,
                                  const vouch_fit_data *data, int threads, int64_t *hits);

#endif
