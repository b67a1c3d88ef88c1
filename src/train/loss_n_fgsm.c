/* Cross-entropy after strong noise and one step from there, kept in the range but not in the
 * ball: noise of k radii around the sample, a step from the noisy sample. */
#include <math.h>

#include "train/perturb.h"

typedef struct settings {
    double k, step;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, k, "width of the noise, in radii", 2, 0, 1e3),
    VOUCH_LOSS_REAL(settings, step, "length of the step, in radii", 1, 0, 1e3)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    vouch_perturb_start(job, (float)s->k * job->eps);
    vouch_perturb_climb(job, 1, (float)s->step * job->eps, INFINITY);
    vouch_loss_classify(job, 0, job->out);
}

const vouch_loss vouch_loss_n_fgsm = {
    .name = "n-fgsm",
    .summary = "cross-entropy after noise wider than the ball and one step, not brought back",
    .citation = "de Jorge, Bibi, Volpi, Sanyal, Torr, Rogez, Dokania 2022",
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
