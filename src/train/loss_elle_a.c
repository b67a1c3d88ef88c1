/* ELLE-A: the local linearity error counts only after it has leapt: lambda jumps to its setting
 * when a batch's error is above the mean of those before it by twice their deviation, and decays
 * from batch to batch otherwise. */
#include <math.h>

#include "train/elle.h"

typedef struct settings {
    double lambda, decay, leap;
} settings;

/* Mean and sum of squared deviations of the errors so far (Welford 1962). */
typedef struct state {
    double batches, mean, squares, lambda;
} state;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, lambda, "what the error counts after a leap", 4000, 0, 1e12),
    VOUCH_LOSS_REAL(settings, decay, "factor of that from batch to batch", 0.99, 0, 1),
    VOUCH_LOSS_REAL(settings, leap, "deviations above the mean that are a leap", 2, 0, 1e6)};

static void run(const vouch_loss_job *job) { vouch_elle_run(job, 1); }

static void mix(vouch_loss_mix *m)
{
    const settings *s = m->settings;
    state *t = m->state;
    const double error = m->mean[0], apart = error - t->mean;
    const double deviation = t->batches > 0 ? sqrt(t->squares / t->batches) : 0;
    const bool leapt = t->batches > 1 && error > t->mean + s->leap * deviation;
    t->lambda = leapt ? s->lambda : t->lambda * s->decay;
    t->batches++;
    t->mean += apart / t->batches;
    t->squares += apart * (error - t->mean);
    m->loss = t->lambda * error;
    m->weight[0] = t->lambda;
}

const vouch_loss vouch_loss_elle_a = {
    .name = "elle-a",
    .summary = "the local linearity error, counted while it leaps",
    .citation = "Abad Rocamora, Liu, Chrysos, Olmos, Cevher 2024",
    .regulariser = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rows = VOUCH_ELLE_ROWS,
    .state_size = sizeof(state),
    .run = run,
    .mix = mix,
};
