/* Pow, Sqrt, Reciprocal: x^p for a constant p; Pow of a computed exponent by its range alone.
 *
 * x^p is a curve with p (p - 1) x^(p - 2) for a second derivative. For x < 0 it is defined where
 * p is an integer: then the curve goes on with the same curvature (p even) or the opposite one
 * (p odd). Negative powers have a pole at 0, where no lines can be drawn.
 *
 * SPEC: ONNX Pow-15, Sqrt-13, Reciprocal-13
 */
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

static vouch_status prepare_power(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  double p, const void **state)
{
    vouch_smooth curve = {.value = value,
                          .slope = slope,
                          .enclose = enclose,
                          .enclose_slope = enclose_slope,
                          .bends = bends,
                          .range = range,
                          .defined = defined,
                          .every_value = {-(double)INFINITY, (double)INFINITY},
                          .every_slope = {-(double)INFINITY, (double)INFINITY},
                          .a = p};
    curve.b = p != floor(p) ? BROKEN : p != 2 * floor(p / 2) ? ODD : EVEN;
    return vouch_smooth_prepare(ctx, g, node, &curve, state);
}

static vouch_status sqrt_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    return prepare_power(ctx, g, node, .5, state);
}

static vouch_status reciprocal_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                       const void **state)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    return prepare_power(ctx, g, node, -1, state);
}

/* The exponent: a constant, the same for all elements. */
static vouch_status pow_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                const void **state)
{
    const vouch_tensor *exponent;
    vouch_shape joined;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 1, "exponent", &exponent));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    if (exponent->count < 1 || !vouch_shape_broadcast(x, &exponent->shape, &joined) ||
        vouch_shape_count(&joined) != vouch_shape_count(x))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "the exponent has more elements than the base");
    const double p = vouch_tensor_get(exponent, 0);
    for (int64_t i = 1; i < exponent->count; i++)
        if (vouch_tensor_get(exponent, i) != p)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                                   "exponents %g and %g; only one for all is supported", p,
                                   vouch_tensor_get(exponent, i));
    VOUCH_TRY(prepare_power(ctx, g, node, p, state));
    return vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &joined);
}

VOUCH_SMOOTH(Pow, pow_prepare, "a constant power", "ONNX Pow-15");
VOUCH_SMOOTH(Reciprocal, reciprocal_prepare, "1 / x", "ONNX Reciprocal-13");
VOUCH_SMOOTH(Sqrt, sqrt_prepare, "square root", "ONNX Sqrt-13");
