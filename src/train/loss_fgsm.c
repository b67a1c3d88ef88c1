/* Cross-entropy after one step of the whole radius along the sign of the gradient. */
#include "train/perturb.h"

static void run(const vouch_loss_job *job)
{
    vouch_perturb_none(job);
    vouch_perturb_climb(job, 1, job->eps, job->eps);
    vouch_loss_classify(job, 0, job->out);
}

const vouch_loss vouch_loss_fgsm = {
    .name = "fgsm",
    .summary = "cross-entropy after one step of the radius along the sign of the gradient",
    .citation = "Goodfellow, Shlens, Szegedy 2015",
    .run = run,
};
