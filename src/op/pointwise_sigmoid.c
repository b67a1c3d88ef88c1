/* Tanh and Sigmoid: S-shaped curves with tight lines.
 *
 * Sigmoid is tanh at half the argument: s(x) = (1 + tanh(x/2)) / 2, so lines around tanh on
 * [l/2, u/2] give lines around s. And tanh is odd, so the lower line on [l, u] is the upper one
 * on [-u, -l], turned round. One question is left: an upper line of tanh.
 *
 * Slope: where u <= 0 (convex) the chord; where l >= 0 (concave) the tangent at the midpoint;
 * else the tangent through (l, f(l)) if it touches before u, and the chord if it does not.
 * Any slope s will do; validity comes from the offset, the maximum of g(x) = f(x) - s x. It
 * lies at l, at u, or where g' = 0 and g is concave: x* >= 0 with tanh^2 x* = 1 - s. With t =
 * sqrt(1
 * - s) enclosed in [t-, t+] that is g(x*) <= t+ - s atanh(t-), which is the proof of the line.
 *
 * Results of the C library are widened (directed.h) and cut to the function's range.
 * THM: Zhang 2018 (CROWN), sec. 3.2; Singh 2019 (DeepPoly), sec. 4.4.
 */
#include "op/directed.h"
#include "op/pointwise.h"

static double tanh_up(double x) { return fmin(x == 0 ? 0 : vouch_libm_up(tanh(x)), 1); }

static double tanh_down(double x) { return -tanh_up(-x); }

/* 1 / (1 + exp(-x)) */
static double sigmoid_down(double x)
{
    return fmax(vouch_down(1 / vouch_up(1 + vouch_libm_up(exp(-x)))), 0);
}

static double sigmoid_up(double x)
{
    const double e = fmax(vouch_libm_down(exp(-x)), 0);
    return fmin(vouch_up(1 / vouch_down(1 + e)), 1);
}

/* ---- lines ------------------------------------------------------------------------------- */

static double tanh_slope(double x)
{
    const double t = tanh(x);
    return 1 - t * t;
}

/* d in (0, u] where the tangent of tanh passes through (l, tanh l), l < 0 < u; u where the
 * tangent would touch beyond. h decreases in d, so bisection narrows it down; no proof needs it
 * exact. */
static double touching(double l, double u)
{
    enum { STEPS = 24 };
    const double f = tanh(l);
    double from = 0, to = u;
    if (tanh_slope(u) * (u - l) >= tanh(u) - f)
        return u;
    for (int i = 0; i < STEPS; i++) {
        const double d = (from + to) / 2;
        if (tanh_slope(d) * (d - l) >= tanh(d) - f)
            from = d;
        else
            to = d;
    }
    return (from + to) / 2;
}

static double upper_slope(double l, double u)
{
    const double mid = l / 2 + u / 2;
    if (u - l <= 1e-5) /* a chord would be noise */
        return tanh_slope(mid);
    if (l >= 0)
        return tanh_slope(mid);
    if (u > 0) {
        const double d = touching(l, u);
        if (d < u)
            return tanh_slope(d);
    }
    return (tanh(u) - tanh(l)) / (u - l);
}

/* At least the maximum of tanh(x) - s x on [l, u]. */
static double upper_offset(double s, double l, double u)
{
    double most = fmax(vouch_sum_up(tanh_up(l), vouch_product_up(-s, l)),
                       vouch_sum_up(tanh_up(u), vouch_product_up(-s, u)));
    if (!(s > 0 && s < 1))
        return most; /* g is monotone */
    const double t_low = fmax(vouch_down(sqrt(vouch_sum_down(1, -s))), 0);
    const double t_high = fmin(vouch_up(sqrt(vouch_sum_up(1, -s))), 1);
    const double x_low = fmax(vouch_libm_down(atanh(t_low)), 0);
    const double x_high = t_high < 1 ? vouch_libm_up(atanh(t_high)) : (double)INFINITY;
    if (x_high >= l && x_low <= u)
        most = fmax(most, vouch_sum_up(t_high, vouch_product_up(-s, x_low)));
    return most;
}

static vouch_line tanh_upper(double l, double u)
{
    if (!isfinite(l) || !isfinite(u) || !isfinite(u - l))
        return (vouch_line){0, tanh_up(u)};
    const double slope = fmin(fmax(upper_slope(l, u), 0), 1);
    return (vouch_line){slope, upper_offset(slope, l, u)};
}

static vouch_relaxation tanh_lines(double l, double u)
{
    const vouch_line turned = tanh_upper(-u, -l);
    return (vouch_relaxation){.lower = {turned.slope, -turned.offset},
                              .upper = tanh_upper(l, u)};
}

static vouch_status tanh_relax(const vouch_graph *graph, const vouch_node *node, double low,
                               double high, vouch_relaxation *out)
{
    (void)graph, (void)node;
    *out = tanh_lines(low, high);
    return VOUCH_OK;
}

/* s/4 x + (1 + o)/2. A slope so small that s/4 rounds is dropped before, see below; x/2 is
 * exact but for subnormal x, which are widened to the next number. */
static vouch_status sigmoid_relax(const vouch_graph *graph, const vouch_node *node, double low,
                                  double high, vouch_relaxation *out)
{
    (void)graph, (void)node;
    vouch_relaxation t = tanh_lines(fabs(low) < DBL_MIN * 2 ? vouch_down(low / 2) : low / 2,
                                    fabs(high) < DBL_MIN * 2 ? vouch_up(high / 2) : high / 2);
    if (t.lower.slope < DBL_MIN * 4)
        t.lower = (vouch_line){0, tanh_down(low / 2)};
    if (t.upper.slope < DBL_MIN * 4)
        t.upper = (vouch_line){0, tanh_up(high / 2)};
    out->lower = (vouch_line){t.lower.slope / 4, vouch_sum_down(1, t.lower.offset) / 2};
    out->upper = (vouch_line){t.upper.slope / 4, vouch_sum_up(1, t.upper.offset) / 2};
    return VOUCH_OK;
}

/* ---- slopes ------------------------------------------------------------------------------ */

/* Derivative 1 - tanh^2 at the end nearest to 0 and at the farthest. */
static void tanh_slope_range(double low, double high, double *slope_low, double *slope_high)
{
    const double far = fmax(-low, high);
    const double near = low > 0 ? low : high < 0 ? -high : 0;
    const double t_far = tanh_up(far), t_near = fmax(tanh_down(near), 0);
    *slope_low = fmax(vouch_sum_down(1, -vouch_product_up(t_far, t_far)), 0);
    *slope_high = vouch_sum_up(1, -vouch_product_down(t_near, t_near));
}

static void tanh_slopes(const vouch_graph *graph, const vouch_node *node, double low,
                        double high, double *slope_low, double *slope_high)
{
    (void)graph, (void)node;
    tanh_slope_range(low, high, slope_low, slope_high);
}

static void sigmoid_slopes(const vouch_graph *graph, const vouch_node *node, double low,
                           double high, double *slope_low, double *slope_high)
{
    (void)graph, (void)node;
    tanh_slope_range(vouch_down(low / 2), vouch_up(high / 2), slope_low, slope_high);
    *slope_low = fmax(vouch_down(*slope_low / 4), 0);
    *slope_high = vouch_up(*slope_high / 4);
}

/* ---- values ------------------------------------------------------------------------------ */

static vouch_status tanh_eval(const vouch_op_call *call)
{
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; y->dtype == VOUCH_F32 && i < y->count; i++)
        y->f32[i] = tanhf(x->f32[i]);
    for (int64_t i = 0; y->dtype == VOUCH_F64 && i < y->count; i++)
        y->f64[i] = tanh(x->f64[i]);
    return VOUCH_OK;
}

static vouch_status sigmoid_eval(const vouch_op_call *call)
{
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; y->dtype == VOUCH_F32 && i < y->count; i++)
        y->f32[i] = 1 / (1 + expf(-x->f32[i]));
    for (int64_t i = 0; y->dtype == VOUCH_F64 && i < y->count; i++)
        y->f64[i] = 1 / (1 + exp(-x->f64[i]));
    return VOUCH_OK;
}

static double tanh_derivative(const vouch_node *node, double x)
{
    (void)node;
    return tanh_slope(x);
}

static double sigmoid_derivative(const vouch_node *node, double x)
{
    (void)node;
    return tanh_slope(x / 2) / 4;
}

static vouch_status tanh_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                              vouch_tensor *const *d_in)
{
    return vouch_pointwise_grad(call, d_out, d_in, tanh_derivative);
}

static vouch_status sigmoid_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                                 vouch_tensor *const *d_in)
{
    return vouch_pointwise_grad(call, d_out, d_in, sigmoid_derivative);
}

static vouch_status tanh_range(const vouch_op_call *call, const vouch_tensor *const *low,
                               const vouch_tensor *const *high, vouch_tensor *const *out_low,
                               vouch_tensor *const *out_high)
{
    (void)call;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        out_low[0]->f64[i] = tanh_down(low[0]->f64[i]);
        out_high[0]->f64[i] = tanh_up(high[0]->f64[i]);
    }
    return VOUCH_OK;
}

static vouch_status sigmoid_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                  const vouch_tensor *const *high, vouch_tensor *const *out_low,
                                  vouch_tensor *const *out_high)
{
    (void)call;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        out_low[0]->f64[i] = sigmoid_down(low[0]->f64[i]);
        out_high[0]->f64[i] = sigmoid_up(high[0]->f64[i]);
    }
    return VOUCH_OK;
}

const vouch_op vouch_op_Sigmoid = {
    .name = "Sigmoid",
    .summary = "1 / (1 + exp(-x))",
    .citation = "ONNX Sigmoid-13; Zhang 2018 (CROWN)",
    .op_class = VOUCH_OP_POINTWISE,
    .since = 2,
    .until = 22,
    .prepare = vouch_pointwise_prepare,
    .eval = sigmoid_eval,
    .grad = sigmoid_grad,
    .range = sigmoid_range,
    .relax = sigmoid_relax,
    .slopes = sigmoid_slopes,
};

const vouch_op vouch_op_Tanh = {
    .name = "Tanh",
    .summary = "hyperbolic tangent",
    .citation = "ONNX Tanh-13; Zhang 2018 (CROWN)",
    .op_class = VOUCH_OP_POINTWISE,
    .since = 2,
    .until = 22,
    .prepare = vouch_pointwise_prepare,
    .eval = tanh_eval,
    .grad = tanh_grad,
    .range = tanh_range,
    .relax = tanh_relax,
    .slopes = tanh_slopes,
};
