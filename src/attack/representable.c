/* Representable points: the numbers of an element type that lie in an exact interval.
 *
 * Problem: a witness must be a tensor a user can feed to the network, so every coordinate is a
 * float32 (or float64) number; and it must lie in the property's box as its decimals say, not
 * as rounded. Decimals such as 0.1 are no binary numbers, so the ends of the box themselves are
 * often not representable.
 * Method: start from the rational bound rounded to the type, step to neighbouring numbers until
 * the first that lies inside; comparisons are rational.
 *
 * A coordinate so narrow that no number of its type lies in it (a constant 0.1, say) leaves the
 * box without any representable point; then no candidate becomes a witness, however close.
 */
#include "attack/attack_priv.h"

#include <float.h>
#include <math.h>

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
    is_float = VOUCH_NEW_ARRAY(arena, bool, grid->size);
    grid->low = VOUCH_NEW_ARRAY(arena, double, grid->size);
    grid->high = VOUCH_NEW_ARRAY(arena, double, grid->size);
    if (!is_float || !grid->low || !grid->high)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "witness: out of memory");
    set_types(graph, semantics, is_float);
    grid->is_float = is_float;
    return VOUCH_OK;
}

void vouch_grid_set_box(vouch_grid *grid, const vouch_box *box)
{
    mpq_t buffer;

    mpq_init(buffer);
    grid->empty = box->empty;
    for (int64_t i = 0; i < grid->size && !grid->empty; i++) {
        grid->low[i] = outermost(box->exact_low[i], 1, grid->is_float[i], buffer);
        grid->high[i] = outermost(box->exact_high[i], -1, grid->is_float[i], buffer);
        grid->empty = !(grid->low[i] <= grid->high[i]);
    }
    mpq_clear(buffer);
}

void vouch_grid_round(const vouch_grid *grid, const double *from, double *to)
{
    for (int64_t i = 0; i < grid->size; i++) {
        double x = fmin(fmax(from[i], grid->low[i]), grid->high[i]);
        if (grid->is_float[i])
            x = fmin(fmax((double)(float)x, grid->low[i]), grid->high[i]);
        to[i] = x;
    }
}
