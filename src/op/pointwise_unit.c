/* Elu, Selu, Celu, HardSigmoid, HardSwish: curves with kinks.
 *
 * Elu and its kin are scale (exp(x / divisor) - 1) before 0 and gain x after it, with a, b, d for
 * scale, divisor, gain. HardSigmoid is a x + b between 0 and 1. HardSwish is x (x + 3) / 6 on
 * [-3, 3], 0 before and x after.
 *
 * SPEC: ONNX Elu-6, Selu-6, Celu-12, HardSigmoid-6, HardSwish-14
 */
#include "op/curve.h"

static vouch_span quotient(double a, double b)
{
    return vouch_span_div(vouch_span_of(a), vouch_span_of(b));
}

/* ---- Elu, Selu, Celu --------------------------------------------------------------------- */

static double elu_value(const vouch_smooth *c, double x)
{
    return x < 0 ? c->a * expm1(x / c->b) : c->d * x;
}

static double elu_slope(const vouch_smooth *c, double x, int side)
{
    return x < 0 || (x == 0 && side < 0) ? c->a / c->b * exp(x / c->b) : c->d;
}

static vouch_span elu_enclose(const vouch_smooth *c, double x)
{
    if (!(x < 0))
        return vouch_span_mul(vouch_span_of(c->d), vouch_span_of(x));
    const vouch_span t = quotient(x, c->b);
    const vouch_span e = {vouch_library_down(expm1(t.low)), vouch_library_up(expm1(t.high))};
    return vouch_span_mul(vouch_span_of(c->a), vouch_span_cut(e, -1, (double)INFINITY));
}

static vouch_span elu_enclose_slope(const vouch_smooth *c, double x, int side)
{
    if (x > 0 || (x == 0 && side > 0))
        return vouch_span_of(c->d);
    return vouch_span_mul(quotient(c->a, c->b), vouch_span_exp(quotient(x, c->b)));
}

/* Before 0 the second derivative is scale / divisor^2 exp(x / divisor). */
static int elu_bends(const vouch_smooth *c, double low, double high,
                     vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first)
{
    const vouch_curvature left = c->a > 0   ? VOUCH_CONVEX
                                 : c->a < 0 ? VOUCH_CONCAVE
                                            : VOUCH_STRAIGHT;
    return vouch_bend_at_zero(low, high, left, VOUCH_STRAIGHT, bend, first);
}

/* Monotone on either side of 0. */
static vouch_span elu_range(const vouch_smooth *c, double low, double high)
{
    const vouch_span r = vouch_span_hull(elu_enclose(c, low), elu_enclose(c, high));
    return low < 0 && high > 0 ? vouch_span_hull(r, vouch_span_of(0)) : r;
}

static vouch_status read_factor(vouch_context *ctx, const vouch_graph *g,
                                const vouch_node *node, const char *name, double otherwise,
                                double *out)
{
    VOUCH_TRY(vouch_node_real(ctx, g, node, name, otherwise, out));
    if (isfinite(*out))
        return VOUCH_OK;
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "%s is not finite", name);
}

static vouch_status elu_like(vouch_context *ctx, vouch_graph *g, vouch_node *node, double scale,
                             double divisor, double gain, const void **state)
{
    const vouch_smooth curve = {.value = elu_value,
                                .slope = elu_slope,
                                .enclose = elu_enclose,
                                .enclose_slope = elu_enclose_slope,
                                .bends = elu_bends,
                                .range = elu_range,
                                .every_value = {-(double)INFINITY, (double)INFINITY},
                                .every_slope = {-(double)INFINITY, (double)INFINITY},
                                .a = scale,
                                .b = divisor,
                                .d = gain};
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    return vouch_smooth_prepare(ctx, g, node, &curve, state);
}

static vouch_status elu_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                const void **state)
{
    double alpha;
    VOUCH_TRY(read_factor(ctx, g, node, "alpha", 1, &alpha));
    return elu_like(ctx, g, node, alpha, 1, 1, state);
}

static vouch_status celu_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    double alpha;
    VOUCH_TRY(read_factor(ctx, g, node, "alpha", 1, &alpha));
    if (alpha == 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "alpha is zero");
    return elu_like(ctx, g, node, alpha, alpha, 1, state);
}

/* The product of two floats is exact. */
static vouch_status selu_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    double alpha, gamma;
    VOUCH_TRY(read_factor(ctx, g, node, "alpha", (double)1.67326319217681884765625f, &alpha));
    VOUCH_TRY(read_factor(ctx, g, node, "gamma", (double)1.05070102214813232421875f, &gamma));
    return elu_like(ctx, g, node, gamma * alpha, 1, gamma, state);
}

/* ---- HardSigmoid ------------------------------------------------------------------------- */

static vouch_span ramp(const vouch_smooth *c, double x)
{
    return vouch_span_add(vouch_span_mul(vouch_span_of(c->a), vouch_span_of(x)),
                          vouch_span_of(c->b));
}

static double hard_sigmoid_value(const vouch_smooth *c, double x)
{
    return fmax(fmin(c->a * x + c->b, 1), 0);
}

static double hard_sigmoid_slope(const vouch_smooth *c, double x, int side)
{
    (void)side;
    const double t = c->a * x + c->b;
    return t > 0 && t < 1 ? c->a : 0;
}

static vouch_span hard_sigmoid_enclose(const vouch_smooth *c, double x)
{
    return vouch_span_cut(ramp(c, x), 0, 1);
}

static vouch_span hard_sigmoid_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)side;
    const vouch_span t = ramp(c, x);
    if (t.high < 0 || t.low > 1)
        return vouch_span_of(0);
    if (t.low > 0 && t.high < 1)
        return vouch_span_of(c->a);
    return vouch_span_hull(vouch_span_of(0), vouch_span_of(c->a));
}

/* Where a x + b is 0 and 1. */
static int hard_sigmoid_bends(const vouch_smooth *c, double low, double high,
                              vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first)
{
    int count = 0;
    *first = VOUCH_STRAIGHT;
    for (int k = 0; c->a != 0 && k < 2; k++) {
        const double target = (c->a > 0) == (k == 1) ? 1 : 0;
        const vouch_span at = vouch_span_div(
            vouch_span_add(vouch_span_of(target), vouch_span_of(-c->b)), vouch_span_of(c->a));
        if (at.high >= low && at.low <= high)
            bend[count++] =
                (vouch_bend){.low = at.low,
                             .high = at.high,
                             .slope = vouch_span_hull(vouch_span_of(0), vouch_span_of(c->a)),
                             .after = VOUCH_STRAIGHT};
    }
    return count;
}

static vouch_status hard_sigmoid_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                         const void **state)
{
    vouch_smooth curve = {.value = hard_sigmoid_value,
                          .slope = hard_sigmoid_slope,
                          .enclose = hard_sigmoid_enclose,
                          .enclose_slope = hard_sigmoid_enclose_slope,
                          .bends = hard_sigmoid_bends,
                          .every_value = {0, 1}};
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(read_factor(ctx, g, node, "alpha", (double)0.2f, &curve.a));
    VOUCH_TRY(read_factor(ctx, g, node, "beta", .5, &curve.b));
    curve.every_slope = vouch_span_hull(vouch_span_of(0), vouch_span_of(curve.a));
    return vouch_smooth_prepare(ctx, g, node, &curve, state);
}

/* ---- HardSwish --------------------------------------------------------------------------- */

static double hard_swish_value(const vouch_smooth *c, double x)
{
    (void)c;
    return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
}

static bool is_inside(double x, int side)
{
    return side < 0 ? x > -3 && x <= 3 : x >= -3 && x < 3;
}

static double hard_swish_slope(const vouch_smooth *c, double x, int side)
{
    (void)c;
    return is_inside(x, side) ? (2 * x + 3) / 6 : x > 0 ? 1 : 0;
}

static vouch_span hard_swish_enclose(const vouch_smooth *c, double x)
{
    (void)c;
    if (!is_inside(x, -1))
        return vouch_span_of(x > 0 ? x : 0);
    const vouch_span sum = vouch_span_add(vouch_span_of(x), vouch_span_of(3));
    return vouch_span_div(vouch_span_mul(vouch_span_of(x), sum), vouch_span_of(6));
}

static vouch_span hard_swish_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)c;
    if (!is_inside(x, side))
        return vouch_span_of(x > 0 ? 1 : 0);
    const vouch_span sum = vouch_span_add(vouch_span_of(2 * x), vouch_span_of(3));
    return vouch_span_div(sum, vouch_span_of(6));
}

static int hard_swish_bends(const vouch_smooth *c, double low, double high,
                            vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first)
{
    (void)c;
    int count = 0;
    *first = low < -3 || low >= 3 ? VOUCH_STRAIGHT : VOUCH_CONVEX;
    if (low < -3 && high > -3)
        bend[count++] = (vouch_bend){.low = -3, .high = -3, .after = VOUCH_CONVEX};
    if (low < 3 && high > 3)
        bend[count++] = (vouch_bend){.low = 3, .high = 3, .after = VOUCH_STRAIGHT};
    return count;
}

/* Least at -3/2, where it is -3/8. */
static vouch_span hard_swish_range(const vouch_smooth *c, double low, double high)
{
    vouch_span r = vouch_span_hull(hard_swish_enclose(c, low), hard_swish_enclose(c, high));
    if (low <= -1.5 && high >= -1.5)
        r.low = -.375;
    if (low < -3 && high > -3) /* 0 there, and negative next to it */
        r.high = fmax(r.high, 0);
    return r;
}

static const vouch_smooth hard_swish_curve = {.value = hard_swish_value,
                                              .slope = hard_swish_slope,
                                              .enclose = hard_swish_enclose,
                                              .enclose_slope = hard_swish_enclose_slope,
                                              .bends = hard_swish_bends,
                                              .range = hard_swish_range,
                                              .every_value = {-.375, (double)INFINITY},
                                              .every_slope = {-.5, 1.5}};

VOUCH_SMOOTH(Celu, celu_prepare, "x, or alpha (exp(x / alpha) - 1) where x < 0",
             "ONNX Celu-12");
VOUCH_SMOOTH(Elu, elu_prepare, "x, or alpha (exp(x) - 1) where x < 0", "ONNX Elu-6");
VOUCH_SMOOTH(HardSigmoid, hard_sigmoid_prepare, "alpha x + beta limited to [0, 1]",
             "ONNX HardSigmoid-6");
VOUCH_SMOOTH_PLAIN(HardSwish, hard_swish_curve, "x (x + 3) / 6, 0 below -3, x above 3",
                   "ONNX HardSwish-14");
VOUCH_SMOOTH(Selu, selu_prepare, "gamma x, or gamma alpha (exp(x) - 1) where x < 0",
             "ONNX Selu-6");
