/* The trimmed loss: the mean cross-entropy but for the worst share of each chunk, which wrong labels
 * and outliers are among. */
#include "train/perturb.h"
#include "train/tail.h"

typedef struct settings {
    double share;
    int64_t steps;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, share, "of a chunk's samples, the worst, that are left out", 0.1,
                    0, 1),
    VOUCH_LOSS_INT(settings, steps,
                   "of PGD before, of a quarter radius; 0: samples as they are", 0, 0, 1e6)};

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const vouch_tail tail = {.share = s->share, .others = true};
    vouch_perturb_none(job);
    if (s->steps > 0) {
        vouch_perturb_start(job, job->eps);
        vouch_perturb_clip(job);
        vouch_perturb_climb(job, s->steps, 0.25F * job->eps, job->eps);
    }
    vouch_tail_classify(job, job->out, &tail);
}

const vouch_loss vouch_loss_trimmed = {
    .name = "trimmed",
    .summary = "cross-entropy of all but the worst off samples",
    .citation = "Rousseeuw 1984; Shen, Sanghavi 2019",
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_tail_prepare,
    .run = run,
};
