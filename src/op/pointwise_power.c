/* Pow, Sqrt, Reciprocal: x^p for a constant p; Pow of other exponents by its range alone.
 *
 * x^p is a curve with p (p - 1) x^(p - 2) for a second derivative. For x < 0 it is defined where
 * p is an integer: then the curve goes on with the same curvature (p even) or the opposite one
 * (p odd). Negative powers have a pole at 0, where no lines can be drawn.
 *
 * SPEC: ONNX Pow-15, Sqrt-13, Reciprocal-13
 */
#include "op/broadcast.h"
#include "op/curve.h"

/* ---- the curve; its parameters: a = p, b = parity ---------------------------------------- */

enum { EVEN = 0, ODD = 1, BROKEN = 2 };

static bool is_kind(const vouch_smooth *c, int kind) { return c->b == kind; }

static double power(double x, double p)
{
    return p == 2 ? x * x : p == -1 ? 1 / x : p == .5 ? sqrt(x) : p == 1 ? x : pow(x, p);
}

static double root_down(double x)
{
    const double r = sqrt(x);
    return isfinite(r) && fma(r, r, -x) > 0 ? vouch_down(r) : isfinite(r) ? r : DBL_MAX;
}

/* Where the residual may underflow the root is widened at once. */
static vouch_span root(double x)
{
    const double r = sqrt(x);
    if (!(x < 0) && x < 1e-280)
        return x == 0 ? vouch_span_of(0) : (vouch_span){vouch_down(r), vouch_up(r)};
    return (vouch_span){root_down(x), isfinite(r) && fma(r, r, -x) < 0 ? vouch_up(r) : r};
}

/* Encloses x^p; x = 0 only where p >= 0. */
static vouch_span enclose_power(double x, double p)
{
    if (p == 0)
        return vouch_span_of(1);
    if (x == 0 || p == 1)
        return vouch_span_of(x);
    if (p == 2)
        return vouch_span_square(vouch_span_of(x));
    if (p == .5)
        return root(x);
    if (p == -1)
        return isinf(x) ? vouch_span_of(0) : vouch_span_div(vouch_span_of(1), vouch_span_of(x));
    const vouch_span r = vouch_span_library(pow(x, p));
    if (r.low < 0 && r.high > 0) /* widened across 0 */
        return pow(x, p) < 0 ? vouch_span_cut(r, -(double)INFINITY, 0)
                             : vouch_span_cut(r, 0, (double)INFINITY);
    return r;
}

static double value(const vouch_smooth *c, double x) { return power(x, c->a); }

static double slope(const vouch_smooth *c, double x, int side)
{
    (void)side;
    return c->a == 0 ? 0 : c->a * power(x, c->a - 1);
}

static vouch_span enclose(const vouch_smooth *c, double x) { return enclose_power(x, c->a); }

/* p x^(p-1); where p - 1 has no exact double, p x^p / x. */
static vouch_span enclose_slope(const vouch_smooth *c, double x, int side)
{
    const double p = c->a, q = p - 1;
    (void)side;
    if (p == 0)
        return vouch_span_of(0);
    if (x == 0 && p < 1)
        return (vouch_span){DBL_MAX, (double)INFINITY};
    if (x == 0 || vouch_sum_down(p, -1) == vouch_sum_up(p, -1))
        return vouch_span_mul(vouch_span_of(p), enclose_power(x, q));
    const vouch_span product = vouch_span_mul(vouch_span_of(p), enclose_power(x, p));
    return vouch_span_div(product, vouch_span_of(x));
}

static int bends(const vouch_smooth *c, double low, double high,
                 vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first)
{
    const double p = c->a;
    const vouch_curvature right = p == 0 || p == 1 ? VOUCH_STRAIGHT
                                  : p < 0 || p > 1 ? VOUCH_CONVEX
                                                   : VOUCH_CONCAVE;
    const vouch_curvature left = is_kind(c, ODD) ? (vouch_curvature)-right : right;
    if (is_kind(c, EVEN) || right == VOUCH_STRAIGHT) {
        *first = right;
        return 0;
    }
    return vouch_bend_at_zero(low, high, left, right, bend, first);
}

static bool defined(const vouch_smooth *c, double low, double high)
{
    if (is_kind(c, BROKEN) && low < 0)
        return false;
    return c->a >= 0 || low > 0 || high < 0;
}

/* Across, or at, the pole. */
static vouch_span pole_range(const vouch_smooth *c, double low, double high)
{
    const double inf = (double)INFINITY;
    if (low == 0 && high > 0)
        return (vouch_span){enclose(c, high).low, inf};
    if (is_kind(c, ODD))
        return high == 0 && low < 0 ? (vouch_span){-inf, enclose(c, low).high}
                                    : vouch_span_all();
    return is_kind(c, EVEN) ? (vouch_span){0, inf} : vouch_span_all();
}

static vouch_span range(const vouch_smooth *c, double low, double high)
{
    if (is_kind(c, BROKEN) && low < 0)
        return c->a > 0 && high >= 0 ? (vouch_span){-(double)INFINITY, enclose(c, high).high}
                                     : vouch_span_all();
    if (c->a < 0 && low <= 0 && high >= 0)
        return pole_range(c, low, high);
    vouch_span r = vouch_span_hull(enclose(c, low), enclose(c, high));
    if (is_kind(c, EVEN) && c->a > 0 && low < 0 && high > 0)
        r.low = 0;
    return r;
}

static vouch_smooth curve_of(double p)
{
    return (vouch_smooth){.value = value,
                          .slope = slope,
                          .enclose = enclose,
                          .enclose_slope = enclose_slope,
                          .bends = bends,
                          .range = range,
                          .defined = defined,
                          .every_value = {-(double)INFINITY, (double)INFINITY},
                          .every_slope = {-(double)INFINITY, (double)INFINITY},
                          .a = p,
                          .b = p != floor(p)           ? BROKEN
                               : p != 2 * floor(p / 2) ? ODD
                                                       : EVEN};
}

/* ---- Sqrt, Reciprocal -------------------------------------------------------------------- */

static vouch_status sqrt_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    const vouch_smooth curve = curve_of(.5);
    return vouch_smooth_prepare(ctx, g, node, &curve, state);
}

static vouch_status reciprocal_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                       const void **state)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    const vouch_smooth curve = curve_of(-1);
    return vouch_smooth_prepare(ctx, g, node, &curve, state);
}

VOUCH_SMOOTH(Reciprocal, reciprocal_prepare, "1 / x", "ONNX Reciprocal-13");
VOUCH_SMOOTH(Sqrt, sqrt_prepare, "square root", "ONNX Sqrt-13");

/* ---- Pow --------------------------------------------------------------------------------- */

/* One exponent for all elements makes a curve; otherwise only ranges are known. */
typedef struct pow_plan {
    vouch_smooth curve; /* first: the state of a curve */
    bool single;
    vouch_broadcast shapes;
} pow_plan;

/* Is the exponent one constant number, the base as large as the result? */
static bool is_single(const vouch_tensor *exponent, const vouch_broadcast *b)
{
    for (int64_t i = 1; exponent && i < exponent->count; i++)
        if (vouch_tensor_get(exponent, i) != vouch_tensor_get(exponent, 0))
            return false;
    return exponent && exponent->count > 0 && b->count[0] == b->total;
}

static vouch_status pow_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                const void **state)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    const vouch_tensor *exponent = vouch_op_constant(g, node, 1);
    pow_plan *p = VOUCH_NEW(g->arena, pow_plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    if (!exponent)
        VOUCH_TRY(vouch_op_check_float(ctx, g, node, 1));
    VOUCH_TRY(
        vouch_broadcast_prepare(ctx, g, node, 2, vouch_op_in(g, node, 0)->dtype, &p->shapes));
    p->single = is_single(exponent, &p->shapes);
    p->curve = curve_of(p->single ? vouch_tensor_get(exponent, 0) : 1);
    *state = p;
    return VOUCH_OK;
}

static bool is_curve(const vouch_graph *g, const vouch_node *node, const bool *varying)
{
    (void)g, (void)varying;
    return ((const pow_plan *)node->state)->single;
}

static vouch_status pow_eval(const vouch_op_call *call)
{
    const pow_plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    if (p->single)
        return vouch_smooth_eval(call);
    for (int64_t i = 0; i < y->count; i++)
        vouch_tensor_set(
            y, i,
            power(vouch_tensor_get(call->in[0], vouch_broadcast_at(&p->shapes, 0, i)),
                  vouch_tensor_get(call->in[1], vouch_broadcast_at(&p->shapes, 1, i))));
    return VOUCH_OK;
}

static void add(vouch_tensor *t, int64_t i, double more)
{
    if (t)
        vouch_tensor_set(t, i, vouch_tensor_get(t, i) + more);
}

static vouch_status pow_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                             vouch_tensor *const *d_in)
{
    const pow_plan *p = call->node->state;
    for (int64_t i = 0; i < d_out[0]->count; i++) {
        const int64_t at[2] = {vouch_broadcast_at(&p->shapes, 0, i),
                               vouch_broadcast_at(&p->shapes, 1, i)};
        const double x = vouch_tensor_get(call->in[0], at[0]);
        const double e = vouch_tensor_get(call->in[1], at[1]),
                     d = vouch_tensor_get(d_out[0], i);
        add(d_in[0], at[0], e == 0 ? 0 : d * e * power(x, e - 1));
        if (d_in[1])
            add(d_in[1], at[1], x > 0 ? d * power(x, e) * log(x) : 0);
    }
    return VOUCH_OK;
}

/* x^p for intervals of both. For positive x it is monotone in each, so the corners do. */
static vouch_span corners(vouch_span x, vouch_span p)
{
    if (p.low == p.high) {
        const vouch_smooth c = curve_of(p.low);
        return vouch_smooth_range_of(&c, x.low, x.high);
    }
    if (!(x.low > 0) || !isfinite(x.high) || !isfinite(p.low) || !isfinite(p.high))
        return vouch_span_all();
    return vouch_span_hull(
        vouch_span_hull(enclose_power(x.low, p.low), enclose_power(x.low, p.high)),
        vouch_span_hull(enclose_power(x.high, p.low), enclose_power(x.high, p.high)));
}

static vouch_status pow_range(const vouch_op_call *call, const vouch_tensor *const *low,
                              const vouch_tensor *const *high, vouch_tensor *const *out_low,
                              vouch_tensor *const *out_high)
{
    const pow_plan *p = call->node->state;
    if (p->single)
        return vouch_smooth_range(call, low, high, out_low, out_high);
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        const int64_t x = vouch_broadcast_at(&p->shapes, 0, i);
        const int64_t e = vouch_broadcast_at(&p->shapes, 1, i);
        const vouch_span r =
            corners((vouch_span){low[0]->f64[x], high[0]->f64[x]},
                    (vouch_span){vouch_tensor_get(low[1], e), vouch_tensor_get(high[1], e)});
        out_low[0]->f64[i] = r.low;
        out_high[0]->f64[i] = r.high;
    }
    return VOUCH_OK;
}

const vouch_op vouch_op_Pow = {
    .name = "Pow",
    .summary = "a power; a curve where the exponent is one constant",
    .citation = "ONNX Pow-15",
    .op_class = VOUCH_OP_POINTWISE,
    .since = 2,
    .until = 22,
    .prepare = pow_prepare,
    .eval = pow_eval,
    .grad = pow_grad,
    .range = pow_range,
    .is_affine = is_curve,
    .otherwise = VOUCH_OP_OPAQUE,
    .relax = vouch_smooth_relax,
    .lines = vouch_smooth_lines,
    .split_point = vouch_smooth_split_point,
    .slopes = vouch_smooth_slopes,
};
