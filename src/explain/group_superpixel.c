/* superpixel: parts of the image that are near in place and alike in colour, by mean-shift.
 *
 * A pixel is the point (row / H, column / W, lambda c_1 ... lambda c_C). From there it moves to the
 * mean of all pixels within the bandwidth, again and again, until it stands still: its mode. Pixels
 * whose modes lie within half a bandwidth of each other's, in a chain from the first such pixel, are
 * one superpixel: a partition, by the same numbers always the same. Its parts need not hang together
 * on the image. Only pixels within the bandwidth in rows and columns are looked at.
 * Source: Comaniciu, Meer 2002, with the flat kernel.
 */
#include <math.h>
#include <string.h>

#include "explain/groups.h"

enum { STEPS = 100 };
static const double still = 1e-3; /* of the bandwidth: a shorter move is the last */

typedef struct shift {
    const vouch_group_request *request;
    int64_t plane, size; /* pixels; numbers of a point */
    double *point;       /* [plane][size] */
    double *mode;        /* [plane][size] */
    double *sum;         /* [size] */
} shift;

static void place_points(shift *s)
{
    const vouch_image *image = &s->request->image;
    for (int64_t p = 0; p < s->plane; p++) {
        const int64_t row = p / image->width, column = p % image->width;
        double *at = s->point + p * s->size;
        at[0] = (double)row / (double)image->height;
        at[1] = (double)column / (double)image->width;
        for (int64_t c = 0; c < image->channels; c++)
            at[2 + c] = s->request->lambda * (double)s->request->x[c * s->plane + p];
    }
}

static double squared_distance(int64_t n, const double *a, const double *b)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static int64_t clip(double x, int64_t most)
{
    return x < 0 ? 0 : x > (double)most ? most : (int64_t)x;
}

/* One move of a point to the mean around it; returns its squared length. */
static double move(shift *s, double *at)
{
    const vouch_image *image = &s->request->image;
    const double h = s->request->bandwidth, rows = (double)image->height,
                 columns = (double)image->width;
    const int64_t top = clip(floor((at[0] - h) * rows), image->height - 1);
    const int64_t bottom = clip(ceil((at[0] + h) * rows), image->height - 1);
    const int64_t left = clip(floor((at[1] - h) * columns), image->width - 1);
    const int64_t right = clip(ceil((at[1] + h) * columns), image->width - 1);
    int64_t count = 0;
    memset(s->sum, 0, (size_t)s->size * sizeof *s->sum);
    for (int64_t y = top; y <= bottom; y++)
        for (int64_t x = left; x <= right; x++) {
            const double *other = s->point + (y * image->width + x) * s->size;
            if (squared_distance(s->size, at, other) > h * h)
                continue;
            for (int64_t i = 0; i < s->size; i++)
                s->sum[i] += other[i];
            count++;
        }
    for (int64_t i = 0; i < s->size && count > 0; i++)
        s->sum[i] /= (double)count;
    const double length = count > 0 ? squared_distance(s->size, at, s->sum) : 0;
    if (count > 0)
        memcpy(at, s->sum, (size_t)s->size * sizeof *at);
    return length;
}

static void find_modes(shift *s)
{
    const double least = still * s->request->bandwidth;
    memcpy(s->mode, s->point, (size_t)(s->plane * s->size) * sizeof *s->mode);
    for (int64_t p = 0; p < s->plane; p++)
        for (int k = 0; k < STEPS && move(s, s->mode + p * s->size) > least * least; k++)
            ;
}

/* label[p] <- of the first pixel whose mode is that near, or its own. */
static void merge(const shift *s, int64_t *label)
{
    const double near = s->request->bandwidth / 2;
    for (int64_t p = 0; p < s->plane; p++) {
        label[p] = p;
        for (int64_t q = 0; q < p && label[p] == p; q++)
            if (label[q] == q && squared_distance(s->size, s->mode + p * s->size,
                                                  s->mode + q * s->size) <= near * near)
                label[p] = q;
    }
}

static bool label(vouch_arena *arena, const vouch_group_request *request, int64_t *label)
{
    const int64_t plane = request->image.height * request->image.width;
    const int64_t size = 2 + request->image.channels;
    shift s = {.request = request,
               .plane = plane,
               .size = size,
               .point = VOUCH_NEW_ARRAY(arena, double, plane *size),
               .mode = VOUCH_NEW_ARRAY(arena, double, plane *size),
               .sum = VOUCH_NEW_ARRAY(arena, double, size)};
    if (!s.point || !s.mode || !s.sum)
        return false;
    place_points(&s);
    find_modes(&s);
    merge(&s, label);
    for (int64_t i = plane; i < request->inputs; i++)
        label[i] = label[i % plane];
    return true;
}

const vouch_grouping vouch_grouping_superpixel = {
    .name = "superpixel",
    .summary = "parts alike in place and colour (--bandwidth, --lambda), by mean-shift",
    .citation = "Comaniciu, Meer 2002",
    .image = true,
    .is_of_point = true,
    .setting = {"bandwidth", "lambda"},
    .label = label,
};
