/* Motion: rotation about the centre and translation, with bilinear interpolation.
 *
 * Problem: pixel (i, j) of the result is read at a place that depends on the parameter. For a
 * whole interval of parameters, between which numbers does what is read lie?
 *
 * Method: first a box that holds all places, then the exact range of the interpolant on the box.
 *
 * Places. With y = i - middle, x = j - centre, a rotation by a reads at the row
 *     r(a) = middle + y cos a - x sin a,    |r''| <= R = |y| + |x|,
 * so that Taylor's theorem about the middle m of an interval of half-length h gives
 *     |r(a) - r(m)| <= h |r'(m)| + h^2 R / 2;
 * columns alike. A translation moves the ends of its interval.
 *
 * Range. Between four neighbours the interpolant is linear in either coordinate, so on a box in
 * one cell of the grid its extremes are at the corners. A box that grid lines cut has them at
 * the crossings of its own and the grid's lines. Beyond one pixel outside of the image all is
 * black (the least valid value), so the box is cut there.
 *
 * Rounding. A place takes fewer than 16 operations on numbers of magnitude at most R + middle + 1
 * + the motion, sine and cosine included, whose error is below two units in the last place;
 * slack of 64 roundings of that magnitude covers them. A value takes 12 operations on pixels.
 */
#include <math.h>

#include "eval/transform.h"
#include "num/round.h"

static const double DEGREE = 0.017453292519943295;

typedef struct interval {
    double low, high;
} interval;

/* Where results are read: a row and a column. */
typedef struct place {
    interval row, column;
} place;

static interval around(double middle, double radius)
{
    return (interval){vouch_down(middle - radius), vouch_up(middle + radius)};
}

static double roundings(double magnitude) { return 64 * VOUCH_U64 * (magnitude + 1); }

/* ---- the interpolant ------------------------------------------------------------------------ */

static double pixel(const vouch_transform_job *job, int64_t c, int64_t row, int64_t column)
{
    const int64_t plane = job->height * job->width;
    if (row < 0 || row >= job->height || column < 0 || column >= job->width)
        return (double)job->info->feature[c * plane].low;
    return (double)job->x[c * plane + row * job->width + column];
}

/* The value at a place, and more than what rounding did to it. */
static double between(const vouch_transform_job *job, int64_t c, double row, double column,
                      double *error)
{
    const int64_t i = (int64_t)floor(row), j = (int64_t)floor(column);
    const double u = row - (double)i, v = column - (double)j;
    const double p = pixel(job, c, i, j), q = pixel(job, c, i, j + 1);
    const double r = pixel(job, c, i + 1, j), s = pixel(job, c, i + 1, j + 1);
    const double above = (1 - v) * p + v * q, below = (1 - v) * r + v * s;
    *error = 32 * VOUCH_U64 * (fabs(p) + fabs(q) + fabs(r) + fabs(s)) + DBL_MIN;
    return (1 - u) * above + u * below;
}

/* The first place after `at` where an extreme may be, up to the end: a grid line, or the end. */
static double next_line(double at, double end) { return fmin(floor(at) + 1, end); }

static interval range_in_row(const vouch_transform_job *job, int64_t c, double row,
                             interval column)
{
    interval all = {(double)INFINITY, -(double)INFINITY};
    double error;
    for (double at = column.low;; at = next_line(at, column.high)) {
        const double value = between(job, c, row, at, &error);
        all.low = fmin(all.low, value - error);
        all.high = fmax(all.high, value + error);
        if (!(at < column.high))
            return all;
    }
}

static interval range_in(const vouch_transform_job *job, int64_t c, const place *p)
{
    interval all = {(double)INFINITY, -(double)INFINITY};
    for (double at = p->row.low;; at = next_line(at, p->row.high)) {
        const interval row = range_in_row(job, c, at, p->column);
        all.low = fmin(all.low, row.low);
        all.high = fmax(all.high, row.high);
        if (!(at < p->row.high))
            return all;
    }
}

/* The part of an interval that is within a pixel of 0 .. count - 1; what is beyond is black, as
 * the end is. */
static interval near_image(interval at, int64_t count)
{
    return (interval){fmin(fmax(at.low, -1), (double)count),
                      fmin(fmax(at.high, -1), (double)count)};
}

static void put_pixel(const vouch_transform_job *job, int64_t i, int64_t j, const place *from)
{
    const place p = {near_image(from->row, job->height), near_image(from->column, job->width)};
    for (int64_t c = 0; c < job->channels; c++) {
        const interval value = range_in(job, c, &p);
        job->low[(c * job->height + i) * job->width + j] = value.low;
        job->high[(c * job->height + i) * job->width + j] = value.high;
    }
}

/* ---- rotation ------------------------------------------------------------------------------- */

/* Angles in radians: a middle and a half-length. */
typedef struct turn {
    double cosine, sine, half; /* of the middle */
} turn;

static turn turn_of(const vouch_transform_part *part)
{
    const double middle = part->low[0] + (part->high[0] - part->low[0]) / 2;
    const double half =
        fmax(vouch_add_up(part->high[0], -middle), vouch_add_up(middle, -part->low[0]));
    return (turn){cos(middle * DEGREE), sin(middle * DEGREE),
                  vouch_up(half * DEGREE * (1 + 4 * VOUCH_U64))};
}

/* The range of about + y cos a - x sin a. Its derivative at the middle is -(y sin + x cos). */
static interval turned(const turn *t, double about, double y, double x)
{
    const double reach = fabs(y) + fabs(x), slope = fabs(y * t->sine + x * t->cosine);
    const double radius = t->half * slope + t->half * t->half * reach / 2;
    return around(about + t->cosine * y - t->sine * x,
                  radius * (1 + 8 * VOUCH_U64) + roundings(8 * (reach + about)));
}

static void enclose_rotation(const vouch_transform_job *job)
{
    const double middle = (double)(job->height - 1) / 2, centre = (double)(job->width - 1) / 2;
    const turn t = turn_of(job->part);
    for (int64_t i = 0; i < job->height; i++)
        for (int64_t j = 0; j < job->width; j++) {
            const double y = (double)i - middle, x = (double)j - centre;
            const place from = {turned(&t, middle, y, x), turned(&t, centre, x, -y)};
            put_pixel(job, i, j, &from);
        }
}

/* ---- translation ---------------------------------------------------------------------------- */

static interval moved(const vouch_transform_job *job, int parameter, int64_t at, int64_t side)
{
    const double least = (double)at - job->part->high[parameter] * (double)side;
    const double most = (double)at - job->part->low[parameter] * (double)side;
    const double error = roundings((double)at + fabs(least) + fabs(most));
    return (interval){least - error, most + error};
}

static void enclose_translation(const vouch_transform_job *job)
{
    for (int64_t i = 0; i < job->height; i++)
        for (int64_t j = 0; j < job->width; j++) {
            const place from = {moved(job, 0, i, job->height), moved(job, 1, j, job->width)};
            put_pixel(job, i, j, &from);
        }
}

static double level_itself(double level) { return level; }

const vouch_transform vouch_transform_rotation = {
    .name = "rotation",
    .summary = "turned about the centre, either way",
    .citation = "Balunovic et al. 2019, DeepG; Mohapatra et al. 2020",
    .unit = "degrees",
    .parameter = {"angle"},
    .reach = level_itself,
    .enclose = enclose_rotation,
};

const vouch_transform vouch_transform_translation = {
    .name = "translation",
    .summary = "moved down and right, independently",
    .citation = "Balunovic et al. 2019, DeepG",
    .unit = "share of the side",
    .parameter = {"down", "right"},
    .reach = level_itself,
    .enclose = enclose_translation,
};
