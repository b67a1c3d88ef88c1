/* Gelu: x P(x), where P is the normal distribution's cumulative function.
 *
 * With p its density, f' = P + x p and f'' = (2 - x^2) p: concave, convex between -sqrt 2 and
 * sqrt 2, concave. P(x) = erfc(-x / sqrt 2) / 2, which keeps its digits for negative x. The least
 * value, near -0.169971, lies near -0.751791.
 *
 * SPEC: ONNX Gelu-20, approximate = "none".
 */
#include "op/curve.h"

static const double ROOT_TWO = 1.4142135623730951;     /* sqrt 2, rounded up */
static const double ROOT_HALF = 0.70710678118654752;   /* within an ulp, as the next */
static const double DENSITY_AT_0 = 0.3989422804014327; /* 1 / sqrt(2 pi) */

static vouch_span around(double x) { return (vouch_span){vouch_down(x), vouch_up(x)}; }

/* glibc's erfc errs by up to 5 ulp; 16 and more are allowed for. */
static double wide_up(double y) { return vouch_libm_up(y + fabs(y) * (16 * DBL_EPSILON)); }

static double wide_down(double y) { return fmax(-wide_up(-y), 0); }

/* P(x); erfc falls. */
static vouch_span share(double x)
{
    const vouch_span t = vouch_span_mul(vouch_span_of(-x), around(ROOT_HALF));
    const vouch_span s = {wide_down(erfc(t.high)) / 2, vouch_up(wide_up(erfc(t.low)) / 2)};
    return vouch_span_cut((vouch_span){vouch_down(s.low), s.high}, 0, 1);
}

static vouch_span density(double x)
{
    vouch_span half = vouch_span_square(vouch_span_of(x));
    half = vouch_span_mul(half, vouch_span_of(-.5));
    return vouch_span_mul(around(DENSITY_AT_0), vouch_span_exp(half));
}

static double value(const vouch_smooth *c, double x)
{
    (void)c;
    return x * (.5 * erfc(-x * ROOT_HALF));
}

static double slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return .5 * erfc(-x * ROOT_HALF) + x * DENSITY_AT_0 * exp(-.5 * x * x);
}

static vouch_span enclose(const vouch_smooth *c, double x)
{
    (void)c;
    return vouch_span_mul(vouch_span_of(x), share(x));
}

static vouch_span enclose_slope(const vouch_smooth *c, double x, int side)
{
    (void)c, (void)side;
    return vouch_span_add(share(x), vouch_span_mul(vouch_span_of(x), density(x)));
}

/* f' is least at -sqrt 2, -0.12890..., and greatest at sqrt 2, 1.12890... */
static int bends(const vouch_smooth *c, double low, double high,
                 vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first)
{
    const double inner = vouch_down(ROOT_TWO);
    int count = 0;
    (void)c;
    *first = low <= -inner || low > ROOT_TWO ? VOUCH_CONCAVE : VOUCH_CONVEX;
    if (low <= -inner && high >= -ROOT_TWO)
        bend[count++] = (vouch_bend){-ROOT_TWO, -inner, {-.129, -.128}, VOUCH_CONVEX};
    if (low <= ROOT_TWO && high >= inner)
        bend[count++] = (vouch_bend){inner, ROOT_TWO, {1.128, 1.129}, VOUCH_CONCAVE};
    return count;
}

static vouch_span range(const vouch_smooth *c, double low, double high)
{
    vouch_span r = vouch_span_hull(enclose(c, low), enclose(c, high));
    if (low <= -.7517 && high >= -.7518)
        r.low = -.16997121;
    if (low == -(double)INFINITY)
        r.high = fmax(r.high, 0);
    return r;
}

static const vouch_smooth curve = {.value = value,
                                   .slope = slope,
                                   .enclose = enclose,
                                   .enclose_slope = enclose_slope,
                                   .bends = bends,
                                   .range = range,
                                   .every_value = {-.16997121, (double)INFINITY},
                                   .every_slope = {-.129, 1.129}};

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    const char *approximate;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_node_text(ctx, g, node, "approximate", "none", &approximate));
    if (strcmp(approximate, "none") != 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "approximate '%s' is not supported", approximate);
    return vouch_smooth_prepare(ctx, g, node, &curve, state);
}

VOUCH_SMOOTH(Gelu, prepare, "x times the normal distribution's share below x", "ONNX Gelu-20");
