/* Input-gradient regularisation: lambda times the squared length of the gradient of the
 * cross-entropy by the sample. */
#include "train/slope.h"

typedef struct settings {
    double lambda;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, lambda, "what the squared length counts", 1, 0, 1e12)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const vouch_slope *room = job->scratch;
    double squares = 0;
    vouch_slope_at(job, job->x);
    for (int64_t i = 0; i < job->count * job->inputs; i++) {
        squares += (double)job->d_x[i] * (double)job->d_x[i];
        room->direction[i] = 2 * (float)s->lambda * job->scale * job->d_x[i];
    }
    job->part[0].loss += s->lambda * squares;
    vouch_slope_backward(job, 0);
}

const vouch_loss vouch_loss_input_gradient = {
    .name = "input-gradient",
    .summary = "the squared length of the loss's gradient by the sample",
    .citation = "Ross, Doshi-Velez 2018",
    .regulariser = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_slope_prepare,
    .run = run,
};
