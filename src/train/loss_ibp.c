/* Interval bound propagation: kappa times the cross-entropy of the samples as they are, the rest
 * that of the worst logits of their boxes. kappa begins at 1 and goes with the ramp of the radius
 * to its setting, as the radius itself does.
 */
#include "train/bound.h"

typedef struct settings {
    double kappa;
} settings;

static const vouch_option options[] = {VOUCH_LOSS_REAL(
    settings, kappa, "share of the samples as they are, at the end of the ramp", 0.5, 0, 1)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const float kappa = (float)(1 - (1 - s->kappa) * job->ramp);
    vouch_bound_classify_points(job, 0, job->x, kappa);
    vouch_bound_ball(job, job->eps);
    vouch_bound_classify(job, 0, 1 - kappa);
}

const vouch_loss vouch_loss_ibp = {
    .name = "ibp",
    .summary = "cross-entropy of interval bounds, mixed with that of the samples",
    .citation =
        "Gowal, Dvijotham, Stanforth, Bunel, Qin, Uesato, Arandjelovic, Mann, Kohli 2018",
    .boxes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_bound_prepare,
    .run = run,
};
