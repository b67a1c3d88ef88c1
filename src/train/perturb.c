/* The steps of perturbations (perturb.h). */
#include "train/perturb.h"

#include <string.h>

#include "num/update.h"
#include "train/entropy.h"

static float between(float x, float low, float high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

void vouch_perturb_none(const vouch_loss_job *job)
{
    memcpy(job->out, job->x, (size_t)(job->count * job->inputs) * sizeof *job->out);
}

void vouch_perturb_start(const vouch_loss_job *job, float radius)
{
    for (int64_t s = 0; s < job->count; s++) {
        vouch_random r = vouch_random_stream(job->seed, "perturb", job->sample[s]);
        const float *x = job->x + s * job->inputs;
        float *out = job->out + s * job->inputs;
        for (int64_t j = 0; j < job->inputs; j++)
            out[j] = x[j] + radius * ((float)(vouch_random_bits(&r) >> 40) * 0x1p-23F - 1);
    }
}

void vouch_perturb_clip(const vouch_loss_job *job)
{
    for (int64_t i = 0; i < job->count * job->inputs; i++)
        job->out[i] = between(job->out[i], job->low, job->high);
}

void vouch_perturb_gradient(const vouch_loss_job *job)
{
    const vouch_aim_at at = vouch_loss_aims(job);
    vouch_tape_forward(job->tape, job->count, job->out, job->y);
    (void)vouch_entropy_cross(&at, job->y, 1, job->d_y, NULL);
    vouch_tape_backward(job->tape, job->d_y, job->d_x, NULL);
}

void vouch_perturb_step(const vouch_loss_job *job, const float *centre, float step,
                        float radius)
{
    const vouch_sign_step s = {.count = job->count * job->inputs,
                               .step = step,
                               .radius = radius,
                               .low = job->low,
                               .high = job->high,
                               .centre = centre,
                               .gradient = job->d_x,
                               .to = job->out};
    vouch_update_signs(&s);
}

void vouch_perturb_climb(const vouch_loss_job *job, int64_t steps, float step, float radius)
{
    for (int64_t i = 0; i < steps; i++) {
        vouch_perturb_gradient(job);
        vouch_perturb_step(job, job->x, step, radius);
    }
}
