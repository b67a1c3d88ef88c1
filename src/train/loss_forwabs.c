/* ForwAbs: coefficient times the sum over the batch and the outputs of |W_n| ... |W_1| r, r the
 * radii of the boxes around the samples in their range. It bounds how far interval bounds can be
 * apart, at the cost of a pass with one sample: it is linear in r, so the batch's radii are summed
 * first.
 */
#include <string.h>

#include "train/bound.h"

typedef struct settings {
    double coefficient;
} settings;

typedef struct room {
    vouch_box_tape *tape;
    float *radius; /* [inputs] */
} room;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, coefficient, "what the sum counts", 1e-8, 0, 1e30)};

static vouch_status prepare(const vouch_loss_place *place, void **scratch)
{
    room *r = VOUCH_NEW(place->arena, room);
    *scratch = r;
    if (!r)
        return VOUCH_ERR_MEMORY;
    r->radius = VOUCH_NEW_ARRAY(place->arena, float, vouch_net_inputs(place->net));
    if (!r->radius)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_box_spread_check(place->ctx, place->net));
    return vouch_box_tape_new(place->ctx, place->arena, place->net, 1, &r->tape);
}

static void sum_radii(const vouch_loss_job *job, float *sum)
{
    memset(sum, 0, (size_t)job->inputs * sizeof *sum);
    for (int64_t s = 0; s < job->count; s++)
        for (int64_t i = 0; i < job->inputs; i++) {
            const float x = job->x[s * job->inputs + i];
            const float low = x - job->eps > job->low ? x - job->eps : job->low;
            const float high = x + job->eps < job->high ? x + job->eps : job->high;
            sum[i] += 0.5F * (high - low);
        }
}

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const room *r = job->scratch;
    sum_radii(job, r->radius);
    /* Losses are means over the batch; this is a sum over it. */
    job->part[0].loss +=
        s->coefficient * vouch_box_spread(r->tape, r->radius) / (double)job->scale;
    vouch_box_spread_backward(r->tape, (float)s->coefficient, vouch_loss_room(job, 0));
    vouch_loss_put(job, 0);
}

const vouch_loss vouch_loss_forwabs = {
    .name = "forwabs",
    .summary = "how far products of the weights' magnitudes spread the boxes",
    .citation = "De Palma, Durand, Chouai, Bunel, Vechev, Lomuscio 2025",
    .regulariser = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = prepare,
    .run = run,
};
