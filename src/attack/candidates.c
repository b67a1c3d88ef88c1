/* Candidate points of a box: centre, corners, seeded random ones.
 *
 * Counterexamples of piecewise linear networks often sit on faces of the box (a linear function
 * is extreme at a corner; that of ACAS Xu's property 7 is missed by a million uniform points
 * and met by one in 800 whose coordinates are snapped to an end at random), so random points
 * come in both kinds.
 */
#include "attack/attack_priv.h"

#include <math.h>

void vouch_candidate_centre(const vouch_grid *grid, double *point)
{
    for (int64_t i = 0; i < grid->size; i++)
        point[i] = grid->low[i] / 2 + grid->high[i] / 2;
    vouch_grid_round(grid, point, point);
}

int vouch_candidate_varying(const vouch_grid *grid, int64_t *varying, int limit)
{
    int count = 0;

    for (int64_t i = 0; i < grid->size && count < limit; i++)
        if (grid->low[i] < grid->high[i])
            varying[count++] = i;
    return count;
}

void vouch_candidate_corner(const vouch_grid *grid, const int64_t *varying, int count,
                            uint64_t bits, double *point)
{
    for (int64_t i = 0; i < grid->size; i++)
        point[i] = grid->low[i];
    for (int j = 0; j < count; j++)
        if (bits >> j & 1)
            point[varying[j]] = grid->high[varying[j]];
}

void vouch_candidate_random_corner(const vouch_grid *grid, vouch_random *random, double *point)
{
    for (int64_t i = 0; i < grid->size; i++)
        point[i] = vouch_random_bits(random) >> 63 ? grid->high[i] : grid->low[i];
}

void vouch_candidate_random(const vouch_grid *grid, vouch_random *random, bool snap,
                            double *point)
{
    for (int64_t i = 0; i < grid->size; i++) {
        double t = vouch_random_unit(random);
        if (snap) /* [0, 1/4): low end, [3/4, 1): high end, between: uniform */
            t = fmin(fmax(2 * t - 0.5, 0), 1);
        point[i] = grid->low[i] + t * (grid->high[i] - grid->low[i]);
    }
    vouch_grid_round(grid, point, point);
}
