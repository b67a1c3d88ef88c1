/* Cross-entropy of the samples as they are. */
#include "train/loss.h"

static void run(const vouch_loss_job *job) { vouch_loss_classify(job, 0, job->x); }

const vouch_loss vouch_loss_standard = {
    .name = "standard",
    .summary = "cross-entropy of the samples as they are",
    .citation = "",
    .run = run,
};
