/* Where: by element, one tensor or another, as a condition says.
 *
 * With a constant condition it is a choice of elements, affine in both tensors. A varying one
 * is decided on a box where its interval is 0 or 1; else the hull of both. For bounds, c ? x : y
 * becomes c x + (1 - c) y, whose parts are exact where c is decided.
 *
 * SPEC: ONNX Where-16
 */
#include "op/broadcast.h"
#include "op/expansion.h"

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 3, 3, 1));
    const vouch_dtype c = vouch_op_in(g, node, 0)->dtype, x = vouch_op_in(g, node, 1)->dtype,
                      y = vouch_op_in(g, node, 2)->dtype;
    if (c != VOUCH_BOOL || !(x == y || (vouch_op_is_float(x) && vouch_op_is_float(y))))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "operands of types %s, %s and %s",
                               vouch_dtype_name(c), vouch_dtype_name(x), vouch_dtype_name(y));
    vouch_broadcast *b = VOUCH_NEW(g->arena, vouch_broadcast);
    if (!b)
        return vouch_op_no_memory(ctx);
    *state = b;
    return vouch_broadcast_prepare(ctx, g, node, 3, x, b);
}

/* Input that element i is taken from. */
static int taken(const vouch_broadcast *b, const vouch_tensor *condition, int64_t i)
{
    return vouch_tensor_get(condition, vouch_broadcast_at(b, 0, i)) != 0 ? 1 : 2;
}

static vouch_status eval(const vouch_op_call *call)
{
    const vouch_broadcast *b = call->node->state;
    vouch_tensor *out = call->out[0];
    const size_t size = vouch_dtype_size(out->dtype);
    const vouch_tensor *in[3] = {call->in[0], vouch_op_operand(call, 1, out->dtype),
                                 vouch_op_operand(call, 2, out->dtype)};
    if (!in[1] || !in[2])
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; i < b->total; i++) {
        const int k = taken(b, in[0], i);
        memcpy((char *)out->data + (size_t)i * size,
               (const char *)in[k]->data + (size_t)vouch_broadcast_at(b, k, i) * size, size);
    }
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const vouch_broadcast *b = call->node->state;
    for (int64_t i = 0; d_out[0] && i < b->total; i++) {
        const int k = taken(b, call->in[0], i);
        const int64_t at = vouch_broadcast_at(b, k, i);
        if (d_in[k] && d_in[k]->dtype == VOUCH_F32)
            d_in[k]->f32[at] += d_out[0]->f32[i];
        else if (d_in[k])
            d_in[k]->f64[at] += d_out[0]->f64[i];
    }
    return VOUCH_OK;
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const vouch_broadcast *b = call->node->state;
    for (int64_t i = 0; i < b->total; i++) {
        const int64_t c = vouch_broadcast_at(b, 0, i);
        const bool first = vouch_tensor_get(high[0], c) > 0;
        const bool second = vouch_tensor_get(low[0], c) < 1;
        double l = (double)INFINITY, h = -(double)INFINITY;
        for (int k = 1; k <= 2; k++) {
            const int64_t at = vouch_broadcast_at(b, k, i);
            if (k == 1 ? !first : !second)
                continue;
            l = fmin(l, vouch_tensor_get(low[k], at));
            h = fmax(h, vouch_tensor_get(high[k], at));
        }
        out_low[0]->f64[i] = l;
        out_high[0]->f64[i] = h;
    }
    return VOUCH_OK;
}

/* ---- as simpler nodes ---------------------------------------------------------------------- */

/* Numbers: a varying float, or a finite constant (0 times infinity is no 0). */
static bool is_number(const vouch_graph *g, const vouch_node *node, int i)
{
    const vouch_tensor *t = vouch_op_constant(g, node, i);
    for (int64_t k = 0; t && k < t->count; k++)
        if (!isfinite(vouch_tensor_get(t, k)))
            return false;
    return vouch_op_is_float(vouch_op_in(g, node, i)->dtype);
}

static vouch_status decompose(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                              struct vouch_op_expansion *into)
{
    const vouch_attr to = vouch_emit_attr("to", 11);
    (void)ctx;
    if (vouch_op_constant(g, node, 0) || !is_number(g, node, 1) || !is_number(g, node, 2))
        return VOUCH_OK;
    const int c = vouch_emit_node(into, "Cast", node->input[0], -1, &to, -1);
    const int d = vouch_emit_node(into, "Sub", vouch_emit_scalar(into, 1), c, NULL, -1);
    const int x = vouch_emit_node(into, "Mul", node->input[1], c, NULL, -1);
    const int y = vouch_emit_node(into, "Mul", node->input[2], d, NULL, -1);
    vouch_emit_node(into, "Add", x, y, NULL, node->output[0]);
    return vouch_emit_status(into);
}

/* ---- linear ------------------------------------------------------------------------------ */

static void offset(const vouch_linear_call *call, const vouch_broadcast *b, double *y)
{
    const vouch_tensor *c = vouch_op_constant(call->graph, call->node, 0);
    for (int64_t i = 0; i < b->total; i++) {
        const int k = taken(b, c, i);
        const vouch_tensor *t = vouch_op_constant(call->graph, call->node, k);
        const double x = t ? vouch_tensor_get(t, vouch_broadcast_at(b, k, i)) : 0;
        y[i] = vouch_op_absolute(call->mode) ? fabs(x) : x;
    }
}

static vouch_status linear(const vouch_linear_call *call)
{
    const vouch_broadcast *b = call->node->state;
    const vouch_tensor *c = vouch_op_constant(call->graph, call->node, 0);
    const int w = call->which;
    const bool back = vouch_op_transposed(call->mode);
    for (int64_t v = 0; v < call->batch; v++) {
        const double *in = call->in + v * (back ? b->total : b->count[w]);
        double *out = call->out + v * (back ? b->count[w] : b->total);
        if (vouch_op_offset(call->mode)) {
            offset(call, b, call->out + v * b->total);
            continue;
        }
        memset(out, 0, (size_t)(back ? b->count[w] : b->total) * sizeof *out);
        for (int64_t i = 0; i < b->total; i++) {
            const int64_t at = vouch_broadcast_at(b, w, i);
            if (taken(b, c, i) == w)
                out[back ? at : i] += in[back ? i : at];
        }
    }
    return VOUCH_OK;
}

/* Copies are exact; an element used n times is a sum of n in the transposed product. */
static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g;
    const vouch_broadcast *b = node->state;
    const int64_t x = vouch_broadcast_repeat(b, 1), y = vouch_broadcast_repeat(b, 2);
    return (x > y ? x : y) - 1;
}

static bool is_affine(const vouch_graph *g, const vouch_node *node, const bool *varying)
{
    (void)g;
    return !varying[node->input[0]];
}

static bool exact(const vouch_graph *g, const vouch_node *node)
{
    (void)g, (void)node;
    return true;
}

const vouch_op vouch_op_Where = {
    .name = "Where",
    .summary = "one tensor or another, by element, as a condition says",
    .citation = "ONNX Where-16",
    .op_class = VOUCH_OP_AFFINE,
    .since = 9,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .is_affine = is_affine,
    .otherwise = VOUCH_OP_SELECT,
    .linear = linear,
    .terms = terms,
    .exact = exact,
    .decompose = decompose,
};
