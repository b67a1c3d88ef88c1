/* Representable points: the numbers of an element type that lie in an exact interval.
 *
 * Problem: a witness should be a tensor a user can feed to the network, so every coordinate is a
 * float32 (or float64) number; and it must lie in the property's box as its decimals say, not
 * as rounded. Decimals such as 0.1 are no binary numbers, so the ends of the box themselves are
 * often not representable.
 * Method: start from the rational bound rounded to the type, step to neighbouring numbers until
 * the first that lies inside; comparisons are rational.
 *
 * A coordinate so narrow that no number of its type lies in it (a constant 0.1 of a float32
 * input, say) is `between`: over the reals the property still has points there, so one of them
 * is taken. It is the double nearest to the middle where that lies inside, else the middle
 * itself, a rational: of a constant the decimal as written. Under float32 semantics the
 * evaluation takes no other numbers, so the nearest float32 stands for the constant, as in
 * every tool that reads 0.1 into a float32 tensor.
 */
#include "attack/attack_priv.h"

#include <float.h>
#include <math.h>

#include "spec/rational.h"

static double neighbour(double x, double toward, bool is_float)
{
    if (is_float)
        return (double)nextafterf((float)x, (float)toward);
    return nextafter(x, toward);
}

/* Is x >= bound (sign 1) or x <= bound (sign -1), exactly? Infinities are outside everything.
 */
static bool inside(double x, mpq_srcptr bound, int sign, mpq_ptr buffer)
{
    if (!isfinite(x))
        return false;
    mpq_set_d(buffer, x);
    return mpq_cmp(buffer, bound) * sign >= 0;
}

/* The outermost number of the type that is still inside; infinite if there is none. */
static double outermost(mpq_srcptr bound, int sign, bool is_float, mpq_ptr buffer)
{
    double largest = is_float ? (double)FLT_MAX : DBL_MAX;
    double inward = sign > 0 ? (double)INFINITY : -(double)INFINITY;
    double x = fmin(fmax(mpq_get_d(bound), -largest), largest);

    if (is_float)
        x = (double)(float)x;
    while (isfinite(x) && !inside(x, bound, sign, buffer))
        x = neighbour(x, inward, is_float);
    while (inside(neighbour(x, -inward, is_float), bound, sign, buffer))
        x = neighbour(x, -inward, is_float);
    return x;
}

static void set_types(const vouch_graph *graph, vouch_semantics semantics, bool *is_float)
{
    for (int i = 0; i < graph->input_count; i++) {
        const vouch_value *v = &graph->value[graph->input[i]];
        for (int64_t j = vouch_shape_count(&v->shape); j > 0; j--)
            *is_float++ = v->dtype == VOUCH_F32 || semantics == VOUCH_SEMANTICS_FLOAT32;
    }
}

vouch_status vouch_grid_new(vouch_arena *arena, const vouch_graph *graph,
                            const vouch_spec *spec, vouch_semantics semantics, vouch_grid *grid)
{
    vouch_context *ctx = vouch_arena_context(arena);
    bool *is_float;

    if (vouch_op_input_size(graph) != spec->input_size)
        return vouch_fail(ctx, VOUCH_ERR_SHAPE, "%s: the property has %lld inputs, %s has %lld",
                          spec->source, (long long)spec->input_size, graph->source,
                          (long long)vouch_op_input_size(graph));
    *grid = (vouch_grid){.size = spec->input_size};
    grid->semantics = semantics;
    is_float = VOUCH_NEW_ARRAY(arena, bool, grid->size);
    grid->between = VOUCH_NEW_ARRAY(arena, bool, grid->size);
    grid->low = VOUCH_NEW_ARRAY(arena, double, grid->size);
    grid->high = VOUCH_NEW_ARRAY(arena, double, grid->size);
    if (!is_float || !grid->between || !grid->low || !grid->high)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "witness: out of memory");
    set_types(graph, semantics, is_float);
    grid->is_float = is_float;
    return VOUCH_OK;
}

/* The real point taken of an interval without a number of the type. */
static void point_between(const vouch_box *box, int64_t i, mpq_ptr point)
{
    mpq_add(point, box->exact_low[i], box->exact_high[i]);
    mpq_div_2exp(point, point, 1);
    double nearest = vouch_rational_nearest(point);
    if (isfinite(nearest) && vouch_rational_compare(box->exact_low[i], nearest) <= 0 &&
        vouch_rational_compare(box->exact_high[i], nearest) >= 0)
        mpq_set_d(point, nearest);
}

static double nearest_number(const vouch_grid *grid, mpq_srcptr point)
{
    double nearest = fmin(fmax(vouch_rational_nearest(point), -DBL_MAX), DBL_MAX);
    if (grid->semantics != VOUCH_SEMANTICS_FLOAT32)
        return nearest;
    return (double)(float)fmin(fmax(nearest, -(double)FLT_MAX), (double)FLT_MAX);
}

void vouch_grid_set_box(vouch_grid *grid, const vouch_box *box)
{
    mpq_t buffer;

    mpq_init(buffer);
    grid->box = box;
    grid->empty = box->empty;
    for (int64_t i = 0; i < grid->size && !grid->empty; i++) {
        grid->low[i] = outermost(box->exact_low[i], 1, grid->is_float[i], buffer);
        grid->high[i] = outermost(box->exact_high[i], -1, grid->is_float[i], buffer);
        grid->between[i] = !(grid->low[i] <= grid->high[i]);
        if (grid->between[i]) {
            point_between(box, i, buffer);
            grid->low[i] = grid->high[i] = nearest_number(grid, buffer);
        }
    }
    mpq_clear(buffer);
}

/* x brought into [low, high]; a NaN becomes low. */
static inline double clamped(double x, double low, double high)
{
    return !(x > low) ? low : x > high ? high : x;
}

void vouch_grid_round(const vouch_grid *grid, const double *from, double *to)
{
    for (int64_t i = 0; i < grid->size; i++) {
        const double x = clamped(from[i], grid->low[i], grid->high[i]);
        const bool rounds = grid->is_float[i] && !grid->between[i];
        to[i] = rounds ? clamped((double)(float)x, grid->low[i], grid->high[i]) : x;
    }
}

/* Is coordinate i a real point that x[i] is only near to? */
static bool is_beside(const vouch_grid *grid, int64_t i)
{
    return grid->between[i] && grid->semantics == VOUCH_SEMANTICS_REAL;
}

void vouch_grid_exact(const vouch_grid *grid, const double *x, int64_t i, mpq_ptr exact)
{
    if (is_beside(grid, i))
        point_between(grid->box, i, exact);
    else
        mpq_set_d(exact, x[i]);
}

void vouch_grid_enclose(const vouch_grid *grid, const double *x, double *low, double *high)
{
    mpq_t exact;

    mpq_init(exact);
    for (int64_t i = 0; i < grid->size; i++) {
        low[i] = high[i] = x[i];
        if (!is_beside(grid, i))
            continue;
        point_between(grid->box, i, exact);
        vouch_rational_bracket(exact, &low[i], &high[i]);
    }
    mpq_clear(exact);
}

bool vouch_grid_contains(const vouch_grid *grid, const double *x)
{
    for (int64_t i = 0; i < grid->size; i++)
        if (!grid->between[i] &&
            (!isfinite(x[i]) || vouch_rational_compare(grid->box->exact_low[i], x[i]) > 0 ||
             vouch_rational_compare(grid->box->exact_high[i], x[i]) < 0))
            return false;
    return !grid->empty;
}
