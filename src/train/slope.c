/* Second derivatives of the cross-entropy (slope.h):
 *
 *   v^T grad_x L = l'(y)^T J v,   y' = J v,
 *
 * by the parameters: through J v with l' held, and through l' with J v held, whose adjoint by the
 * outputs is H y' = p o y' - p (p^T y'), p the softmax. Where the net is curved J depends on the
 * points too; ReLUs' gates do not change.
 * Source: Pearlmutter 1994, "Fast exact multiplication by the Hessian".
 */
#include "train/slope.h"

#include "train/entropy.h"

vouch_status vouch_slope_prepare(const vouch_loss_place *place, void **scratch)
{
    const int64_t inputs = place->capacity * vouch_net_inputs(place->net);
    const int64_t outputs = place->capacity * vouch_net_outputs(place->net);
    vouch_slope *s = VOUCH_NEW(place->arena, vouch_slope);
    *scratch = s;
    if (!s)
        return VOUCH_ERR_MEMORY;
    s->direction = VOUCH_NEW_ARRAY(place->arena, float, inputs);
    s->before = VOUCH_NEW_ARRAY(place->arena, float, inputs);
    s->y = VOUCH_NEW_ARRAY(place->arena, float, outputs);
    s->d_y = VOUCH_NEW_ARRAY(place->arena, float, outputs);
    if (!s->direction || !s->before || !s->y || !s->d_y)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(
        vouch_tape_new(place->ctx, place->arena, place->net, place->capacity, &s->tangents));
    return vouch_tape_follow(place->ctx, s->tangents, place->tape);
}

void vouch_slope_at(const vouch_loss_job *job, const float *x)
{
    const vouch_aim_at at = vouch_loss_aims(job);
    vouch_tape_forward(job->tape, job->count, x, job->y);
    (void)vouch_entropy_cross(&at, job->y, 1, job->d_y, NULL);
    vouch_tape_backward(job->tape, job->d_y, job->d_x, NULL);
}

/* y <- H y, of one sample. */
static void by_hessian(int64_t classes, const float *share, float *y)
{
    float mean = 0;
    for (int64_t j = 0; j < classes; j++)
        mean += share[j] * y[j];
    for (int64_t j = 0; j < classes; j++)
        y[j] = share[j] * (y[j] - mean);
}

void vouch_slope_backward(const vouch_loss_job *job, int p)
{
    const vouch_slope *s = job->scratch;
    vouch_tape_forward(s->tangents, job->count, s->direction, s->y);
    vouch_entropy_softmax(job->count, job->classes, job->y, s->d_y);
    for (int64_t i = 0; i < job->count; i++)
        by_hessian(job->classes, s->d_y + i * job->classes, s->y + i * job->classes);
    vouch_tape_backward_bent(s->tangents, job->d_y, s->y, vouch_loss_room(job, p));
    vouch_loss_put(job, p);
}
