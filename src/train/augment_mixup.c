/* Each sample mixed with the next one of its chunk, labels likewise: shares t and 1 - t with t from
 * Beta(alpha, alpha). Batches are shuffled, so the next one is any one. */
#include <math.h>
#include <string.h>

#include "train/augment.h"

typedef struct settings {
    double alpha;
} settings;

static const vouch_option options[] = {{.name = "alpha",
                                        .argument = "X",
                                        .help = "both parameters of the Beta distribution",
                                        .type = VOUCH_OPTION_REAL,
                                        .offset = offsetof(settings, alpha),
                                        .number = 1,
                                        .low = 0.05,
                                        .high = 4}};

/* Beta(alpha, alpha) by rejection (Johnk 1964). */
static double beta(vouch_random *r, double alpha)
{
    double a = 0, b = 0;
    do {
        a = pow(vouch_random_unit(r), 1 / alpha);
        b = pow(vouch_random_unit(r), 1 / alpha);
    } while (a + b > 1 || a + b <= 0);
    return a / (a + b);
}

static void mix(float *to, const float *with, int64_t count, float share)
{
    for (int64_t j = 0; j < count; j++)
        to[j] = share * to[j] + (1 - share) * with[j];
}

static void run(const vouch_augment_job *job)
{
    const settings *s = job->settings;
    float *first = job->spare, *first_target = job->spare + job->inputs;
    memcpy(first, job->x, (size_t)job->inputs * sizeof *first);
    memcpy(first_target, job->target, (size_t)job->classes * sizeof *first);
    for (int64_t i = 0; i < job->count; i++) {
        vouch_random r = vouch_random_stream(job->seed, "mixup", job->sample[i]);
        const float share = (float)beta(&r, s->alpha);
        const bool last = i + 1 == job->count;
        float *x = job->x + i * job->inputs, *target = job->target + i * job->classes;
        mix(x, last ? first : x + job->inputs, job->inputs, share);
        mix(target, last ? first_target : target + job->classes, job->classes, share);
    }
}

const vouch_augment vouch_augment_mixup = {
    .name = "mixup",
    .summary = "each sample mixed with another, labels likewise",
    .citation = "Zhang, Cisse, Dauphin, Lopez-Paz 2018",
    .mixes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = 1,
    .run = run,
};
