/* GradAlign: lambda times 1 - cos(g(x), g(x + u)), g the gradient of the cross-entropy by the
 * sample, u uniform in the ball: a loss whose gradient turns within the ball is one that a single
 * step misjudges. Only the second gradient is differentiated, as in the source:
 *
 *   d cos / d h = g / (|g| |h|) - cos h / |h|^2,   h = g(x + u).
 */
#include <math.h>
#include <string.h>

#include "train/perturb.h"
#include "train/slope.h"

typedef struct settings {
    double lambda;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, lambda, "what 1 less the cosine counts", 0.2, 0, 1e12)};

/* In double precision: gradients that are almost parallel leave little of 1 - cos. */
static double dot(int64_t n, const float *a, const float *b)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Of one sample: 1 - cos, and the direction that brings it down. Where a gradient is 0 there is
 * nothing to turn. */
static double turn(const vouch_loss_job *job, int64_t s, double factor)
{
    const vouch_slope *room = job->scratch;
    const int64_t n = job->inputs;
    const float *g = room->before + s * n, *h = job->d_x + s * n;
    float *direction = room->direction + s * n;
    const double length = sqrt(dot(n, g, g)), other = sqrt(dot(n, h, h));
    if (!(length > 0) || !(other > 0)) {
        memset(direction, 0, (size_t)n * sizeof *direction);
        return 0;
    }
    const double cosine = dot(n, g, h) / (length * other);
    const double along = -factor / (length * other), back = factor * cosine / (other * other);
    for (int64_t i = 0; i < n; i++)
        direction[i] = (float)(along * (double)g[i] + back * (double)h[i]);
    return 1 - cosine;
}

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const vouch_slope *room = job->scratch;
    double sum = 0;
    vouch_slope_at(job, job->x);
    memcpy(room->before, job->d_x, (size_t)(job->count * job->inputs) * sizeof(float));
    vouch_perturb_start(job, job->eps);
    vouch_slope_at(job, job->out);
    for (int64_t i = 0; i < job->count; i++)
        sum += turn(job, i, s->lambda * (double)job->scale);
    job->part[0].loss += s->lambda * sum;
    vouch_slope_backward(job, 0);
}

const vouch_loss vouch_loss_grad_align = {
    .name = "grad-align",
    .summary = "how far the loss's gradient turns within the ball",
    .citation = "Andriushchenko, Flammarion 2020",
    .regulariser = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_slope_prepare,
    .run = run,
};
