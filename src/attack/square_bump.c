/* The moves of the Square attack in L2 and L1 (Andriushchenko 2020, alg. 3; in L1: Croce, Hein 2021).
 *
 * A bump eta of an h x w window: its upper half is a sum of nested rectangles around the half's
 * centre, the one that reaches M rows and columns from it weighted 1 / (M + 1)^2, the lower half
 * the same with the other sign; of norm one, and turned by a right angle half of the time.
 *
 * A move picks two windows. The second is emptied, and the first gets, in each channel,
 *
 *     k * unit(sign * eta + delta_1 / |delta_1|),
 *     L2  k^2 = (eps^2 - |delta|^2)_+ / channels + |delta_12|^2
 *     L1  k   = (eps - |delta|)_+ / channels + |delta_12|
 *
 * with delta_1 the channel's part in the first window and delta_12 all of delta in both. Then, in L2,
 * all is scaled to the norm eps; in L1 the projection onto ball and range does what is needed.
 */
#include <math.h>
#include <string.h>

#include "attack/square.h"

typedef struct window {
    int64_t top, left, height, width;
} window;

bool vouch_square_bump_new(vouch_arena *arena, int64_t inputs, vouch_square_bump *bump)
{
    bump->eta = VOUCH_NEW_ARRAY(arena, double, inputs);
    bump->delta = VOUCH_NEW_ARRAY(arena, double, inputs);
    return bump->eta && bump->delta;
}

static bool coin(vouch_random *r) { return vouch_random_bits(r) >> 63; }

/* What is summed over elements, and the norm of the sum. */
static double power(const vouch_square_scene *s, double v)
{
    return s->norm == VOUCH_NORM_L1 ? fabs(v) : v * v;
}

static double root(const vouch_square_scene *s, double sum)
{
    return s->norm == VOUCH_NORM_L1 ? sum : sqrt(sum);
}

static void scale_to(const vouch_square_scene *s, int64_t n, double norm, double *v)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += power(s, v[i]);
    for (int64_t i = 0; i < n; i++)
        v[i] *= norm / (root(s, sum) + 1e-12);
}

/* ---- the bump ------------------------------------------------------------------------------ */

/* The value at (i, j) of nested rectangles in a field of rows x columns. Rectangle k covers
 * rows centre - k .. centre + k, and likewise columns. */
static double nested(int64_t rows, int64_t columns, int64_t i, int64_t j)
{
    const int64_t half_rows = rows / 2, half_columns = columns / 2;
    const int64_t most = (half_rows > half_columns ? half_rows : half_columns) + 1;
    const int64_t di = i > half_rows ? i - half_rows : half_rows - i;
    const int64_t dj = j > half_columns ? j - half_columns : half_columns - j;
    double sum = 0;
    for (int64_t k = di > dj ? di : dj; k < most; k++)
        sum += 1 / (double)((k + 1) * (k + 1));
    return sum;
}

/* eta of that window, rows by columns, of norm one. */
static void make_bump(const vouch_square_scene *s, int64_t height, int64_t width)
{
    double *eta = s->bump->eta;
    const bool turned = coin(s->random);
    const int64_t rows = turned ? width : height, columns = turned ? height : width;
    const int64_t upper = rows / 2;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const double v = i < upper ? nested(upper, columns, i, j)
                                       : -nested(rows - upper, columns, i - upper, j);
            eta[turned ? j * width + i : i * width + j] = v;
        }
    scale_to(s, height * width, 1, eta);
}

/* ---- windows ------------------------------------------------------------------------------- */

static double *cell_of(const vouch_square_scene *s, int64_t channel, const window *w, int64_t k)
{
    return s->bump->delta +
           (channel * s->image->height + w->top + k / w->width) * s->image->width + w->left +
           k % w->width;
}

static bool inside(const window *w, int64_t i, int64_t j)
{
    return i >= w->top && i < w->top + w->height && j >= w->left && j < w->left + w->width;
}

static double sum_in(const vouch_square_scene *s, int64_t channel, const window *w)
{
    double sum = 0;
    for (int64_t k = 0; k < w->height * w->width; k++)
        sum += power(s, *cell_of(s, channel, w, k));
    return sum;
}

/* Of all of delta, and of delta in either window. */
static void sums(const vouch_square_scene *s, const window *one, const window *two, double *all,
                 double *windows)
{
    const int64_t h = s->image->height, w = s->image->width;
    *all = *windows = 0;
    for (int64_t k = 0; k < s->image->channels * h * w; k++) {
        const double d = s->bump->delta[k], i = (double)(k / w % h), j = (double)(k % w);
        *all += power(s, d);
        if (inside(one, (int64_t)i, (int64_t)j) || inside(two, (int64_t)i, (int64_t)j))
            *windows += power(s, d);
    }
}

static window random_window(const vouch_square_scene *s, int64_t height, int64_t width)
{
    const uint64_t rows = (uint64_t)(s->image->height - height + 1);
    const uint64_t columns = (uint64_t)(s->image->width - width + 1);
    const int64_t top = (int64_t)vouch_random_below(s->random, rows);
    return (window){top, (int64_t)vouch_random_below(s->random, columns), height, width};
}

/* The channel's part of the window becomes norm * unit(sign * eta + what is there, made unit). */
static void set_window(const vouch_square_scene *s, int64_t channel, const window *w,
                       double norm)
{
    const int64_t count = w->height * w->width;
    const double old = root(s, sum_in(s, channel, w)) + 1e-12, sign = coin(s->random) ? 1 : -1;
    for (int64_t k = 0; k < count; k++) {
        double *d = cell_of(s, channel, w, k);
        *d = *d / old + sign * s->bump->eta[k];
    }
    const double now = root(s, sum_in(s, channel, w)) + 1e-12;
    for (int64_t k = 0; k < count; k++)
        *cell_of(s, channel, w, k) *= norm / now;
}

static void write_back(const vouch_square_scene *s, float *x)
{
    const int64_t n = s->image->channels * s->image->height * s->image->width;
    if (s->norm == VOUCH_NORM_L2)
        scale_to(s, n, s->eps, s->bump->delta);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)((double)s->clean[i] + s->bump->delta[i]);
}

/* ---- moves --------------------------------------------------------------------------------- */

void vouch_square_bump_start(const vouch_square_scene *scene, float *x)
{
    const vouch_image *image = scene->image;
    const int64_t height = image->height / 5 > 0 ? image->height / 5 : 1;
    const int64_t width = image->width / 5 > 0 ? image->width / 5 : 1;
    const int64_t rows = image->height / height, columns = image->width / width;
    window w = {0, 0, height, width};
    memset(scene->bump->delta, 0,
           (size_t)(image->channels * image->height * image->width) * sizeof(double));
    for (int64_t k = 0; k < rows * columns; k++) {
        w.top = (image->height - rows * height) / 2 + k / columns * height;
        w.left = (image->width - columns * width) / 2 + k % columns * width;
        make_bump(scene, height, width);
        for (int64_t c = 0; c < image->channels; c++)
            set_window(scene, c, &w, 1);
    }
    write_back(scene, x);
}

static int64_t odd_side(double area, int64_t limit)
{
    int64_t side = (int64_t)fmax(rint(sqrt(area)), 3);
    side += side % 2 == 0;
    return side < limit ? side : limit;
}

void vouch_square_bump_move(const vouch_square_scene *scene, double share, float *x)
{
    const vouch_image *image = scene->image;
    const double area = share * (double)(image->height * image->width);
    const int64_t height = odd_side(area, image->height);
    const int64_t width = odd_side(image->height < 3 ? area * area : area, image->width);
    const window one = random_window(scene, height, width);
    const window two = random_window(scene, height, width);
    double all, windows;
    for (int64_t i = 0; i < image->channels * image->height * image->width; i++)
        scene->bump->delta[i] = (double)x[i] - (double)scene->clean[i];
    sums(scene, &one, &two, &all, &windows);
    const double left = fmax(power(scene, scene->eps) - all, 0) / (double)image->channels;
    make_bump(scene, height, width);
    for (int64_t c = 0; c < image->channels; c++)
        set_window(scene, c, &one, root(scene, left + windows));
    for (int64_t c = 0; c < image->channels; c++)
        for (int64_t k = 0; k < height * width; k++)
            if (!inside(&one, two.top + k / width, two.left + k % width))
                *cell_of(scene, c, &two, k) = 0;
    write_back(scene, x);
}
