/* Bounds of a form's scalars while lowering, to fold stable neurons at once.
 *
 * A scalar is  z = a.x + c + sum_j w_j h_j +- err  over the neurons h_j so far. Two enclosures
 * are intersected: the interval one with 0 <= h_j <= high_j; and, where inputs are few, a linear
 * one: each neuron keeps L_j(x) - e_j <= h_j <= U_j(x) + e_j, and
 *
 *     z >= a.x + c + sum_{w_j > 0} w_j L_j(x) + sum_{w_j < 0} w_j U_j(x) - sum |w_j| e_j - err
 *
 * is minimised over the box (symbolic intervals: Wang 2018, Neurify; slopes of Singh 2019). With
 * two inputs this is nearly exact, so that on a small box of a lattice network hardly a neuron
 * of thousands is left. Rounding: every sum of n terms is off by at most gamma_n of the sum of
 * magnitudes, which `size` and `scale` bound from above.
 */
#include <math.h>
#include <string.h>

#include "lower/pwl_priv.h"
#include "num/round.h"

static vouch_status allocate(const vouch_lowering *lo, int64_t count, vouch_enclosure *e)
{
    const int64_t columns = lo->inputs + 1;
    e->low = VOUCH_NEW_ARRAY(lo->scratch, double, count);
    e->high = VOUCH_NEW_ARRAY(lo->scratch, double, count);
    e->size = VOUCH_NEW_ARRAY(lo->scratch, double, count);
    e->rounding = VOUCH_NEW_ARRAY(lo->scratch, double, count);
    if (!e->low || !e->high || !e->size || !e->rounding)
        return VOUCH_ERR_MEMORY;
    if (lo->inputs > VOUCH_PWL_FEW_INPUTS)
        return VOUCH_OK;
    e->lower = VOUCH_NEW_ARRAY(lo->scratch, double, columns *count);
    e->upper = VOUCH_NEW_ARRAY(lo->scratch, double, columns *count);
    e->error = VOUCH_NEW_ARRAY(lo->scratch, double, count);
    e->scale = VOUCH_NEW_ARRAY(lo->scratch, double, count);
    return e->lower && e->upper && e->error && e->scale ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static void by_intervals(const vouch_lowering *lo, const vouch_form *f, vouch_enclosure *e)
{
    for (int v = 0; v < f->columns; v++) {
        const double *m = f->m + v * f->count, low = lo->var_low[v], high = lo->var_high[v];
        for (int64_t i = 0; i < f->count; i++) {
            const double a = m[i] * low, b = m[i] * high;
            e->low[i] += a < b ? a : b;
            e->high[i] += a < b ? b : a;
        }
    }
    const double gamma = vouch_gamma64(2 * (int64_t)f->columns + 8);
    const double lost = vouch_pwl_underflow(lo, f->columns, 2);
    for (int64_t i = 0; i < f->count; i++) {
        const double error = vouch_up((gamma * e->size[i] + f->err[i]) * (1 + gamma) + lost);
        e->low[i] = vouch_down(e->low[i] - error);
        e->high[i] = vouch_up(e->high[i] + error);
        e->rounding[i] = error;
    }
}

/* Adds  w_i * neuron  to the linear bounds of every scalar. */
static void add_neuron(const vouch_lowering *lo, const vouch_neuron *n, const double *w,
                       int64_t count, vouch_enclosure *e)
{
    for (int64_t i = 0; i < count; i++) {
        if (w[i] == 0)
            continue;
        const double *below = w[i] > 0 ? n->lower : n->upper;
        const double *above = w[i] > 0 ? n->upper : n->lower;
        for (int d = 0; d <= lo->inputs; d++) {
            e->lower[d * count + i] += w[i] * below[d];
            e->upper[d * count + i] += w[i] * above[d];
        }
        e->error[i] += fabs(w[i]) * n->error;
        e->scale[i] += fabs(w[i]) * n->scale;
    }
}

/* Intersects with the least and greatest value of the linear bounds. */
static void concretise(const vouch_lowering *lo, const vouch_form *f, vouch_enclosure *e)
{
    const int64_t count = f->count;
    for (int64_t i = 0; i < count; i++) {
        double low = e->lower[lo->inputs * count + i], high = e->upper[lo->inputs * count + i];
        for (int d = 0; d < lo->inputs; d++) {
            const double a = e->lower[d * count + i], b = e->upper[d * count + i];
            low += fmin(a * lo->low[d], a * lo->high[d]);
            high += fmax(b * lo->low[d], b * lo->high[d]);
        }
        e->low[i] = fmax(e->low[i], vouch_down(low - e->error[i]));
        e->high[i] = fmin(e->high[i], vouch_up(high + e->error[i]));
    }
}

static void by_lines(const vouch_lowering *lo, const vouch_form *f, vouch_enclosure *e)
{
    const int64_t count = f->count, own = lo->inputs + 1;
    memcpy(e->lower, f->m, (size_t)(own * count) * sizeof *e->lower);
    memcpy(e->upper, f->m, (size_t)(own * count) * sizeof *e->upper);
    for (int64_t v = 0; v < own; v++)
        for (int64_t i = 0; i < count; i++)
            e->scale[i] += fabs(f->m[v * count + i]) * lo->magnitude[v];
    for (int64_t v = own; v < f->columns; v++)
        add_neuron(lo, &lo->neuron[v - own], f->m + v * count, count, e);
    /* the sums of coefficients, and those of the concretisation, are off by gamma of scale */
    const double gamma = vouch_gamma64(4 * (int64_t)f->columns + 32);
    const double lost = vouch_pwl_underflow(lo, f->columns, 4 * (int64_t)f->columns + 32);
    for (int64_t i = 0; i < count; i++) {
        e->scale[i] = vouch_up(e->scale[i] * (1 + gamma));
        e->error[i] = vouch_up(
            (e->error[i] + f->err[i] + 2 * gamma * e->scale[i]) * (1 + 2 * gamma) + lost);
    }
    concretise(lo, f, e);
}

vouch_status vouch_pwl_enclose(vouch_lowering *lo, const vouch_form *f, vouch_enclosure *e)
{
    *e = (vouch_enclosure){0};
    VOUCH_TRY(allocate(lo, f->count, e));
    vouch_pwl_form_size(lo, f, e->size);
    by_intervals(lo, f, e);
    if (e->lower)
        by_lines(lo, f, e);
    return VOUCH_OK;
}

/* Lower line 0 or z, whichever is nearer to the curve; upper line through both ends. */
vouch_status vouch_pwl_relax(vouch_lowering *lo, const vouch_enclosure *e, int64_t count,
                             int64_t i, double at, const double ends[2], vouch_neuron *to)
{
    const double l = ends[0], u = ends[1], slope = fmin(u / (u - l), 1);
    const double lift =
        vouch_up(fmax(fmax(vouch_up(-slope * l), vouch_up(u - vouch_down(slope * u))), 0));
    const bool follows = u > -l;
    const int n = lo->inputs;
    if (!e->lower)
        return VOUCH_OK;
    to->lower = VOUCH_NEW_ARRAY(lo->arena, double, n + 1);
    to->upper = VOUCH_NEW_ARRAY(lo->arena, double, n + 1);
    if (!to->lower || !to->upper)
        return VOUCH_ERR_MEMORY;
    for (int d = 0; d <= n; d++) {
        to->lower[d] = follows ? e->lower[d * count + i] - (d == n ? at : 0) : 0;
        to->upper[d] = slope * (e->upper[d * count + i] - (d == n ? at : 0));
    }
    to->upper[n] += lift;
    to->scale = vouch_up((e->scale[i] + fabs(at) + lift) * (1 + 8 * VOUCH_U64));
    to->error = vouch_up((e->error[i] + 8 * VOUCH_U64 * to->scale) * (1 + 8 * VOUCH_U64) +
                         vouch_pwl_underflow(lo, n + 1, 4));
    return VOUCH_OK;
}
