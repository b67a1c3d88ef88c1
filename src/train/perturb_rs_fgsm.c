/* A uniform start in the ball, then one step of 1.25 times the radius, back into the ball. */
#include "train/perturb.h"

static void run(const vouch_perturb_job *job)
{
    vouch_perturb_start(job, job->eps);
    vouch_perturb_gradient(job);
    vouch_perturb_step(job, 1.25F * job->eps);
}

const vouch_perturb vouch_perturb_rs_fgsm = {
    .name = "rs-fgsm",
    .summary = "a random start, then one step of 1.25 times the radius",
    .citation = "Wong, Rice, Kolter 2020",
    .run = run,
};
