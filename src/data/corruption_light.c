/* Light: brightness and contrast. Levels are those of Hendrycks and Dietterich. */
#include "data/corruption.h"

static void add_brightness(vouch_corruption_job *job)
{
    for (int64_t i = 0; i < job->info->size; i++)
        job->x[i] += (float)job->level * vouch_corruption_range(job, i);
}

/* Towards the mean of each channel. */
static void cut_contrast(vouch_corruption_job *job)
{
    const int64_t plane = job->height * job->width;
    for (int64_t c = 0; c < job->channels; c++) {
        float *x = job->x + c * plane;
        double sum = 0;
        for (int64_t i = 0; i < plane; i++)
            sum += (double)x[i];
        const double mean = sum / (double)plane;
        for (int64_t i = 0; i < plane; i++)
            x[i] = (float)(mean + ((double)x[i] - mean) * job->level);
    }
}

const vouch_corruption vouch_corruption_brightness = {
    .name = "brightness",
    .summary = "all values raised; levels: by which share of the range",
    .citation = "Hendrycks, Dietterich 2019",
    .level = {.1, .2, .3, .4, .5},
    .run = add_brightness,
};

const vouch_corruption vouch_corruption_contrast = {
    .name = "contrast",
    .summary = "values drawn to their channel's mean; levels: what is left of the difference",
    .citation = "Hendrycks, Dietterich 2019",
    .level = {.75, .5, .4, .3, .15},
    .run = cut_contrast,
};
