/* Exp, Log, Softplus: curves of one curvature around the exponential.
 *
 * SPEC: ONNX Exp-13, Log-13, Softplus-1
 */
#include "op/curve.h"

static vouch_span clamp_positive(vouch_span s)
{
    return vouch_span_cut(s, 0, (double)INFINITY);
}

/* ---- Exp --------------------------------------------------------------------------------- */

static double exp_value(const vouch_smooth *c, double x)
{
    (void)c;
    return exp(x);
}

static double exp_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return exp(x);
}

static vouch_span exp_enclose(const vouch_smooth *c, double x)
{
    (void)c;
    return vouch_span_exp(vouch_span_of(x));
}

static vouch_span exp_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)side;
    return exp_enclose(c, x);
}

static const vouch_smooth exp_curve = {.value = exp_value,
                                       .slope = exp_slope,
                                       .enclose = exp_enclose,
                                       .enclose_slope = exp_enclose_slope,
                                       .curvature = VOUCH_CONVEX,
                                       .every_value = {0, (double)INFINITY},
                                       .every_slope = {0, (double)INFINITY}};

/* ---- Log --------------------------------------------------------------------------------- */

static double log_value(const vouch_smooth *c, double x)
{
    (void)c;
    return log(x);
}

static double log_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return 1 / x;
}

static vouch_span log_enclose(const vouch_smooth *c, double x)
{
    (void)c;
    return x == 1 ? vouch_span_of(0) : vouch_span_library(log(x));
}

static vouch_span log_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return clamp_positive(vouch_span_div(vouch_span_of(1), vouch_span_of(x)));
}

static bool log_defined(const vouch_smooth *c, double low, double high)
{
    (void)c, (void)high;
    return low > 0;
}

/* Unbounded below where x may be 0, or less and the logarithm undefined. */
static vouch_span log_range(const vouch_smooth *c, double low, double high)
{
    if (!(high > 0))
        return vouch_span_all();
    const vouch_span r = {low > 0 ? log_enclose(c, low).low : -(double)INFINITY,
                          log_enclose(c, high).high};
    return r;
}

static const vouch_smooth log_curve = {.value = log_value,
                                       .slope = log_slope,
                                       .enclose = log_enclose,
                                       .enclose_slope = log_enclose_slope,
                                       .curvature = VOUCH_CONCAVE,
                                       .range = log_range,
                                       .defined = log_defined,
                                       .every_value = {-(double)INFINITY, (double)INFINITY},
                                       .every_slope = {-(double)INFINITY, (double)INFINITY}};

/* ---- Softplus ---------------------------------------------------------------------------- */

/* log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)) */
static double softplus_value(const vouch_smooth *c, double x)
{
    (void)c;
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double softplus_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return 1 / (1 + exp(-x));
}

static vouch_span softplus_enclose(const vouch_smooth *c, double x)
{
    (void)c;
    const vouch_span e = vouch_span_exp(vouch_span_of(-fabs(x)));
    const vouch_span rest = {vouch_library_down(log1p(e.low)), vouch_library_up(log1p(e.high))};
    return vouch_span_add(vouch_span_of(fmax(x, 0)), clamp_positive(rest));
}

/* 1 / (1 + e) or e / (1 + e), e = exp(-|x|) */
static vouch_span softplus_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    const vouch_span e = vouch_span_exp(vouch_span_of(-fabs(x)));
    const vouch_span sum = vouch_span_add(vouch_span_of(1), e);
    return vouch_span_cut(vouch_span_div(x < 0 ? e : vouch_span_of(1), sum), 0, 1);
}

static const vouch_smooth softplus_curve = {.value = softplus_value,
                                            .slope = softplus_slope,
                                            .enclose = softplus_enclose,
                                            .enclose_slope = softplus_enclose_slope,
                                            .curvature = VOUCH_CONVEX,
                                            .every_value = {0, (double)INFINITY},
                                            .every_slope = {0, 1}};

VOUCH_SMOOTH_PLAIN(Exp, exp_curve, "exponential", "ONNX Exp-13");
VOUCH_SMOOTH_PLAIN(Log, log_curve, "natural logarithm", "ONNX Log-13");
VOUCH_SMOOTH_PLAIN(Softplus, softplus_curve, "log(1 + exp(x))", "ONNX Softplus-1");
