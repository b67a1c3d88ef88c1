/* Exp-IBP: L_I^alpha L_A^(1 - alpha), a geometric mean of the batch's means of the cross-entropies
 * of interval bounds, L_I, and of adversarial points, L_A. Its gradient,
 *
 *   alpha (L_A / L_I)^(1 - alpha) grad L_I + (1 - alpha) (L_I / L_A)^alpha grad L_A,
 *
 * needs both means, so the two are parts, mixed when the batch is done.
 */
#include <math.h>

#include "train/bound.h"

enum { BOUND, POINT, PARTS };

typedef struct settings {
    double alpha;
    vouch_bound_attack attack;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, alpha, "exponent of the bounds", 0.5, 0, 1),
    VOUCH_BOUND_ATTACK_ROWS(settings, attack, 1, 10)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    vouch_bound_climb(job, &s->attack);
    vouch_bound_classify_points(job, POINT, job->out, 1);
    vouch_bound_ball(job, job->eps);
    vouch_bound_classify(job, BOUND, 1);
}

/* Means of 0 are taken for the least there is: no power of 0 is divided by. */
static void mix(vouch_loss_mix *m)
{
    const settings *s = m->settings;
    const double bound = fmax(m->mean[BOUND], 1e-30), point = fmax(m->mean[POINT], 1e-30);
    m->loss = pow(bound, s->alpha) * pow(point, 1 - s->alpha);
    m->weight[BOUND] = s->alpha * m->loss / bound;
    m->weight[POINT] = (1 - s->alpha) * m->loss / point;
}

const vouch_loss vouch_loss_exp_ibp = {
    .name = "exp-ibp",
    .summary = "a geometric mean of the losses of interval bounds and of adversarial points",
    .citation = "De Palma, Bunel, Dvijotham, Kumar, Stanforth, Lomuscio 2024",
    .boxes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .parts = PARTS,
    .prepare = vouch_bound_prepare,
    .run = run,
    .mix = mix,
};
