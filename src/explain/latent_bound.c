/* The table of ways of bounding, and the Lagrangian that all of them go through (latent_bound.h).
 *
 * With s = +-1 + sum_j lambda_j, b_k = +-p_ik + sum_j lambda_j p_jk and e_k likewise of squares, the
 * parabola of coordinate k is s z^2 - 2 b_k z + e_k. Coordinates are numbers of float32, so their
 * squares are exact; sums are made in double with the running bound of num/round.h, and the rest in
 * intervals. The minimum of a parabola that opens upward is bounded by its tangent near the vertex
 * and by e - b^2 / s, whichever is greater; of one that opens downward it is at an end.
 */
#include "explain/latent_bound.h"

#include <math.h>
#include <string.h>

#define VOUCH_LATENT(name) extern const vouch_latent_bounding vouch_latent_##name;
#include "explain/latent.def"
#undef VOUCH_LATENT

const vouch_latent_bounding *const *vouch_latent_table(void)
{
    static const vouch_latent_bounding *const table[] = {
#define VOUCH_LATENT(name) &vouch_latent_##name,
#include "explain/latent.def"
#undef VOUCH_LATENT
        NULL};
    return table;
}

const vouch_latent_bounding *vouch_latent_find(const char *name)
{
    const vouch_latent_bounding *const *at = vouch_latent_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

bool vouch_latent_choices(size_t index, const char **name)
{
    const vouch_latent_bounding *way = vouch_latent_table()[index];
    *name = way ? way->name : NULL;
    return way != NULL;
}

/* ---- the parabolas --------------------------------------------------------------------------- */

enum {
    LINE,
    LINE_SIZE,
    LEVEL,
    LEVEL_SIZE
}; /* rows of view->sum: b, e, and sums of magnitudes */

static void add_point(const vouch_latent_view *v, const double *p, double by)
{
    const int64_t n = v->problem->dimension;
    double *restrict b = v->sum + LINE * n, *restrict b_size = v->sum + LINE_SIZE * n;
    double *restrict e = v->sum + LEVEL * n, *restrict e_size = v->sum + LEVEL_SIZE * n;
    for (int64_t k = 0; k < n; k++) {
        const double line = by * p[k], level = by * (p[k] * p[k]);
        b[k] += line;
        b_size[k] += fabs(line);
        e[k] += level;
        e_size[k] += fabs(level);
    }
}

/* A sum of `terms` products that came out as x, their magnitudes as `size`. */
static vouch_span about(double x, double size, int64_t terms)
{
    /* the sum of magnitudes is rounded as well: twice gamma covers both */
    const double off = vouch_product_up(2 * vouch_gamma64(terms + 2), size);
    const double error = vouch_sum_up(off, (double)(terms + 2) * 2 * DBL_MIN);
    return (vouch_span){vouch_sum_down(x, -error), vouch_sum_up(x, error)};
}

static vouch_span at(vouch_span s, vouch_span b, vouch_span e, double z)
{
    const vouch_span x = vouch_span_of(z);
    const vouch_span twice = vouch_span_add(b, b);
    const vouch_span inner = vouch_span_add(vouch_span_mul(s, x), vouch_span_neg(twice));
    return vouch_span_add(vouch_span_mul(inner, x), e);
}

/* least over [low, high] of s z^2 - 2 b z + e, s >= 0. */
static double convex_least(vouch_span s, vouch_span b, vouch_span e, double low, double high)
{
    const double vertex = 0.5 * (b.low + b.high) / (0.5 * (s.low + s.high));
    const double z = isfinite(vertex) ? fmin(fmax(vertex, low), high)
                     : isfinite(low)  ? low
                     : isfinite(high) ? high
                                      : 0;
    const vouch_span slope = vouch_span_add(vouch_span_mul(s, vouch_span_of(2 * z)),
                                            vouch_span_neg(vouch_span_add(b, b)));
    const vouch_span moved = {vouch_sum_down(low, -z), vouch_sum_up(high, -z)};
    double least = vouch_sum_down(at(s, b, e, z).low, vouch_span_mul(slope, moved).low);
    if (s.low > 0) {
        const vouch_span drop = vouch_span_div(vouch_span_square(b), s);
        least = fmax(least, vouch_span_add(e, vouch_span_neg(drop)).low);
    }
    return isnan(least) ? -(double)INFINITY : least;
}

static double parabola_least(vouch_span s, vouch_span b, vouch_span e, double low, double high)
{
    if (s.low >= 0)
        return convex_least(s, b, e, low, high);
    if (!isfinite(low) || !isfinite(high))
        return -(double)INFINITY;
    if (s.high <= 0)
        return fmin(at(s, b, e, low).low, at(s, b, e, high).low);
    const vouch_span z = {low, high}, twice = vouch_span_add(b, b);
    return vouch_span_add(vouch_span_add(vouch_span_mul(s, vouch_span_square(z)),
                                         vouch_span_neg(vouch_span_mul(twice, z))),
                          e)
        .low;
}

/* ---- the bound ------------------------------------------------------------------------------- */

/* - sum_j lambda_j (D_j or d_j), rounded down. */
static double held(const vouch_latent_view *v)
{
    double sum = 0;
    for (int64_t j = 0; j < v->count; j++) {
        const double by = v->lambda[j];
        const vouch_span d =
            v->problem->squared[v->component * v->problem->prototypes + v->given[j]];
        if (by != 0)
            sum = vouch_sum_down(sum, vouch_product_down(-by, by > 0 ? d.high : d.low));
    }
    return sum;
}

static double lagrangian(vouch_latent_view *v, double sign)
{
    const vouch_latent_problem *p = v->problem;
    const int64_t n = p->dimension, terms = v->count + 1;
    double total = held(v), s = sign, s_size = 1;
    memset(v->sum, 0, (size_t)(4 * n) * sizeof *v->sum);
    add_point(v, vouch_latent_prototype(v, v->prototype), sign);
    for (int64_t j = 0; j < v->count; j++) {
        if (v->lambda[j] == 0)
            continue;
        add_point(v, vouch_latent_prototype(v, v->given[j]), v->lambda[j]);
        s += v->lambda[j];
        s_size += fabs(v->lambda[j]);
    }
    const vouch_span slant = about(s, s_size, terms);
    for (int64_t k = 0; k < n && total > -(double)INFINITY; k++) {
        const vouch_span b = about(v->sum[LINE * n + k], v->sum[LINE_SIZE * n + k], terms);
        const vouch_span e = about(v->sum[LEVEL * n + k], v->sum[LEVEL_SIZE * n + k], terms);
        total = vouch_sum_down(total, parabola_least(slant, b, e, p->low[v->component * n + k],
                                                     p->high[v->component * n + k]));
    }
    return total;
}

void vouch_latent_try(vouch_latent_view *v, double sign)
{
    for (int64_t j = 0; j < v->count; j++)
        if (!isfinite(v->lambda[j]))
            return;
    const double least = lagrangian(v, sign);
    if (sign > 0 && least > v->squared.low)
        v->squared.low = least;
    if (sign < 0 && -least < v->squared.high)
        v->squared.high = -least;
}

void vouch_latent_try_sphere(vouch_latent_view *v, const double *share, double radius,
                             double apart)
{
    const double ratio = apart / fmax(radius, 1e-9 * (1 + apart));
    for (int64_t j = 0; j < v->count; j++)
        v->lambda[j] = (ratio - 1) * share[j];
    vouch_latent_try(v, 1);
    for (int64_t j = 0; j < v->count; j++)
        v->lambda[j] = (ratio + 1) * share[j];
    vouch_latent_try(v, -1);
}
