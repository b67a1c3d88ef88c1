/* @NAME@: what is brought down, in one sentence, and its source. Here: cross-entropy after noise.
 *
 * Steps for a new loss or regulariser (delete each as you finish it):
 *   1. run: the loss and its gradient by the parameters, summed over the chunk (train/loss.h).
 *   2. Settings: a struct and option rows; users write --loss "@NAME@ width=.5".
 *   3. A term to be added to a loss: .regulariser = true. Means over the batch: parts and mix.
 *   4. Randomness only from vouch_random_stream(job->seed, ..., job->sample[i]).
 *   5. A test against a reference written from the paper, in tests/train/; test_fit.c compares
 *      threads by itself. docs/howto/add-a-loss.md says more.
 */
#include "train/perturb.h"

typedef struct settings {
    double width;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, width, "width of the noise, in radii", 1, 0, 1e3)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    vouch_perturb_start(job, (float)s->width * job->eps);
    vouch_perturb_clip(job);
    vouch_loss_classify(job, 0, job->out);
}

const vouch_loss vouch_loss_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list",
    .citation = "",
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
