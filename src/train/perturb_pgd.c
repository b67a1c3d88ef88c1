/* A uniform start in the ball, then steps of a quarter of the radius, each back into the ball. */
#include "train/perturb.h"

static void run(const vouch_perturb_job *job)
{
    vouch_perturb_start(job, job->eps);
    for (int i = 0; i < job->steps; i++) {
        vouch_perturb_gradient(job);
        vouch_perturb_step(job, job->eps / 4);
    }
}

const vouch_perturb vouch_perturb_pgd = {
    .name = "pgd",
    .summary = "a random start, then steps of a quarter of the radius",
    .citation = "Madry, Makelov, Schmidt, Tsipras, Vladu 2018",
    .run = run,
};
