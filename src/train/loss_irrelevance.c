/* Irrelevance: cross-entropy of margins that linear bounds (grad/form.h) leave when a share of the
 * features moves at once, those that the bounds need least. Where it is brought down, that share
 * is provably irrelevant for the decision: what explanations look for (explain/), in training. The
 * features are chosen anew at every step, by the coefficients themselves, so that the network
 * decides where its evidence is to be.
 *
 * With d_ij the most that feature i takes off margin j, and k_j the margin's bound at the sample,
 *
 *   sum over S of d_ij <= k_j for all j   =>   the features S are irrelevant together,
 *
 * as in the batched method; the loss asks for that with cross-entropy in place of the inequality.
 */
#include <string.h>

#include "train/bound.h"
#include "train/entropy.h"

typedef struct settings {
    double lambda, share;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, lambda, "what it counts", 0.1, 0, 1e12),
    VOUCH_LOSS_REAL(settings, share, "of the features that is to be irrelevant", 0.5, 0, 1)};

static void classify(void *user, int64_t s, const float *margin, float *d_margin)
{
    const vouch_loss_job *job = user;
    const settings *set = job->settings;
    const vouch_bound *b = job->scratch;
    const float factor = (float)set->lambda;
    float *y = b->y + s * job->classes;
    const vouch_aim_at at = vouch_loss_aim(job, s);
    for (int64_t j = 0; j < job->classes; j++)
        y[j] = -margin[j];
    job->part[0].loss +=
        set->lambda * vouch_entropy_cross(&at, y, job->scale * factor, d_margin, NULL);
    for (int64_t j = 0; j < job->classes; j++)
        d_margin[j] = -d_margin[j];
}

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const vouch_bound_forms *r = job->scratch;
    vouch_loss_job mine = *job;
    const vouch_form_question question = {classify, &mine, s->share, job->x};
    vouch_bound_ball(job, job->eps);
    vouch_bound_forward(job);
    vouch_form_run(r->forms, &question, vouch_loss_room(job, 0));
    vouch_loss_put(job, 0);
    memset(r->bound.d_y, 0, (size_t)(job->count * job->classes) * sizeof *r->bound.d_y);
    vouch_bound_backward(job, 0, r->bound.d_y);
}

const vouch_loss vouch_loss_irrelevance = {
    .name = "irrelevance",
    .summary = "linear bounds with a share of the features moved, those needed least",
    .citation = "ours, after Wu, Wu, Barrett 2023 and Zhang et al. 2018",
    .regulariser = true,
    .boxes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_bound_forms_prepare,
    .run = run,
};
