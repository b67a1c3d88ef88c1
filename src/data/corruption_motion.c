/* Motion: the image turned about its centre, or moved, with bilinear interpolation. What comes in
 * from outside has the least valid value (black). */
#include <math.h>
#include <string.h>

#include "data/corruption.h"

/* Where the pixel (row, column) of the result comes from, about the centre. */
typedef struct motion {
    double cosine, sine, down, right;
} motion;

static double pixel(const vouch_corruption_job *job, int64_t c, int64_t row, int64_t column)
{
    const int64_t plane = job->height * job->width;
    if (row < 0 || row >= job->height || column < 0 || column >= job->width)
        return (double)job->info->feature[c * plane].low;
    return (double)job->scratch[c * plane + row * job->width + column];
}

static double between(const vouch_corruption_job *job, int64_t c, double row, double column)
{
    const int64_t i = (int64_t)floor(row), j = (int64_t)floor(column);
    const double u = row - (double)i, v = column - (double)j;
    const double above = (1 - v) * pixel(job, c, i, j) + v * pixel(job, c, i, j + 1);
    const double below = (1 - v) * pixel(job, c, i + 1, j) + v * pixel(job, c, i + 1, j + 1);
    return (1 - u) * above + u * below;
}

static void move(vouch_corruption_job *job, const motion *m)
{
    const double middle = (double)(job->height - 1) / 2, centre = (double)(job->width - 1) / 2;
    float *to = job->x;
    memcpy(job->scratch, job->x, (size_t)job->info->size * sizeof *job->x);
    for (int64_t c = 0; c < job->channels; c++)
        for (int64_t i = 0; i < job->height; i++)
            for (int64_t j = 0; j < job->width; j++) {
                const double y = (double)i - middle, x = (double)j - centre;
                *to++ = (float)between(job, c, middle + m->cosine * y - m->sine * x - m->down,
                                       centre + m->sine * y + m->cosine * x - m->right);
            }
}

static const double DEGREE = 0.017453292519943295;

static void rotate(vouch_corruption_job *job)
{
    const double sign = vouch_random_bits(&job->random) >> 63 ? 1 : -1;
    const double angle = sign * job->level * DEGREE;
    const motion m = {.cosine = cos(angle), .sine = sin(angle)};
    move(job, &m);
}

static void translate(vouch_corruption_job *job)
{
    const double way = 360 * DEGREE * vouch_random_unit(&job->random);
    const motion m = {.cosine = 1,
                      .down = job->level * (double)job->height * sin(way),
                      .right = job->level * (double)job->width * cos(way)};
    move(job, &m);
}

const vouch_corruption vouch_corruption_rotation = {
    .name = "rotation",
    .summary = "turned either way; levels: degrees",
    .citation = "Engstrom et al. 2019",
    .level = {5, 10, 15, 22.5, 30},
    .run = rotate,
};

const vouch_corruption vouch_corruption_translation = {
    .name = "translation",
    .summary = "moved in a random direction; levels: by which share of the side",
    .citation = "Engstrom et al. 2019",
    .level = {.03, .06, .1, .15, .2},
    .run = translate,
};
