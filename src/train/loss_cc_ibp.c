/* CC-IBP: the cross-entropy of convex combinations of logits, alpha times the worst of the box and
 * the rest those of an adversarial point, each less its label's. */
#include "train/bound.h"
#include "train/entropy.h"

typedef struct settings {
    double alpha;
    vouch_bound_attack attack;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, alpha, "share of the bounds", 0.5, 0, 1),
    VOUCH_BOUND_ATTACK_ROWS(settings, attack, 1, 10)};

/* b->y <- alpha b->y + (1 - alpha) (z - z_label). */
static void combine(const vouch_loss_job *job, float alpha)
{
    const vouch_bound *b = job->scratch;
    for (int64_t s = 0; s < job->count; s++) {
        const float *z = job->y + s * job->classes;
        float *y = b->y + s * job->classes;
        for (int64_t j = 0; j < job->classes; j++)
            y[j] = alpha * y[j] + (1 - alpha) * (z[j] - z[job->label[s]]);
    }
}

/* Adjoints of the combination into those of the worst logits (in place) and of z. */
static void part(const vouch_loss_job *job, float alpha, float *d_y, float *d_z)
{
    for (int64_t s = 0; s < job->count; s++, d_y += job->classes, d_z += job->classes) {
        float sum = 0;
        for (int64_t j = 0; j < job->classes; j++) {
            d_z[j] = (1 - alpha) * d_y[j];
            sum += d_z[j];
            d_y[j] *= alpha;
        }
        d_z[job->label[s]] -= sum;
    }
}

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const vouch_bound *b = job->scratch;
    const float alpha = (float)s->alpha;
    const vouch_aim_at at = vouch_loss_aims(job);
    vouch_bound_climb(job, &s->attack);
    vouch_bound_ball(job, job->eps);
    vouch_tape_forward(job->tape, job->count, job->out, job->y);
    (void)vouch_entropy_cross(&at, job->y, 1, NULL, job->hits);
    vouch_bound_forward(job);
    combine(job, alpha);
    job->part[0].loss += vouch_entropy_cross(&at, b->y, job->scale, b->d_y, NULL);
    part(job, alpha, b->d_y, job->d_y);
    vouch_loss_backward(job, 0, job->d_y);
    vouch_bound_backward(job, 0, b->d_y);
}

const vouch_loss vouch_loss_cc_ibp = {
    .name = "cc-ibp",
    .summary =
        "cross-entropy of logits between those of interval bounds and adversarial points",
    .citation = "De Palma, Bunel, Dvijotham, Kumar, Stanforth, Lomuscio 2024",
    .boxes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_bound_prepare,
    .run = run,
};
