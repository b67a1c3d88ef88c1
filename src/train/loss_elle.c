/* ELLE: lambda times the local linearity error. */
#include "train/elle.h"

typedef struct settings {
    double lambda;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, lambda, "what the error counts", 4000, 0, 1e12)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    vouch_elle_run(job, (float)s->lambda);
}

const vouch_loss vouch_loss_elle = {
    .name = "elle",
    .summary = "how far the loss is from linear between points of the ball",
    .citation = "Abad Rocamora, Liu, Chrysos, Olmos, Cevher 2024",
    .regulariser = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rows = VOUCH_ELLE_ROWS,
    .run = run,
};
