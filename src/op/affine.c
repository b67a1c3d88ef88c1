/* Ranges of affine nodes, from `linear` alone.
 *
 * For x in [l, h] take any midpoint m and a radius r >= max(h - m, m - l). Then A x + b lies in
 * A m + b -+ |A| r. Computed: with t = terms, R = ABS(r), M = ABS(|m|), B = ABS_OFFSET, g =
 * gamma_t and eta the smallest normal number,
 *     error <= R (1 + g) + g M (1 + g) + g B (1 + g) + 4 t eta (1 + g)
 * covers the radius and the rounding of A m and b; the sums of several inputs are rounded
 * outward one by one.
 *
 * A node that has `linear` but no `range` of its own takes its data from input 0 and its
 * parameters from the others (Conv, pooling, sums, BatchNormalization); if input 0 is constant
 * too, it is a point among intervals.
 *
 * An infinite end makes r infinite; where |A| r is then 0 * infinity the result is NaN, and the
 * output counts as unbounded: sound, and loose only for inputs nobody bounded.
 */
#include "op/affine.h"
#include "op/directed.h"

typedef struct parts {
    vouch_linear_call linear;
    double *mid, *radius, *size; /* of the input */
    double *part;                /* of the output */
} parts;

static void split_interval(const vouch_tensor *low, const vouch_tensor *high, parts *p)
{
    for (int64_t i = 0; i < low->count; i++) {
        const double l = low->f64[i], h = high->f64[i];
        double m = l / 2 + h / 2;
        if (!isfinite(m))
            m = 0;
        p->mid[i] = m;
        p->size[i] = fabs(m);
        p->radius[i] = fmax(vouch_sum_up(h, -m), vouch_sum_up(m, -l));
    }
}

static vouch_status product(parts *p, vouch_linear_mode mode, const double *in)
{
    p->linear.mode = mode;
    p->linear.in = in;
    p->linear.out = p->part;
    return p->linear.node->op->linear(&p->linear);
}

/* low and high +-= factor * part, outward */
static void widen(const parts *p, double factor, vouch_tensor *low, vouch_tensor *high)
{
    for (int64_t i = 0; i < low->count; i++) {
        const double e = p->part[i] == 0 ? 0 : vouch_mul_up(factor, p->part[i]);
        const double error = isnan(e) ? (double)INFINITY : e;
        low->f64[i] = error == 0 ? low->f64[i] : vouch_add_down(low->f64[i], -error);
        high->f64[i] = error == 0 ? high->f64[i] : vouch_add_up(high->f64[i], error);
    }
}

static void shift(const parts *p, vouch_tensor *low, vouch_tensor *high)
{
    for (int64_t i = 0; i < low->count; i++) {
        const double c = p->part[i];
        low->f64[i] = isfinite(c) ? vouch_sum_down(low->f64[i], c) : -(double)INFINITY;
        high->f64[i] = isfinite(c) ? vouch_sum_up(high->f64[i], c) : (double)INFINITY;
    }
}

/* The inputs `linear` is asked about: those that are not constant, and input 0 of a node that
 * has constants only (no OFFSET holds it). */
static bool is_operand(const vouch_op_call *call, int i)
{
    bool any = false;
    for (int k = 0; k < call->node->input_count; k++)
        any = any || (vouch_op_in(call->graph, call->node, k) &&
                      !vouch_op_constant(call->graph, call->node, k));
    if (!any)
        return i == 0;
    return vouch_op_in(call->graph, call->node, i) &&
           !vouch_op_constant(call->graph, call->node, i);
}

/* Adds the contribution of one varying input. */
static vouch_status add_input(parts *p, const vouch_tensor *low, const vouch_tensor *high,
                              vouch_tensor *out_low, vouch_tensor *out_high)
{
    const int64_t t = p->linear.node->op->terms(p->linear.graph, p->linear.node);
    const double gamma = vouch_gamma64(t);
    split_interval(low, high, p);
    VOUCH_TRY(product(p, VOUCH_LINEAR_PLAIN, p->mid));
    shift(p, out_low, out_high);
    VOUCH_TRY(product(p, VOUCH_LINEAR_ABS, p->radius));
    widen(p, gamma == 0 ? 1 : vouch_add_up(1, gamma), out_low, out_high);
    if (gamma == 0)
        return VOUCH_OK;
    VOUCH_TRY(product(p, VOUCH_LINEAR_ABS, p->size));
    widen(p, vouch_mul_up(gamma, vouch_add_up(1, gamma)), out_low, out_high);
    for (int64_t i = 0; i < out_low->count; i++)
        p->part[i] = 1;
    widen(p, vouch_mul_up(4 * (double)t * DBL_MIN, vouch_add_up(1, gamma)), out_low, out_high);
    return VOUCH_OK;
}

static vouch_status add_offset(parts *p, vouch_tensor *out_low, vouch_tensor *out_high)
{
    const double gamma =
        vouch_gamma64(p->linear.node->op->terms(p->linear.graph, p->linear.node));
    VOUCH_TRY(product(p, VOUCH_LINEAR_OFFSET, NULL));
    shift(p, out_low, out_high);
    if (gamma == 0)
        return VOUCH_OK;
    VOUCH_TRY(product(p, VOUCH_LINEAR_ABS_OFFSET, NULL));
    widen(p, vouch_mul_up(gamma, vouch_add_up(1, gamma)), out_low, out_high);
    return VOUCH_OK;
}

static vouch_status affine_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                 const vouch_tensor *const *high, vouch_tensor *out_low,
                                 vouch_tensor *out_high)
{
    parts p = {.linear = {.ctx = call->ctx,
                          .scratch = call->scratch,
                          .graph = call->graph,
                          .node = call->node,
                          .batch = 1}};
    p.part = VOUCH_NEW_ARRAY(call->scratch, double, out_low->count);
    if (!p.part)
        return vouch_op_no_memory(call->ctx);
    memset(out_low->f64, 0, (size_t)out_low->count * sizeof(double));
    memset(out_high->f64, 0, (size_t)out_high->count * sizeof(double));
    for (int i = 0; i < call->node->input_count; i++) {
        if (!is_operand(call, i))
            continue;
        p.linear.which = i;
        p.mid = VOUCH_NEW_ARRAY(call->scratch, double, low[i]->count);
        p.radius = VOUCH_NEW_ARRAY(call->scratch, double, low[i]->count);
        p.size = VOUCH_NEW_ARRAY(call->scratch, double, low[i]->count);
        if (!p.mid || !p.radius || !p.size)
            return vouch_op_no_memory(call->ctx);
        VOUCH_TRY(add_input(&p, low[i], high[i], out_low, out_high));
    }
    return add_offset(&p, out_low, out_high);
}

vouch_status vouch_op_affine_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                   const vouch_tensor *const *high, vouch_tensor *out_low,
                                   vouch_tensor *out_high)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
    const vouch_status status = affine_range(call, low, high, out_low, out_high);
    vouch_arena_reset(call->scratch, mark);
    return status;
}

/* The tensors as `range` wants them: float32, as constants are stored, becomes float64. */
static const vouch_tensor **widened(const vouch_op_call *call, const vouch_tensor *const *list)
{
    const int count = call->node->input_count;
    const vouch_tensor **wide = VOUCH_NEW_ARRAY(call->scratch, const vouch_tensor *, count + 1);
    for (int i = 0; wide && i < count; i++) {
        wide[i] = list[i];
        if (list[i] && list[i]->dtype == VOUCH_F32)
            wide[i] = vouch_tensor_convert(call->scratch, list[i], VOUCH_F64);
        if (list[i] && !wide[i])
            return NULL;
    }
    return wide;
}

/* Is some operand stored in float32? */
static bool has_float32(const vouch_op_call *call, const vouch_tensor *const *low)
{
    for (int i = 0; i < call->node->input_count; i++)
        if (low[i] && low[i]->dtype == VOUCH_F32)
            return true;
    return false;
}

vouch_status vouch_op_range(const vouch_op_call *call, const vouch_tensor *const *low,
                            const vouch_tensor *const *high, vouch_tensor *const *out_low,
                            vouch_tensor *const *out_high)
{
    const vouch_op *op = call->node->op;
    if (!op->range)
        return vouch_op_affine_range(call, low, high, out_low[0], out_high[0]);
    if (!has_float32(call, low))
        return op->range(call, low, high, out_low, out_high);
    const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
    const vouch_tensor **l = widened(call, low), **h = widened(call, high);
    const vouch_status status =
        l && h ? op->range(call, l, h, out_low, out_high) : vouch_op_no_memory(call->ctx);
    vouch_arena_reset(call->scratch, mark);
    return status;
}
