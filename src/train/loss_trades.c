/* TRADES: cross-entropy of the samples as they are, and beta times the divergence from their
 * answers to those of perturbed samples.
 *
 * The perturbation climbs that divergence from a start near the sample, its answers held fixed;
 * for the gradient by outputs alone that is a cross-entropy against them as targets. Samples and
 * perturbed samples then go through one pass together, twice the rows.
 */
#include <string.h>

#include "train/entropy.h"
#include "train/perturb.h"

typedef struct settings {
    int64_t steps;
    double step, beta, start;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, beta, "what the divergence counts", 6, 0, 1e6),
    VOUCH_LOSS_INT(settings, steps, "how many steps", 10, 1, 1e6),
    VOUCH_LOSS_REAL(settings, step, "length of a step, in radii", 0.25, 0, 1e3),
    VOUCH_LOSS_REAL(settings, start, "deviation of the normal noise to start with", 1e-3, 0,
                    1e3)};

static void start(const vouch_loss_job *job, float deviation)
{
    for (int64_t s = 0; s < job->count; s++) {
        vouch_random r = vouch_random_stream(job->seed, "perturb", job->sample[s]);
        for (int64_t j = s * job->inputs; j < (s + 1) * job->inputs; j++)
            job->out[j] = job->x[j] + deviation * (float)vouch_random_normal(&r);
    }
}

/* Perturbed samples after the samples themselves in out. */
static void perturb(const vouch_loss_job *job, const settings *s)
{
    const int64_t outputs = job->count * job->classes;
    vouch_loss_job apart = *job;
    vouch_perturb_none(job);
    vouch_tape_forward(job->tape, job->count, job->x, job->y);
    vouch_entropy_softmax(job->count, job->classes, job->y, job->y + outputs);
    apart.target = job->y + outputs;
    apart.out = job->out + job->count * job->inputs;
    start(&apart, (float)s->start);
    vouch_perturb_climb(&apart, s->steps, (float)s->step * job->eps, job->eps);
}

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const int64_t outputs = job->count * job->classes;
    const float beta = (float)s->beta;
    const vouch_aim_at at = vouch_loss_aims(job);
    perturb(job, s);
    vouch_tape_forward(job->tape, 2 * job->count, job->out, job->y);
    job->part[0].loss += vouch_entropy_cross(&at, job->y, job->scale, job->d_y, job->hits);
    job->part[0].loss +=
        s->beta * vouch_entropy_divergence(job->count, job->classes, job->y, job->y + outputs,
                                           job->scale * beta, job->d_y, job->d_y + outputs);
    vouch_loss_backward(job, 0, job->d_y);
}

const vouch_loss vouch_loss_trades = {
    .name = "trades",
    .summary = "cross-entropy of the samples, and the divergence of perturbed ones from them",
    .citation = "Zhang, Yu, Jiao, Xing, El Ghaoui, Jordan 2019",
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rows = 2,
    .run = run,
};
