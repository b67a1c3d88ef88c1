/* Forward linear forms through curves: y_i = f(x_i), or the greatest of several, between lines.
 *
 * With x = M +- D (forms in the variables) and lines a x + b <= f(x) <= c x + d, the new lower
 * and upper forms are
 *
 *     a M - |a| D + b    and    c M + |c| D + d,
 *
 * for any signs of a and c. Their middle and half difference are
 *
 *     M' = (a + c)/2 M + (|c| - |a|)/2 D + (b + d)/2
 *     D' = (c - a)/2 M + (|a| + |c|)/2 D + (d - b)/2.
 *
 * Parallel lines (a = c) keep D' a constant; the room (d - b)/2 between them may then become a
 * variable of its own, which cancels where the network takes differences (DeepZ's noise
 * symbol).
 *
 * Rounding: a new coefficient is off by less than 4 roundings of (|a| + |c|)(|M| + |D|), so the
 * sums over all variables and constants are off by gamma_8 (|a| + |c|) s + gamma_8 (|b| + |d|)
 * in the middle and in the difference each; both go to the radius. Lines x and 0 round nothing.
 */
#include <string.h>

#include "bounds/bounds_priv.h"

/* A node at hand: the lines of its scalars, and the factors above as arrays. */
typedef struct curve_step {
    int node, x, y;
    int64_t from_count, count;             /* scalars of x, of y */
    int64_t fresh;                         /* variables to add */
    bool spread;                           /* D' is needed */
    vouch_relaxation *lines;               /* [count] */
    double *middle_middle, *middle_spread; /* [count] factors of M, D in M' */
    double *spread_middle, *spread_spread; /* [count] factors of M, D in D' */
    int64_t *source;                       /* [count] the scalar of x that y_i is about */
    double *size;                          /* [from_count] s */
    double gamma;                          /* of 8 roundings */
} curve_step;

enum { ARRAYS = 9 }; /* of doubles: 4 are lines, 4 factors, 1 sources */

_Static_assert(sizeof(vouch_relaxation) == 4 * sizeof(double), "lines fill four doubles");
_Static_assert(sizeof(int64_t) == sizeof(double), "sources fill doubles");

static vouch_status new_step(vouch_forward *f, int node, curve_step *s, double **buffer)
{
    const vouch_node *n = &f->pass.graph->node[node];
    int64_t count = vouch_forward_count(f, n->output[0]);

    *s = (curve_step){.node = node,
                      .x = n->input[0],
                      .y = n->output[0],
                      .from_count = vouch_forward_count(f, n->input[0]),
                      .count = count,
                      .gamma = vouch_gamma64(8)};
    *buffer = vouch_pool_take(&f->pool, ARRAYS * count);
    s->size = vouch_pool_take(&f->pool, s->from_count);
    if (!*buffer || !s->size)
        return VOUCH_ERR_MEMORY;
    s->lines = (vouch_relaxation *)(void *)*buffer;
    s->middle_middle = *buffer + 4 * count;
    s->middle_spread = *buffer + 5 * count;
    s->spread_middle = *buffer + 6 * count;
    s->spread_spread = *buffer + 7 * count;
    s->source = (int64_t *)(void *)(*buffer + 8 * count);
    for (int64_t i = 0; i < count; i++)
        s->source[i] = i;
    return VOUCH_OK;
}

static vouch_status relax(vouch_forward *f, curve_step *s)
{
    VOUCH_TRY(vouch_pass_relax(&f->pass, s->node, f->settings.parallel, s->lines, s->source));
    for (int64_t i = 0; i < s->count; i++) {
        double a = s->lines[i].lower.slope, c = s->lines[i].upper.slope;

        s->middle_middle[i] = .5 * (a + c);
        s->middle_spread[i] = .5 * (fabs(c) - fabs(a));
        s->spread_middle[i] = .5 * (c - a);
        s->spread_spread[i] = .5 * (fabs(a) + fabs(c));
        s->spread = s->spread || a != c;
    }
    return VOUCH_OK;
}

/* Half the room between parallel lines, rounded up; 0 where a variable would not help. */
static double room(const vouch_relaxation *lines)
{
    double half = vouch_up(.5 * vouch_up(lines->upper.offset - lines->lower.offset));

    return lines->upper.offset > lines->lower.offset && isfinite(half) ? half : 0;
}

/* How many of the node's scalars get a variable: the first ones, while the limits allow. */
static void plan_generators(const vouch_forward *f, curve_step *s)
{
    int64_t left = f->limit - f->variables;

    for (int64_t i = 0; i < s->count && s->fresh < left; i++)
        s->fresh += room(&s->lines[i]) > 0;
    if (!vouch_forward_fits(f, f->variables + s->fresh, s->count))
        s->fresh = 0;
}

/* The room of scalar i moves from its lines to a new variable; what the middle's rounding takes
 * is within the error of a constant of that size (mix_constants). */
static void add_generators(vouch_forward *f, curve_step *s)
{
    vouch_form *to = &f->form[s->y];

    for (int64_t i = 0; i < s->count && s->fresh > 0; i++) {
        vouch_relaxation *lines = &s->lines[i];
        double half = room(lines);

        if (half == 0)
            continue;
        lines->lower.offset = .5 * lines->lower.offset + .5 * lines->upper.offset;
        lines->upper.offset = lines->lower.offset;
        f->scale[f->variables++] = half;
        to->middle[f->variables * s->count + i] = 1;
        s->fresh--;
    }
}

static vouch_status mix_coefficients(vouch_forward *f, const curve_step *s)
{
    const vouch_form *from = &f->form[s->x];
    vouch_form *to = &f->form[s->y];

    for (int64_t k = 0; k < from->variables; k++) {
        const double *middle = from->middle + (k + 1) * s->from_count;
        const double *spread = from->spread ? from->spread + k * s->from_count : NULL;
        double *to_middle = to->middle + (k + 1) * s->count;
        double *to_spread = to->spread ? to->spread + k * s->count : NULL;

        VOUCH_TRY(vouch_forward_poll(f, k, s->count));
        for (int64_t i = 0; i < s->count; i++) {
            double m = middle[s->source[i]], d = spread ? spread[s->source[i]] : 0;

            to_middle[i] = s->middle_middle[i] * m + s->middle_spread[i] * d;
            if (to_spread)
                to_spread[i] = s->spread_middle[i] * m + s->spread_spread[i] * d;
        }
    }
    return VOUCH_OK;
}

/* The line is x or 0, above and below. */
static bool is_plain(const vouch_relaxation *lines)
{
    double slope = lines->lower.slope;

    return lines->upper.slope == slope && (slope == 0 || slope == 1) &&
           lines->lower.offset == 0 && lines->upper.offset == 0;
}

/* The difference of the forms at the centre of the box is not negative, whatever was computed.
 */
static void mix_constants(vouch_forward *f, const curve_step *s, int64_t i)
{
    const vouch_form *from = &f->form[s->x];
    vouch_form *to = &f->form[s->y];
    double b = s->lines[i].lower.offset, d = s->lines[i].upper.offset;
    double slopes = fabs(s->lines[i].lower.slope) + fabs(s->lines[i].upper.slope);
    double c = from->middle[s->source[i]], r = from->radius[s->source[i]], radius, error;

    to->middle[i] = s->middle_middle[i] * c + s->middle_spread[i] * r + (.5 * b + .5 * d);
    radius = s->spread_middle[i] * c + s->spread_spread[i] * r + (.5 * d - .5 * b);
    radius = radius < 0 ? 0 : radius; /* NaN stays: concretising then resets the scalar */
    to->radius[i] = radius;
    if (is_plain(&s->lines[i]))
        return;
    error = 2 * s->gamma * (slopes * s->size[s->source[i]] + fabs(b) + fabs(d)) + 16 * DBL_MIN;
    to->radius[i] = vouch_inflate(radius + error, 4);
}

static double sum_scales(const vouch_forward *f, int64_t variables)
{
    double sum = 0;

    for (int64_t k = 0; k < variables; k++)
        sum += f->scale[k];
    return sum;
}

static vouch_status mix_forms(vouch_forward *f, curve_step *s)
{
    const vouch_form *from = &f->form[s->x];
    int64_t variables = s->fresh > 0 ? f->variables + s->fresh : from->variables;
    bool spread = from->spread || s->spread;
    double tiny = 8 * DBL_MIN * sum_scales(f, from->variables); /* underflow of coefficients */

    if (!vouch_forward_fits(f, variables, s->count))
        return vouch_forward_interval(f, s->y);
    VOUCH_TRY(vouch_forward_new_form(f, s->y, variables, spread));
    VOUCH_TRY(vouch_forward_sizes(f, s->x, s->size));
    VOUCH_TRY(mix_coefficients(f, s));
    add_generators(f, s);
    for (int64_t i = 0; i < s->count; i++) {
        mix_constants(f, s, i);
        if (!is_plain(&s->lines[i]))
            f->form[s->y].radius[i] = vouch_up(f->form[s->y].radius[i] + tiny);
    }
    return VOUCH_OK;
}

vouch_status vouch_forward_curve(vouch_forward *f, int node)
{
    curve_step s;
    double *buffer;

    VOUCH_TRY(new_step(f, node, &s, &buffer));
    VOUCH_TRY(relax(f, &s));
    if (f->settings.parallel)
        plan_generators(f, &s);
    VOUCH_TRY(mix_forms(f, &s));
    vouch_pool_give(&f->pool, buffer);
    vouch_pool_give(&f->pool, s.size);
    return VOUCH_OK;
}
