/* Steps and starts of gradient attacks, by norm.
 *
 * Steepest ascent of a linear function over the unit ball: L-infinity the signs of the gradient,
 * L2 its direction, L1 all of it in one coordinate; as that is slow, the L1 step goes to the
 * steepest hundredth of the coordinates that can still move [Tramer, Boneh 2019, sec. 4].
 */
#include <math.h>
#include <string.h>

#include "attack/attack.h"

static double length_of(int64_t n, const float *g)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)g[i] * (double)g[i];
    return sqrt(sum);
}

static double sign_of(float g) { return (double)((g > 0) - (g < 0)); }

static double steepness(const vouch_cell *cell, const float *g, const float *p, int64_t i)
{
    const bool stuck = g[i] > 0 ? p[i] >= cell->high[i] : p[i] <= cell->low[i];
    return stuck ? 0 : fabs((double)g[i]);
}

/* The threshold above which at most `most` coordinates lie, by bisection. */
static double threshold(const vouch_assault *a, const vouch_cell *cell, const float *g,
                        const float *p)
{
    enum { STEPS = 40 };
    const int64_t most = a->inputs / 100 > 1 ? a->inputs / 100 : 1;
    double low = 0, high = 0;
    for (int64_t i = 0; i < a->inputs; i++)
        high = fmax(high, steepness(cell, g, p, i));
    for (int s = 0; s < STEPS; s++) {
        const double middle = low + (high - low) / 2;
        int64_t above = 0;
        for (int64_t i = 0; i < a->inputs; i++)
            above += steepness(cell, g, p, i) > middle;
        *(above > most ? &low : &high) = middle;
    }
    return low;
}

static void step_l1(const vouch_assault *a, int64_t place, const float *g, double length,
                    float *p)
{
    const vouch_cell *cell = &a->cell[place];
    const double least = threshold(a, cell, g, p);
    int64_t moved = 0;
    for (int64_t i = 0; i < a->inputs; i++)
        moved += steepness(cell, g, p, i) > least;
    for (int64_t i = 0; i < a->inputs; i++)
        if (steepness(cell, g, p, i) > least)
            p[i] = (float)((double)p[i] + sign_of(g[i]) * length / (double)moved);
}

void vouch_assault_step(const vouch_assault *a, int64_t place, const float *g, double length,
                        float *p)
{
    const double norm = a->ball->norm == VOUCH_NORM_L2 ? length_of(a->inputs, g) + 1e-30 : 1;
    if (a->ball->norm == VOUCH_NORM_L1) {
        step_l1(a, place, g, length, p);
        return;
    }
    for (int64_t i = 0; i < a->inputs; i++) {
        const double along =
            a->ball->norm == VOUCH_NORM_L2 ? (double)g[i] / norm : sign_of(g[i]);
        p[i] = (float)((double)p[i] + length * along);
    }
}

/* Uniform in the ball: L2 a normal direction, L1 Laplace, each scaled to a radius of the right
 * distribution [Barthe 2005, with p = 2, 1]. */
void vouch_assault_start(const vouch_assault *a, int64_t place, double width,
                         vouch_random *random, float *p)
{
    const float *x = vouch_assault_x(a, place);
    const double eps = a->ball->eps * width;
    double *d = a->scratch, size = 0;
    for (int64_t i = 0; i < a->inputs; i++) {
        d[i] = a->ball->norm == VOUCH_NORM_LINF ? 2 * vouch_random_unit(random) - 1
                                                : vouch_random_normal(random);
        if (a->ball->norm == VOUCH_NORM_L1)
            d[i] = copysign(-log(1 - vouch_random_unit(random)), d[i]);
        size += a->ball->norm == VOUCH_NORM_L2 ? d[i] * d[i] : fabs(d[i]);
    }
    size = a->ball->norm == VOUCH_NORM_L2 ? sqrt(size) : size;
    const double radius =
        pow(vouch_random_unit(random), 1 / (double)a->inputs) / (size + 1e-30);
    const double scale = eps * (a->ball->norm == VOUCH_NORM_LINF ? 1 : radius);
    for (int64_t i = 0; i < a->inputs; i++)
        p[i] = (float)((double)x[i] + scale * d[i]);
}
