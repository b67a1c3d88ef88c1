/* Optics: a lens out of focus, and something in front of it. */
#include <math.h>

#include "data/corruption.h"

/* One pass of a Gaussian along a direction: count lines of `length` values `step` apart, lines
 * `stride` apart. The border repeats its value. */
typedef struct blur_pass {
    int64_t length, step, lines, stride;
} blur_pass;

static void blur_lines(const blur_pass *p, double deviation, const float *from, float *to)
{
    const int64_t radius = (int64_t)ceil(3 * deviation);
    for (int64_t l = 0; l < p->lines; l++)
        for (int64_t i = 0; i < p->length; i++) {
            double sum = 0, weight = 0;
            for (int64_t d = -radius; d <= radius; d++) {
                const double z = (double)d / deviation, w = exp(-z * z / 2);
                const int64_t j = i + d < 0 ? 0 : i + d < p->length ? i + d : p->length - 1;
                sum += w * (double)from[l * p->stride + j * p->step];
                weight += w;
            }
            to[l * p->stride + i * p->step] = (float)(sum / weight);
        }
}

static void blur(vouch_corruption_job *job)
{
    const int64_t plane = job->height * job->width;
    const blur_pass rows = {job->width, 1, job->height, job->width};
    const blur_pass columns = {job->height, job->width, job->width, 1};
    for (int64_t c = 0; c < job->channels; c++) {
        blur_lines(&rows, job->level, job->x + c * plane, job->scratch + c * plane);
        blur_lines(&columns, job->level, job->scratch + c * plane, job->x + c * plane);
    }
}

/* A grey square somewhere; level: its side as a share of the image's shorter one. */
static void occlude(vouch_corruption_job *job)
{
    const int64_t plane = job->height * job->width;
    const double shorter = (double)(job->height < job->width ? job->height : job->width);
    const int64_t side = (int64_t)fmax(1, rint(job->level * shorter));
    const int64_t top =
        (int64_t)(vouch_random_unit(&job->random) * (double)(job->height - side + 1));
    const int64_t left =
        (int64_t)(vouch_random_unit(&job->random) * (double)(job->width - side + 1));
    for (int64_t c = 0; c < job->channels; c++)
        for (int64_t i = top; i < top + side; i++)
            for (int64_t j = left; j < left + side; j++) {
                const int64_t at = c * plane + i * job->width + j;
                job->x[at] = job->info->feature[at].low + vouch_corruption_range(job, at) / 2;
            }
}

const vouch_corruption vouch_corruption_blur = {
    .name = "blur",
    .summary = "Gaussian blur; levels: its deviation in pixels",
    .citation = "Hendrycks, Dietterich 2019",
    .level = {.4, .6, .8, 1, 1.5},
    .run = blur,
};

const vouch_corruption vouch_corruption_occlusion = {
    .name = "occlusion",
    .summary = "a grey square at a random place; levels: its share of the side",
    .citation = "DeVries, Taylor 2017",
    .level = {.1, .2, .3, .4, .5},
    .run = occlude,
};
