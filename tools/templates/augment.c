/* @NAME@: how samples are changed before they are trained on, and its source. Here: every value
 * scaled by a number near 1, the same for all of a sample.
 *
 * Steps for a new augmentation (delete each as you finish it):
 *   1. run: changes job->x in place, drawing from a stream of seed and sample alone.
 *   2. Settings: rows of options over a struct (augment_noise.c). .images: for images alone;
 *      .mixes: targets change too.
 *   3. A line in docs/howto/train.md, a test in tests/train/.
 */
#include "train/augment.h"

static void run(const vouch_augment_job *job)
{
    for (int64_t i = 0; i < job->count; i++) {
        vouch_random r = vouch_random_stream(job->seed, "@NAME@", job->sample[i]);
        const float scale = (float)(.9 + .2 * vouch_random_unit(&r));
        float *x = job->x + i * job->inputs;
        for (int64_t j = 0; j < job->inputs; j++)
            x[j] *= scale;
    }
}

const vouch_augment vouch_augment_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list",
    .citation = "PAPER",
    .run = run,
};
