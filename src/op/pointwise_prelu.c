/* PRelu: x, or slope x where x < 0, with a slope for each channel (or element).
 *
 * For bounds it is r + slope (x - r) with r = Relu(x): exact for every slope, and a single Relu
 * to split.
 *
 * SPEC: ONNX PRelu-16 (before opset 7 a slope of one dimension stands at axis 1)
 */
#include "op/directed.h"
#include "op/expansion.h"

typedef struct plan {
    vouch_shape out, slope; /* slope: as it is broadcast */
    int64_t stride[VOUCH_RANK_MAX];
} plan;

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 1));
    const vouch_value *x = vouch_op_in(g, node, 0), *slope = vouch_op_in(g, node, 1);
    p->slope = slope->shape;
    for (int i = 2; g->opset < 7 && p->slope.rank > 0 && i < x->shape.rank; i++)
        p->slope.dim[p->slope.rank++] = 1;
    if (!vouch_shape_broadcast(&x->shape, &p->slope, &p->out) ||
        !vouch_shape_equal(&p->out, &x->shape))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "the slope's shape does not fit");
    vouch_shape_strides(&p->slope, &p->out, p->stride);
    *state = p;
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &p->out);
}

/* The slope of element i. */
static int64_t place(const plan *p, int64_t i)
{
    return vouch_shape_place(&p->out, p->stride, i);
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    const vouch_tensor *slope = vouch_op_operand(call, 1, y->dtype);
    if (!x || !slope)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; y->dtype == VOUCH_F32 && i < y->count; i++)
        y->f32[i] = x->f32[i] < 0 ? slope->f32[place(p, i)] * x->f32[i] : x->f32[i];
    for (int64_t i = 0; y->dtype == VOUCH_F64 && i < y->count; i++)
        y->f64[i] = x->f64[i] < 0 ? slope->f64[place(p, i)] * x->f64[i] : x->f64[i];
    return VOUCH_OK;
}

static void add(vouch_tensor *t, int64_t i, double more)
{
    if (t)
        vouch_tensor_set(t, i, vouch_tensor_get(t, i) + more);
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    for (int64_t i = 0; i < call->out[0]->count; i++) {
        const double x = vouch_tensor_get(call->in[0], i), d = vouch_tensor_get(d_out[0], i);
        const int64_t at = place(p, i);
        add(d_in[0], i, x < 0 ? d * vouch_tensor_get(call->in[1], at) : d);
        add(d_in[1], at, x < 0 ? d * x : 0);
    }
    return VOUCH_OK;
}

/* Extremes lie at the corners, or at x = 0. */
static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        const double l = low[0]->f64[i], h = high[0]->f64[i];
        const double slope[2] = {low[1]->f64[place(p, i)], high[1]->f64[place(p, i)]};
        const double end = fmin(h, 0);
        double least = h > 0 ? fmax(l, 0) : (double)INFINITY;
        double most = h > 0 ? h : -(double)INFINITY;
        for (int k = 0; (l < 0 || !(h > 0)) && k < 2; k++) {
            least = fmin(least, fmin(vouch_product_down(slope[k], l),
                                     vouch_product_down(slope[k], end)));
            most = fmax(most,
                        fmax(vouch_product_up(slope[k], l), vouch_product_up(slope[k], end)));
        }
        out_low[0]->f64[i] = least;
        out_high[0]->f64[i] = most;
    }
    return VOUCH_OK;
}

static vouch_status decompose(vouch_context *ctx, vouch_graph *graph, const vouch_node *node,
                              struct vouch_op_expansion *into)
{
    (void)ctx, (void)graph;
    const plan *p = node->state;
    const int x = node->input[0], r = vouch_emit_node(into, "Relu", x, -1, NULL, -1);
    const int rest = vouch_emit_node(into, "Sub", x, r, NULL, -1);
    const int slope = vouch_emit_reshape(into, node->input[1], &p->slope, -1);
    const int scaled = vouch_emit_node(into, "Mul", rest, slope, NULL, -1);
    (void)vouch_emit_node(into, "Add", r, scaled, NULL, node->output[0]);
    return vouch_emit_status(into);
}

const vouch_op vouch_op_PRelu = {
    .name = "PRelu",
    .summary = "x, or slope x where x < 0, a slope for each channel",
    .citation = "ONNX PRelu-16",
    .op_class = VOUCH_OP_COMPOSITE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .decompose = decompose,
};
