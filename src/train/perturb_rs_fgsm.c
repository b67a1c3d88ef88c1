/* A uniform start in the ball, then one step of 1.25 times the radius, back into ball and range.
 *
 * The start may lie outside the range: were it brought back, almost every feature at an end of
 * its range would end at a corner of the ball, and clean accuracy would pay for it.
 */
#include <math.h>

#include "train/perturb.h"

static void run(const vouch_perturb_job *job)
{
    vouch_perturb_job anywhere = *job;
    anywhere.low = -INFINITY;
    anywhere.high = INFINITY;
    vouch_perturb_start(&anywhere, job->eps);
    vouch_perturb_gradient(job);
    vouch_perturb_step(job, 1.25F * job->eps);
}

const vouch_perturb vouch_perturb_rs_fgsm = {
    .name = "rs-fgsm",
    .summary = "a random start, then one step of 1.25 times the radius",
    .citation = "Wong, Rice, Kolter 2020",
    .run = run,
};
