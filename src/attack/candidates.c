/* Candidate points of a box: centre, corners, seeded random ones.
 *
 * Counterexamples of piecewise linear networks often sit on faces of the box (a linear function
 * is extreme at a corner; that of ACAS Xu's property 7 is missed by a million uniform points
 * and met by one in 800 whose coordinates are snapped to an end at random), so random points
 * come in both kinds.
 */
#include "attack/attack_priv.h"

#include <math.h>

int64_t vouch_candidate_fixed(int64_t varying_count)
{
    return 1 + (varying_count <= VOUCH_CANDIDATE_CORNERS ? (int64_t)1 << varying_count : 0);
}

static void centre(const vouch_grid *grid, double *point)
{
    for (int64_t i = 0; i < grid->size; i++)
        point[i] = grid->low[i] / 2 + grid->high[i] / 2;
}

/* Corner number `bits`: coordinate varying[j] at its upper end if bit j is set. */
static void corner(const vouch_grid *grid, const int64_t *varying, int64_t count, uint64_t bits,
                   double *point)
{
    for (int64_t i = 0; i < grid->size; i++)
        point[i] = grid->low[i];
    for (int64_t j = 0; j < count; j++)
        if (bits >> j & 1)
            point[varying[j]] = grid->high[varying[j]];
}

static void random_corner(const vouch_grid *grid, vouch_random *random, double *point)
{
    for (int64_t i = 0; i < grid->size; i++)
        point[i] = vouch_random_bits(random) >> 63 ? grid->high[i] : grid->low[i];
}

/* Uniform; with snap, each coordinate moves to one of its ends with probability 1/2. */
static void inside(const vouch_grid *grid, vouch_random *random, bool snap, double *point)
{
    for (int64_t i = 0; i < grid->size; i++) {
        double t = vouch_random_unit(random);
        if (snap) /* [0, 1/4): low end, [3/4, 1): high end, between: uniform */
            t = fmin(fmax(2 * t - 0.5, 0), 1);
        point[i] = grid->low[i] + t * (grid->high[i] - grid->low[i]);
    }
}

/* Digits of n in that base, mirrored behind the point: term n of the van der Corput sequence. */
static double mirrored(uint64_t n, uint64_t base)
{
    double x = 0, digit = 1;
    for (; n > 0; n /= base) {
        digit /= (double)base;
        x += digit * (double)(n % base);
    }
    return x;
}

/* Few coordinates: term n of the Halton sequence [Halton 1960], which leaves no box of a given
 * size without a point for long, however the network may cut its inputs up; a little of it on
 * either side falls on the faces. */
static void spread(const vouch_grid *grid, const int64_t *varying, int64_t count, uint64_t n,
                   double *point)
{
    static const uint64_t prime[] = {2, 3, 5};
    for (int64_t j = 0; j < count; j++) {
        const double t = mirrored(n, prime[j]) * (1 + 1.0 / 32) - 1.0 / 64;
        const int64_t i = varying[j];
        point[i] = grid->low[i] + fmin(fmax(t, 0), 1) * (grid->high[i] - grid->low[i]);
    }
}

void vouch_candidate(const vouch_grid *grid, const int64_t *varying, int64_t count,
                     int64_t number, vouch_random *random, double *point)
{
    const int64_t after = number - vouch_candidate_fixed(count);
    if (number == 0)
        centre(grid, point);
    else if (after < 0)
        corner(grid, varying, count, (uint64_t)number - 1, point);
    else if (count <= VOUCH_CANDIDATE_FEW) {
        centre(grid, point);
        spread(grid, varying, count, (uint64_t)after + 1, point);
    } else if (after % 4 == 3 && count > VOUCH_CANDIDATE_CORNERS)
        random_corner(grid, random, point);
    else
        inside(grid, random, after % 2 == 0, point);
    vouch_grid_round(grid, point, point);
}
