/* MTL-IBP: alpha times the cross-entropy of interval bounds, the rest that of adversarial points.
 * The first of the expressive losses: any value between attack and bound. */
#include "train/bound.h"

typedef struct settings {
    double alpha;
    vouch_bound_attack attack;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, alpha, "share of the bounds", 0.5, 0, 1),
    VOUCH_BOUND_ATTACK_ROWS(settings, attack, 1, 10)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const float alpha = (float)s->alpha;
    vouch_bound_climb(job, &s->attack);
    vouch_bound_classify_points(job, 0, job->out, 1 - alpha);
    vouch_bound_ball(job, job->eps);
    vouch_bound_classify(job, 0, alpha);
}

const vouch_loss vouch_loss_mtl_ibp = {
    .name = "mtl-ibp",
    .summary = "a mean of the cross-entropies of interval bounds and of adversarial points",
    .citation = "De Palma, Bunel, Dvijotham, Kumar, Stanforth, Lomuscio 2024",
    .boxes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_bound_prepare,
    .run = run,
};
