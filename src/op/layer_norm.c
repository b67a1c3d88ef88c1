/* LayerNormalization: y = (x - mean) / sqrt(variance + epsilon) * scale + bias, over all
 * dimensions from `axis` on.
 *
 * Range. With d_i = x_i - mean, an affine form of x, and v the variance, d_i^2 <= (n - 1) v: the
 * other n - 1 deviations add up to -d_i, so their squares to d_i^2 / (n - 1) at least. Hence
 * d / sqrt(v + eps) lies between those of both bounds on v, and on the far side of 0 within
 * t / sqrt(t^2 / (n - 1) + eps), which grows with t = d_i.
 *
 * SPEC: ONNX LayerNormalization-17 (outputs Mean and InvStdDev are not supported).
 */
#include "op/expansion.h"
#include "op/span.h"

typedef struct plan {
    int64_t rows, n;
    int axis, rank;
    double epsilon;
    const int64_t *place[3]; /* [n] element of scale (1), bias (2) for element i of a row */
} plan;

/* ---- planning ---------------------------------------------------------------------------- */

/* Scale and bias must be broadcast to the normalised dimensions. */
static vouch_status plan_factor(vouch_context *ctx, const vouch_graph *g,
                                const vouch_node *node, int k, const vouch_shape *row, plan *p)
{
    const vouch_value *v = vouch_op_in(g, node, k);
    vouch_shape joined;
    int64_t stride[VOUCH_RANK_MAX];
    if (!v)
        return VOUCH_OK;
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, k));
    if (!vouch_shape_broadcast(&v->shape, row, &joined) || !vouch_shape_equal(&joined, row))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "'%s' has another shape than what is normalised", v->name);
    int64_t *place = VOUCH_NEW_ARRAY(g->arena, int64_t, p->n + 1);
    if (!place)
        return vouch_op_no_memory(ctx);
    vouch_shape_strides(&v->shape, row, stride);
    for (int64_t i = 0; i < p->n; i++) {
        int64_t rest = i;
        for (int d = row->rank - 1; d >= 0 && row->dim[d] > 0; d--) {
            place[i] += rest % row->dim[d] * stride[d];
            rest /= row->dim[d];
        }
    }
    p->place[k] = place;
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    int64_t axis;
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 3, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", -1, &axis));
    VOUCH_TRY(vouch_node_real(ctx, g, node, "epsilon", (double)1e-5f, &p->epsilon));
    const vouch_value *x = vouch_op_in(g, node, 0);
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, x->shape.rank, &p->axis));
    if (!(p->epsilon >= 0) || !isfinite(p->epsilon))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "epsilon is negative");
    vouch_shape row = {.rank = x->shape.rank - p->axis};
    for (int i = 0; i < row.rank; i++)
        row.dim[i] = x->shape.dim[p->axis + i];
    p->rank = x->shape.rank;
    p->rows = vouch_op_extent(&x->shape, 0, p->axis);
    p->n = vouch_shape_count(&row);
    if (p->n < 1)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "mean of no elements");
    VOUCH_TRY(plan_factor(ctx, g, node, 1, &row, p));
    VOUCH_TRY(plan_factor(ctx, g, node, 2, &row, p));
    *state = p;
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &x->shape);
}

/* ---- values ------------------------------------------------------------------------------ */

#define EVAL(T, name, root)                                                                    \
    static void name(const plan *p, const T *x, const T *scale, const T *bias, T *y)           \
    {                                                                                          \
        for (int64_t r = 0; r < p->rows; r++, x += p->n, y += p->n) {                          \
            T mean = 0, variance = 0;                                                          \
            for (int64_t i = 0; i < p->n; i++)                                                 \
                mean += x[i];                                                                  \
            mean /= (T)p->n;                                                                   \
            for (int64_t i = 0; i < p->n; i++)                                                 \
                variance += (x[i] - mean) * (x[i] - mean);                                     \
            const T deviation = root(variance / (T)p->n + (T)p->epsilon);                      \
            for (int64_t i = 0; i < p->n; i++)                                                 \
                y[i] = (x[i] - mean) / deviation * scale[p->place[1][i]] +                     \
                       (bias ? bias[p->place[2][i]] : 0);                                      \
        }                                                                                      \
    }
EVAL(float, eval_f32, sqrtf)
EVAL(double, eval_f64, sqrt)

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    const vouch_tensor *scale = vouch_op_operand(call, 1, y->dtype);
    const vouch_tensor *bias = p->place[2] ? vouch_op_operand(call, 2, y->dtype) : NULL;
    if (!x || !scale || (p->place[2] && !bias))
        return vouch_op_no_memory(call->ctx);
    if (y->dtype == VOUCH_F32)
        eval_f32(p, x->f32, scale->f32, bias ? bias->f32 : NULL, y->f32);
    else
        eval_f64(p, x->f64, scale->f64, bias ? bias->f64 : NULL, y->f64);
    return VOUCH_OK;
}

static void add(vouch_tensor *t, int64_t i, double more)
{
    if (t)
        vouch_tensor_set(t, i, vouch_tensor_get(t, i) + more);
}

/* Mean and 1 / deviation of the row that begins at `from`. */
static void moments(const plan *p, const vouch_tensor *x, int64_t from, double out[2])
{
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < p->n; i++)
        mean += vouch_tensor_get(x, from + i) / (double)p->n;
    for (int64_t i = 0; i < p->n; i++) {
        const double d = vouch_tensor_get(x, from + i) - mean;
        variance += d * d / (double)p->n;
    }
    out[0] = mean;
    out[1] = 1 / sqrt(variance + p->epsilon);
}

/* With z = (x - mean) / deviation and w = scale dy: dx = (w - mean(w) - z mean(w z)) / deviation
 */
static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    const vouch_tensor *x = call->in[0], *scale = call->in[1], *dy = d_out[0];
    vouch_tensor *d_bias = call->node->input_count > 2 ? d_in[2] : NULL;
    for (int64_t from = 0; from < p->rows * p->n; from += p->n) {
        double m[2], w_mean = 0, wz_mean = 0;
        moments(p, x, from, m);
        for (int pass = 0; pass < 2; pass++)
            for (int64_t i = 0; i < p->n; i++) {
                const double z = (vouch_tensor_get(x, from + i) - m[0]) * m[1];
                const double d = vouch_tensor_get(dy, from + i);
                const double w = d * vouch_tensor_get(scale, p->place[1][i]);
                if (pass == 0) {
                    w_mean += w / (double)p->n;
                    wz_mean += w * z / (double)p->n;
                    add(d_in[1], p->place[1][i], d * z);
                    if (p->place[2])
                        add(d_bias, p->place[2][i], d);
                } else {
                    add(d_in[0], from + i, (w - w_mean - z * wz_mean) * m[1]);
                }
            }
    }
    return VOUCH_OK;
}

/* ---- range ------------------------------------------------------------------------------- */

/* x_i - mean = ((n - 1) x_i - the sum of the others) / n; sum: of all. */
static vouch_span deviation(const plan *p, vouch_span x, vouch_span sum)
{
    const vouch_span n = vouch_span_of((double)p->n);
    const vouch_span others = {vouch_sum_down(sum.low, -x.low),
                               vouch_sum_up(sum.high, -x.high)};
    const vouch_span own = vouch_span_mul(vouch_span_of((double)(p->n - 1)), x);
    if (p->n == 1)
        return vouch_span_of(0);
    return vouch_span_div(vouch_span_add(own, vouch_span_neg(others)), n);
}

static vouch_span root(vouch_span x)
{
    return (vouch_span){x.low > 0 ? vouch_down(sqrt(x.low)) : 0,
                        x.high > 0 ? vouch_up(sqrt(x.high)) : 0};
}

/* At least t / sqrt(t^2 / (n - 1) + epsilon), t >= 0. */
static double farthest(const plan *p, double t)
{
    const double limit = vouch_up(sqrt((double)(p->n - 1)));
    const vouch_span square = vouch_span_square(vouch_span_of(t));
    const vouch_span v = vouch_span_add(
        vouch_span_div(square, vouch_span_of((double)(p->n - 1))), vouch_span_of(p->epsilon));
    if (!(t > 0))
        return 0;
    const double ratio = vouch_span_div(vouch_span_of(t), root(v)).high;
    return ratio < limit ? ratio : limit;
}

static vouch_span normalised(const plan *p, vouch_span d, vouch_span inverse)
{
    vouch_span z = vouch_span_mul(d, inverse);
    if (p->n == 1)
        return vouch_span_of(0);
    if (d.high >= 0)
        z.high = fmin(z.high, farthest(p, d.high));
    if (d.low <= 0)
        z.low = fmax(z.low, -farthest(p, -d.low));
    return z;
}

/* 1 / sqrt(variance + epsilon) of the row of x at `from`. */
static vouch_span inverse_of(const plan *p, const double *low, const double *high,
                             vouch_span sum)
{
    vouch_span squares = {0, 0};
    for (int64_t i = 0; i < p->n; i++) {
        const vouch_span d = deviation(p, (vouch_span){low[i], high[i]}, sum);
        squares = vouch_span_add(squares, vouch_span_square(d));
    }
    const vouch_span variance = vouch_span_div(squares, vouch_span_of((double)p->n));
    const vouch_span r = root(vouch_span_add(variance, vouch_span_of(p->epsilon)));
    return (vouch_span){isfinite(r.high) && r.high > 0 ? vouch_quotient_down(1, r.high) : 0,
                        r.low > 0 ? vouch_quotient_up(1, r.low) : (double)INFINITY};
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    for (int64_t from = 0; from < p->rows * p->n; from += p->n) {
        const double *l = low[0]->f64 + from, *h = high[0]->f64 + from;
        vouch_span sum = {0, 0};
        for (int64_t i = 0; i < p->n; i++)
            sum = vouch_span_add(sum, (vouch_span){l[i], h[i]});
        const vouch_span inverse = inverse_of(p, l, h, sum);
        for (int64_t i = 0; i < p->n; i++) {
            const int64_t at = p->place[1][i], shift = p->place[2] ? p->place[2][i] : 0;
            const vouch_span d = deviation(p, (vouch_span){l[i], h[i]}, sum);
            vouch_span y = vouch_span_mul(normalised(p, d, inverse),
                                          (vouch_span){low[1]->f64[at], high[1]->f64[at]});
            if (p->place[2])
                y = vouch_span_add(y, (vouch_span){low[2]->f64[shift], high[2]->f64[shift]});
            out_low[0]->f64[from + i] = y.low;
            out_high[0]->f64[from + i] = y.high;
        }
    }
    return VOUCH_OK;
}

/* ---- decomposition ----------------------------------------------------------------------- */

static vouch_status decompose(vouch_context *ctx, vouch_graph *graph, const vouch_node *node,
                              struct vouch_op_expansion *into)
{
    (void)ctx, (void)graph;
    const plan *p = node->state;
    const int x = node->input[0], last = node->output[0], axes = p->rank - p->axis;
    const int mean = vouch_emit_reduce(into, "ReduceMean", x, p->axis, axes, -1);
    const int d = vouch_emit_node(into, "Sub", x, mean, NULL, -1);
    const int square = vouch_emit_node(into, "Pow", d, vouch_emit_scalar(into, 2), NULL, -1);
    const int v = vouch_emit_reduce(into, "ReduceMean", square, p->axis, axes, -1);
    const int sum =
        vouch_emit_node(into, "Add", v, vouch_emit_scalar(into, p->epsilon), NULL, -1);
    const int inverse =
        vouch_emit_node(into, "Pow", sum, vouch_emit_scalar(into, -.5), NULL, -1);
    const int z = vouch_emit_node(into, "Mul", d, inverse, NULL, -1);
    const int y =
        vouch_emit_node(into, "Mul", z, node->input[1], NULL, p->place[2] ? -1 : last);
    if (p->place[2])
        (void)vouch_emit_node(into, "Add", y, node->input[2], NULL, last);
    return vouch_emit_status(into);
}

const vouch_op vouch_op_LayerNormalization = {
    .name = "LayerNormalization",
    .summary = "deviation from the mean, divided by the standard deviation",
    .citation = "ONNX LayerNormalization-17",
    .op_class = VOUCH_OP_COMPOSITE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .decompose = decompose,
};
