/* Sigmoid, Tanh, Erf, Softsign: S-shaped curves, convex before 0 and concave after.
 *
 * Derivatives are enclosed by formulas without cancellation, so that they stay accurate where
 * the curve is almost flat: there a line of slope near zero spans a long interval.
 *
 * SPEC: ONNX Sigmoid-13, Tanh-13, Erf-13, Softsign-1
 */
#include "op/curve.h"

static int bends(const vouch_smooth *c, double low, double high,
                 vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first)
{
    (void)c;
    return vouch_bend_at_zero(low, high, VOUCH_CONVEX, VOUCH_CONCAVE, bend, first);
}

/* factor * e / (1 + e)^2 for e = exp(-|x| factor) */
static vouch_span bell(double x, double factor)
{
    const vouch_span e = vouch_span_exp(vouch_span_of(-fabs(x) * factor)); /* 1 or 2: exact */
    const vouch_span sum = vouch_span_square(vouch_span_add(vouch_span_of(1), e));
    return vouch_span_div(vouch_span_mul(vouch_span_of(factor * factor), e), sum);
}

/* ---- Sigmoid ----------------------------------------------------------------------------- */

static double sigmoid_value(const vouch_smooth *c, double x)
{
    (void)c;
    return 1 / (1 + exp(-x));
}

static double sigmoid_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    const double e = exp(-fabs(x));
    return e / ((1 + e) * (1 + e));
}

static vouch_span sigmoid_enclose(const vouch_smooth *c, double x)
{
    (void)c;
    const vouch_span e = vouch_span_exp(vouch_span_of(-fabs(x)));
    const vouch_span sum = vouch_span_add(vouch_span_of(1), e);
    return vouch_span_cut(vouch_span_div(x < 0 ? e : vouch_span_of(1), sum), 0, 1);
}

static vouch_span sigmoid_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return vouch_span_cut(bell(x, 1), 0, .25);
}

static const vouch_smooth sigmoid_curve = {.value = sigmoid_value,
                                           .slope = sigmoid_slope,
                                           .enclose = sigmoid_enclose,
                                           .enclose_slope = sigmoid_enclose_slope,
                                           .bends = bends,
                                           .every_value = {0, 1},
                                           .every_slope = {0, .25}};

/* ---- Tanh -------------------------------------------------------------------------------- */

static double tanh_value(const vouch_smooth *c, double x)
{
    (void)c;
    return tanh(x);
}

static double tanh_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    const double e = exp(-2 * fabs(x));
    return 4 * e / ((1 + e) * (1 + e));
}

static vouch_span tanh_enclose(const vouch_smooth *c, double x)
{
    (void)c;
    return x == 0 ? vouch_span_of(0) : vouch_span_library(tanh(x));
}

static vouch_span tanh_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return vouch_span_cut(bell(x, 2), 0, 1);
}

static const vouch_smooth tanh_curve = {.value = tanh_value,
                                        .slope = tanh_slope,
                                        .enclose = tanh_enclose,
                                        .enclose_slope = tanh_enclose_slope,
                                        .bends = bends,
                                        .every_value = {-1, 1},
                                        .every_slope = {0, 1}};

/* ---- Erf --------------------------------------------------------------------------------- */

static const double TWO_BY_ROOT_PI = 1.1283791670955126; /* within an ulp */

static double erf_value(const vouch_smooth *c, double x)
{
    (void)c;
    return erf(x);
}

static double erf_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return TWO_BY_ROOT_PI * exp(-x * x);
}

static vouch_span erf_enclose(const vouch_smooth *c, double x)
{
    (void)c;
    return x == 0 ? vouch_span_of(0) : vouch_span_library(erf(x));
}

static vouch_span erf_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    const vouch_span factor = {vouch_down(TWO_BY_ROOT_PI), vouch_up(TWO_BY_ROOT_PI)};
    const vouch_span square = vouch_span_square(vouch_span_of(x));
    return vouch_span_mul(factor, vouch_span_exp(vouch_span_neg(square)));
}

static const vouch_smooth erf_curve = {.value = erf_value,
                                       .slope = erf_slope,
                                       .enclose = erf_enclose,
                                       .enclose_slope = erf_enclose_slope,
                                       .bends = bends,
                                       .every_value = {-1, 1},
                                       .every_slope = {0, 1.13}};

/* ---- Softsign ---------------------------------------------------------------------------- */

static vouch_span one_and(double x)
{
    return vouch_span_add(vouch_span_of(1), vouch_span_of(fabs(x)));
}

static double softsign_value(const vouch_smooth *c, double x)
{
    (void)c;
    return x / (1 + fabs(x));
}

static double softsign_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return 1 / ((1 + fabs(x)) * (1 + fabs(x)));
}

static vouch_span softsign_enclose(const vouch_smooth *c, double x)
{
    (void)c;
    if (isinf(x))
        return vouch_span_of(x > 0 ? 1 : -1);
    return vouch_span_div(vouch_span_of(x), one_and(x));
}

static vouch_span softsign_enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return vouch_span_cut(vouch_span_div(vouch_span_of(1), vouch_span_square(one_and(x))), 0,
                          1);
}

static const vouch_smooth softsign_curve = {.value = softsign_value,
                                            .slope = softsign_slope,
                                            .enclose = softsign_enclose,
                                            .enclose_slope = softsign_enclose_slope,
                                            .bends = bends,
                                            .every_value = {-1, 1},
                                            .every_slope = {0, 1}};

VOUCH_SMOOTH_PLAIN(Erf, erf_curve, "error function", "ONNX Erf-13");
VOUCH_SMOOTH_PLAIN(Sigmoid, sigmoid_curve, "1 / (1 + exp(-x))",
                   "ONNX Sigmoid-13; Zhang 2018 (CROWN)");
VOUCH_SMOOTH_PLAIN(Softsign, softsign_curve, "x / (1 + |x|)", "ONNX Softsign-1");
VOUCH_SMOOTH_PLAIN(Tanh, tanh_curve, "hyperbolic tangent", "ONNX Tanh-13; Zhang 2018 (CROWN)");
