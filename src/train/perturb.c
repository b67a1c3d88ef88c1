/* The table of perturbations, and the steps that they are made of. */
#include "train/perturb.h"

#include <string.h>

#include "num/update.h"
#include "train/loss.h"

#define VOUCH_PERTURB(name) extern const vouch_perturb vouch_perturb_##name;
#include "train/perturb.def"
#undef VOUCH_PERTURB

const vouch_perturb *const *vouch_perturb_table(void)
{
    static const vouch_perturb *const table[] = {
#define VOUCH_PERTURB(name) &vouch_perturb_##name,
#include "train/perturb.def"
#undef VOUCH_PERTURB
        NULL};
    return table;
}

const vouch_perturb *vouch_perturb_find(const char *name)
{
    for (const vouch_perturb *const *p = vouch_perturb_table(); *p; p++)
        if (strcmp((*p)->name, name) == 0)
            return *p;
    return NULL;
}

static float between(float x, float low, float high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

void vouch_perturb_start(const vouch_perturb_job *job, float radius)
{
    for (int64_t s = 0; s < job->count; s++) {
        vouch_random r = vouch_random_stream(job->seed, "perturb", job->sample[s]);
        const float *x = job->x + s * job->inputs;
        float *out = job->out + s * job->inputs;
        for (int64_t j = 0; j < job->inputs; j++) {
            const float u = (float)(vouch_random_bits(&r) >> 40) * 0x1p-23F - 1;
            out[j] = between(x[j] + radius * u, job->low, job->high);
        }
    }
}

void vouch_perturb_gradient(const vouch_perturb_job *job)
{
    vouch_tape_forward(job->tape, job->count, job->out, job->y);
    (void)vouch_loss_cross_entropy(job->count, job->classes, job->y, job->label, 1, job->d_y,
                                   NULL);
    vouch_tape_backward(job->tape, job->d_y, job->d_x, NULL);
}

void vouch_perturb_step(const vouch_perturb_job *job, float step)
{
    const vouch_sign_step s = {.count = job->count * job->inputs,
                               .step = step,
                               .radius = job->eps,
                               .low = job->low,
                               .high = job->high,
                               .centre = job->x,
                               .gradient = job->d_x,
                               .to = job->out};
    vouch_update_signs(&s);
}
