/* Noise: of a sensor (Gaussian), of a faulty line (salt and pepper), of coherent light (speckle).
 * Levels of the first and third are ImageNet-C's, for values in [0,1]. */
#include "data/corruption.h"

static void add_gaussian(vouch_corruption_job *job)
{
    for (int64_t i = 0; i < job->info->size; i++)
        job->x[i] += (float)(job->level * vouch_random_normal(&job->random)) *
                     vouch_corruption_range(job, i);
}

/* Level: the share of pixels that turn white or black, all channels of one alike. */
static void add_salt_pepper(vouch_corruption_job *job)
{
    const int64_t plane = job->height * job->width;
    for (int64_t at = 0; at < plane; at++) {
        const bool is_hit = vouch_random_unit(&job->random) < job->level;
        const bool is_salt = vouch_random_bits(&job->random) >> 63;
        for (int64_t c = 0; is_hit && c < job->channels; c++) {
            const vouch_feature *f = &job->info->feature[c * plane + at];
            job->x[c * plane + at] = is_salt ? f->high : f->low;
        }
    }
}

/* What is bright trembles most. */
static void add_speckle(vouch_corruption_job *job)
{
    for (int64_t i = 0; i < job->info->size; i++)
        job->x[i] += (job->x[i] - job->info->feature[i].low) *
                     (float)(job->level * vouch_random_normal(&job->random));
}

const vouch_corruption vouch_corruption_gaussian = {
    .name = "gaussian",
    .summary = "Gaussian noise; levels: its deviation as a share of the range",
    .citation = "Hendrycks, Dietterich 2019",
    .level = {.08, .12, .18, .26, .38},
    .run = add_gaussian,
};

const vouch_corruption vouch_corruption_salt_pepper = {
    .name = "salt-pepper",
    .summary = "pixels turned white or black; levels: their share",
    .citation = "Hendrycks, Dietterich 2019",
    .level = {.03, .06, .09, .17, .27},
    .run = add_salt_pepper,
};

const vouch_corruption vouch_corruption_speckle = {
    .name = "speckle",
    .summary = "noise in proportion to the value; levels: the factor's deviation",
    .citation = "Hendrycks, Dietterich 2019",
    .level = {.15, .2, .35, .45, .6},
    .run = add_speckle,
};
