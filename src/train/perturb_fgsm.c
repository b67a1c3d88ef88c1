/* One step of the whole radius along the sign of the gradient. */
#include <string.h>

#include "train/perturb.h"

static void run(const vouch_perturb_job *job)
{
    memcpy(job->out, job->x, (size_t)(job->count * job->inputs) * sizeof *job->out);
    vouch_perturb_gradient(job);
    vouch_perturb_step(job, job->eps);
}

const vouch_perturb vouch_perturb_fgsm = {
    .name = "fgsm",
    .summary = "one step of the radius along the sign of the gradient",
    .citation = "Goodfellow, Shlens, Szegedy 2015",
    .run = run,
};
