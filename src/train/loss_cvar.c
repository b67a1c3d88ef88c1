/* Conditional value at risk: the mean cross-entropy of the samples that are worst off, a share of
 * each chunk. Training looks at the distribution's tail: what is rare and hard is not given up for
 * the mean. */
#include "train/tail.h"

static const vouch_option options[] = {
    VOUCH_TAIL_ROWS("of a chunk's samples, the worst, that count", 0.5)};

static void run(const vouch_loss_job *job) { vouch_tail_classify(job, false); }

const vouch_loss vouch_loss_cvar = {
    .name = "cvar",
    .summary = "cross-entropy of the worst off samples",
    .citation = "Rockafellar, Uryasev 2000; Levy, Carmon, Duchi, Sidford 2020",
    .size = sizeof(vouch_tail),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_tail_prepare,
    .run = run,
};
