/* The image with a border of zeros, cut out again at a random place. */
#include <string.h>

#include "train/augment.h"

typedef struct settings {
    int64_t pad;
} settings;

static const vouch_option options[] = {{.name = "pad",
                                        .argument = "N",
                                        .help = "pixels of the border",
                                        .type = VOUCH_OPTION_INT,
                                        .offset = offsetof(settings, pad),
                                        .number = 4,
                                        .low = 0,
                                        .high = 1e4}};

/* to(y, x) <- from(y + dy, x + dx) */
static void shift(const vouch_augment_job *job, const float *from, float *to, int64_t dy,
                  int64_t dx)
{
    const int64_t first = dx < 0 ? -dx : 0;
    const int64_t last = dx > 0 ? job->width - dx : job->width; /* one past */
    memset(to, 0, (size_t)job->inputs * sizeof *to);
    for (int64_t line = 0; line < job->channels * job->height; line++) {
        const int64_t y = line % job->height + dy;
        if (y < 0 || y >= job->height || first >= last)
            continue;
        memcpy(to + line * job->width + first, from + (line + dy) * job->width + first + dx,
               (size_t)(last - first) * sizeof *to);
    }
}

static void run(const vouch_augment_job *job)
{
    const settings *s = job->settings;
    const uint64_t places = 2 * (uint64_t)s->pad + 1;
    for (int64_t i = 0; i < job->count; i++) {
        vouch_random r = vouch_random_stream(job->seed, "crop", job->sample[i]);
        float *x = job->x + i * job->inputs;
        const int64_t dy = (int64_t)vouch_random_below(&r, places) - s->pad;
        const int64_t dx = (int64_t)vouch_random_below(&r, places) - s->pad;
        memcpy(job->spare, x, (size_t)job->inputs * sizeof *x);
        shift(job, job->spare, x, dy, dx);
    }
}

const vouch_augment vouch_augment_crop = {
    .name = "crop",
    .summary = "the image in a border of zeros, cut out again at a random place",
    .citation = "Krizhevsky, Sutskever, Hinton 2012",
    .images = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = 1,
    .run = run,
};
