/* Moves: how a lane gets from one point to the next.
 *
 *   adam     Adam in coordinates scaled to the box [Kingma, Ba 2015]: settles in the inside
 *   sign     steps of the gradient's signs [Madry 2018]: runs along faces
 *   diverse  signs, after some steps in a random direction of the outputs, so that starts spread
 *            over what the network does rather than over its inputs [Tashiro 2020 (ODI)]
 *   flip     a random set or run of coordinates goes to an end of its interval, kept if no worse
 *            [Andriushchenko 2020 (square attack), without an image's geometry]
 *   drift    normal steps on some coordinates, their size following success [Rechenberg 1973]
 * Step sizes of descents fall geometrically.
 */
#include "attack/hunter.h"

#include <math.h>
#include <string.h>

static double width(const vouch_hunter *h, int64_t i)
{
    return h->grid.high[i] - h->grid.low[i];
}

static double rate(const vouch_hunter *h, double start)
{
    return start * pow(0.01, (double)h->step / (double)h->job->steps);
}

static void adam(vouch_hunter *h, int64_t lane)
{
    const double step = rate(h, 0.1);
    const double m_scale = 1 / (1 - pow(0.9, (double)h->step)),
                 v_scale = 1 / (1 - pow(0.99, (double)h->step));
    double *x = h->point + lane * h->n, *mean = h->mean + lane * h->n;
    double *square = h->square + lane * h->n;

    for (int64_t j = 0; j < h->varying_count; j++) {
        const int64_t i = h->varying[j];
        const double g = h->d_x[lane * h->n + i] * width(h, i);
        mean[i] = 0.9 * mean[i] + 0.1 * g;
        square[i] = 0.99 * square[i] + 0.01 * g * g;
        const double root = sqrt(square[i] * v_scale);
        if (root > 0)
            x[i] -= step * width(h, i) * mean[i] * m_scale / root;
    }
}

static void sign(vouch_hunter *h, int64_t lane)
{
    const double step = rate(h, 0.5), *g = h->d_x + lane * h->n;
    double *x = h->point + lane * h->n;

    for (int64_t j = 0; j < h->varying_count; j++) {
        const int64_t i = h->varying[j];
        if (g[i] != 0)
            x[i] -= g[i] > 0 ? step * width(h, i) : -step * width(h, i);
    }
}

/* The other end; from inside, either. */
static double other_end(const vouch_hunter *h, int64_t i, double x, vouch_random *random)
{
    if (x == h->grid.low[i])
        return h->grid.high[i];
    if (x == h->grid.high[i] || vouch_random_below(random, 2))
        return h->grid.low[i];
    return h->grid.high[i];
}

/* Between one coordinate and a share of `reach` of them, on a logarithmic scale. */
static int64_t how_many(const vouch_hunter *h, vouch_lane *l)
{
    const double most = fmax(1, l->reach * (double)h->varying_count);
    return (int64_t)fmin(exp(vouch_random_unit(&l->random) * log(most)) + 0.5, most);
}

static void flip(vouch_hunter *h, int64_t lane)
{
    vouch_lane *l = &h->lane[lane];
    double *x = h->point + lane * h->n;
    const int64_t count = how_many(h, l);
    const bool run = vouch_random_below(&l->random, 2);
    const bool high = vouch_random_below(&l->random, 2);
    const uint64_t start = vouch_random_below(&l->random, (uint64_t)h->varying_count);

    memcpy(x, h->kept + lane * h->n, (size_t)h->n * sizeof *x);
    for (int64_t c = 0; c < count; c++) {
        uint64_t j = run ? start + (uint64_t)c
                         : vouch_random_below(&l->random, (uint64_t)h->varying_count);
        const int64_t i = h->varying[j % (uint64_t)h->varying_count];
        if (run && count > 1)
            x[i] = high ? h->grid.high[i] : h->grid.low[i];
        else
            x[i] = other_end(h, i, x[i], &l->random);
    }
}

static void drift(vouch_hunter *h, int64_t lane)
{
    vouch_lane *l = &h->lane[lane];
    double *x = h->point + lane * h->n;
    const int64_t few = h->varying_count < 32 ? h->varying_count : 32;
    const uint64_t count = 1 + vouch_random_below(&l->random, (uint64_t)few);

    memcpy(x, h->kept + lane * h->n, (size_t)h->n * sizeof *x);
    for (uint64_t c = 0; c < count; c++) {
        const int64_t i =
            h->varying[vouch_random_below(&l->random, (uint64_t)h->varying_count)];
        x[i] += l->reach * width(h, i) * vouch_random_normal(&l->random);
    }
}

const vouch_attack_move vouch_attack_adam = {.next = adam};
const vouch_attack_move vouch_attack_sign = {.next = sign};
const vouch_attack_move vouch_attack_diverse = {.diverse_steps = 4, .next = sign};
const vouch_attack_move vouch_attack_flip = {.walks = true, .next = flip};
const vouch_attack_move vouch_attack_drift = {.walks = true, .next = drift};
