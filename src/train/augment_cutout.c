/* A square of zeros at a random place; its middle may be any pixel, so it may reach over an edge. */
#include "train/augment.h"

typedef struct settings {
    int64_t size;
} settings;

static const vouch_option options[] = {{.name = "size",
                                        .argument = "N",
                                        .help = "pixels of its side",
                                        .type = VOUCH_OPTION_INT,
                                        .offset = offsetof(settings, size),
                                        .number = 8,
                                        .low = 1,
                                        .high = 1e4}};

static void run(const vouch_augment_job *job)
{
    const settings *s = job->settings;
    for (int64_t i = 0; i < job->count; i++) {
        vouch_random r = vouch_random_stream(job->seed, "cutout", job->sample[i]);
        float *x = job->x + i * job->inputs;
        const int64_t top =
            (int64_t)vouch_random_below(&r, (uint64_t)job->height) - s->size / 2;
        const int64_t left =
            (int64_t)vouch_random_below(&r, (uint64_t)job->width) - s->size / 2;
        for (int64_t p = 0; p < job->inputs; p++) {
            const int64_t down = p / job->width % job->height - top;
            const int64_t right = p % job->width - left;
            if (down >= 0 && down < s->size && right >= 0 && right < s->size)
                x[p] = 0;
        }
    }
}

const vouch_augment vouch_augment_cutout = {
    .name = "cutout",
    .summary = "a square of zeros at a random place",
    .citation = "DeVries, Taylor 2017",
    .images = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = 1,
    .run = run,
};
