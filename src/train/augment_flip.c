/* Left and right exchanged, for half of the images. */
#include "train/augment.h"

static void mirror(float *line, int64_t width)
{
    for (int64_t a = 0, b = width - 1; a < b; a++, b--) {
        const float swap = line[a];
        line[a] = line[b];
        line[b] = swap;
    }
}

static void run(const vouch_augment_job *job)
{
    for (int64_t i = 0; i < job->count; i++) {
        vouch_random r = vouch_random_stream(job->seed, "flip", job->sample[i]);
        float *x = job->x + i * job->inputs;
        if (vouch_random_below(&r, 2) == 0)
            continue;
        for (int64_t line = 0; line < job->channels * job->height; line++)
            mirror(x + line * job->width, job->width);
    }
}

const vouch_augment vouch_augment_flip = {
    .name = "flip",
    .summary = "left and right exchanged, for half of the images",
    .citation = "",
    .images = true,
    .run = run,
};
