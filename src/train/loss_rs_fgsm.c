/* Cross-entropy after a uniform start in the ball and one long step, back into ball and range. */
#include "train/perturb.h"

typedef struct settings {
    double step;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, step, "length of the step, in radii", 1.25, 0, 1e3)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    vouch_perturb_start(job, job->eps);
    vouch_perturb_climb(job, 1, (float)s->step * job->eps, job->eps);
    vouch_loss_classify(job, 0, job->out);
}

const vouch_loss vouch_loss_rs_fgsm = {
    .name = "rs-fgsm",
    .summary = "cross-entropy after a random start in the ball and one step",
    .citation = "Wong, Rice, Kolter 2020",
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
