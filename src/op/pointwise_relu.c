/* Relu: y = max(x, 0).
 *
 * On [l, u] with l < 0 < u the upper line is the chord: slope s near u / (u - l) as stored, and
 * the least intercept that is valid for that s, rounded up: max(-s l, u - s u). The function is
 * convex, so a line above both ends is above it in between. The lower line has slope 1 where u
 * > -l, else 0: the choice of least area. THM: Singh 2019 (DeepPoly), sec. 4.3.
 */
#include "op/directed.h"
#include "op/pointwise.h"

#define PASSES(T, forward, backward)                                                           \
    static void forward(int64_t n, const T *x, T *y)                                           \
    {                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                        \
            y[i] = x[i] > 0 ? x[i] : 0;                                                        \
    }                                                                                          \
    static void backward(int64_t n, const T *x, const T *dy, T *dx)                            \
    {                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                        \
            dx[i] += x[i] > 0 ? dy[i] : 0;                                                     \
    }
PASSES(float, forward_f32, backward_f32)
PASSES(double, forward_f64, backward_f64)

static vouch_status eval(const vouch_op_call *call)
{
    const vouch_tensor *x = vouch_op_operand(call, 0, call->out[0]->dtype);
    vouch_tensor *y = call->out[0];
    if (!x)
        return vouch_op_no_memory(call->ctx);
    if (y->dtype == VOUCH_F32)
        forward_f32(y->count, x->f32, y->f32);
    else
        forward_f64(y->count, x->f64, y->f64);
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const vouch_tensor *x = call->in[0], *dy = d_out[0];
    if (d_in[0] && dy->dtype == VOUCH_F32)
        backward_f32(dy->count, x->f32, dy->f32, d_in[0]->f32);
    else if (d_in[0])
        backward_f64(dy->count, x->f64, dy->f64, d_in[0]->f64);
    return VOUCH_OK;
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    (void)call;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        out_low[0]->f64[i] = fmax(low[0]->f64[i], 0);
        out_high[0]->f64[i] = fmax(high[0]->f64[i], 0);
    }
    return VOUCH_OK;
}

static vouch_line upper_line(double low, double high)
{
    const double slope = high / (high - low);
    if (!(slope >= 0 && slope <= 1)) /* an end is infinite */
        return (vouch_line){0, high};
    const double at_low = vouch_product_up(slope, -low);
    const double at_high = vouch_sum_up(high, -vouch_product_down(slope, high));
    return (vouch_line){slope, fmax(at_low, at_high)};
}

static vouch_status relax(const vouch_graph *graph, const vouch_node *node, double low,
                          double high, vouch_relaxation *out)
{
    (void)graph, (void)node;
    if (low >= 0) {
        out->lower = out->upper = (vouch_line){1, 0};
    } else if (high <= 0) {
        out->lower = out->upper = (vouch_line){0, 0};
    } else {
        out->lower = (vouch_line){high > -low ? 1 : 0, 0};
        out->upper = upper_line(low, high);
    }
    return VOUCH_OK;
}

static vouch_status lines(const vouch_graph *graph, const vouch_node *node, double low,
                          double high, vouch_lines *below, vouch_lines *above)
{
    vouch_relaxation r;
    VOUCH_TRY(relax(graph, node, low, high, &r));
    *below = (vouch_lines){.count = 1, .line = {r.lower}};
    *above = (vouch_lines){.count = 1, .line = {r.upper}};
    if (low < 0 && high > 0)
        *below =
            (vouch_lines){.count = 2, .line = {{0, 0}, {1, 0}}, .start = high > -low ? 1 : 0};
    return VOUCH_OK;
}

static double split_point(const vouch_graph *graph, const vouch_node *node, double low,
                          double high)
{
    (void)graph, (void)node;
    return low < 0 && high > 0 ? 0 : (double)NAN;
}

static void slopes(const vouch_graph *graph, const vouch_node *node, double low, double high,
                   double *slope_low, double *slope_high)
{
    (void)graph, (void)node;
    *slope_low = low > 0 ? 1 : 0;
    *slope_high = high < 0 ? 0 : 1;
}

static int pieces(const vouch_graph *graph, const vouch_node *node, double breakpoint[4],
                  vouch_line piece[5])
{
    (void)graph, (void)node;
    breakpoint[0] = 0;
    piece[0] = (vouch_line){0, 0};
    piece[1] = (vouch_line){1, 0};
    return 1;
}

const vouch_op vouch_op_Relu = {
    .name = "Relu",
    .summary = "max(x, 0)",
    .citation = "ONNX Relu-14; Singh 2019 (DeepPoly)",
    .op_class = VOUCH_OP_POINTWISE,
    .since = 2,
    .until = 22,
    .prepare = vouch_pointwise_prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .relax = relax,
    .lines = lines,
    .split_point = split_point,
    .slopes = slopes,
    .pieces = pieces,
};
