/* ForwAbs: coefficient times the sum over the batch and the outputs of |W_n| ... |W_1| r, r the
 * radii of the boxes around the samples in their range. It bounds how far interval bounds can be
 * apart, at the cost of a pass with one sample in each batch: it is linear in r, so the batch's
 * radii are summed first.
 */
#include "train/bound.h"

typedef struct settings {
    double coefficient;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, coefficient, "what the sum counts", 1e-8, 0, 1e30)};

static vouch_status prepare(const vouch_loss_place *place, void **scratch)
{
    vouch_box_tape *tape = NULL;
    VOUCH_TRY(vouch_box_spread_check(place->ctx, place->net));
    VOUCH_TRY(vouch_box_tape_new(place->ctx, place->arena, place->net, 1, &tape));
    *scratch = tape;
    return VOUCH_OK;
}

static int64_t sums(const vouch_net *net) { return vouch_net_inputs(net); }

/* Radii of the boxes. */
static void run(const vouch_loss_job *job)
{
    const float eps = job->eps, least = job->low, most = job->high;
    float *restrict sum = job->sum;
    for (int64_t s = 0; s < job->count; s++) {
        const float *restrict x = job->x + s * job->inputs;
        for (int64_t i = 0; i < job->inputs; i++) {
            const float low = x[i] - eps > least ? x[i] - eps : least;
            const float high = x[i] + eps < most ? x[i] + eps : most;
            sum[i] += 0.5F * (high - low);
        }
    }
}

static void whole(vouch_loss_whole *w)
{
    const settings *s = w->settings;
    vouch_box_tape *tape = w->scratch;
    /* Losses are means over the batch; this is a sum over it. */
    w->loss = s->coefficient * vouch_box_spread(tape, w->sum) / (double)w->scale;
    vouch_box_spread_backward(tape, (float)s->coefficient, w->gradient);
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
    .sums = sums,
    .whole = whole,
};
