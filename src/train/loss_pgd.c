/* Cross-entropy after a uniform start in ball and range and several steps back into both. */
#include "train/perturb.h"

typedef struct settings {
    int64_t steps;
    double step;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_INT(settings, steps, "how many steps", 10, 1, 1e6),
    VOUCH_LOSS_REAL(settings, step, "length of a step, in radii", 0.25, 0, 1e3)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    vouch_perturb_start(job, job->eps);
    vouch_perturb_clip(job);
    vouch_perturb_climb(job, s->steps, (float)s->step * job->eps, job->eps);
    vouch_loss_classify(job, 0, job->out);
}

const vouch_loss vouch_loss_pgd = {
    .name = "pgd",
    .summary = "cross-entropy after a random start in the ball and several steps",
    .citation = "Madry, Makelov, Schmidt, Tsipras, Vladu 2018",
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
