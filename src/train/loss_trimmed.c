/* The trimmed loss: the mean cross-entropy but for the worst share of each chunk, which wrong labels
 * and outliers are among. */
#include "train/tail.h"

static const vouch_option options[] = {
    VOUCH_TAIL_ROWS("of a chunk's samples, the worst, that are left out", 0.1)};

static void run(const vouch_loss_job *job) { vouch_tail_classify(job, true); }

const vouch_loss vouch_loss_trimmed = {
    .name = "trimmed",
    .summary = "cross-entropy of all but the worst off samples",
    .citation = "Rousseeuw 1984; Shen, Sanghavi 2019",
    .size = sizeof(vouch_tail),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_tail_prepare,
    .run = run,
};
