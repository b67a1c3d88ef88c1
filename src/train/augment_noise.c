/* Normal noise on every feature, which may leave the range: as randomised smoothing trains. */
#include "train/augment.h"

typedef struct settings {
    double deviation;
} settings;

static const vouch_option options[] = {{.name = "deviation",
                                        .argument = "X",
                                        .help = "standard deviation",
                                        .type = VOUCH_OPTION_REAL,
                                        .offset = offsetof(settings, deviation),
                                        .number = 0.1,
                                        .low = 0,
                                        .high = 1e6}};

static void run(const vouch_augment_job *job)
{
    const settings *s = job->settings;
    for (int64_t i = 0; i < job->count; i++) {
        vouch_random r = vouch_random_stream(job->seed, "noise", job->sample[i]);
        float *x = job->x + i * job->inputs;
        for (int64_t j = 0; j < job->inputs; j++)
            x[j] += (float)(s->deviation * vouch_random_normal(&r));
    }
}

const vouch_augment vouch_augment_noise = {
    .name = "noise",
    .summary = "normal noise on every feature",
    .citation = "Cohen, Rosenfeld, Kolter 2019",
    .size = sizeof(settings),
    .options = options,
    .option_count = 1,
    .run = run,
};
