/* Small adversarial bounding regions: interval bounds of a box that is a share of the ball, around
 * a point where the loss is high, moved into the ball. */
#include "train/bound.h"

typedef struct settings {
    double share;
    vouch_bound_attack attack;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, share, "the box's size, of the ball's (lambda)", 0.4, 0, 1),
    VOUCH_BOUND_ATTACK_ROWS(settings, attack, 8, 0.5)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    vouch_bound_climb(job, &s->attack);
    vouch_bound_classify_points(job, 0, job->out, 0);
    vouch_bound_within(job, job->out, (float)s->share);
    vouch_bound_classify(job, 0, 1);
}

const vouch_loss vouch_loss_sabr = {
    .name = "sabr",
    .summary = "cross-entropy of interval bounds of a small box around an adversarial point",
    .citation = "Mueller, Eckert, Fischer, Vechev 2023",
    .boxes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_bound_prepare,
    .run = run,
};
