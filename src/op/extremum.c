/* Max, Min: the greatest, the least of several tensors, element by element under broadcasting.
 *
 * SPEC: ONNX Max-13, Min-13 (no broadcasting before opset 8; we broadcast in any).
 */
#include "op/greatest.h"

enum { INPUTS_MAX = 64 };

typedef struct plan {
    vouch_shape out;
    int64_t stride[INPUTS_MAX][VOUCH_RANK_MAX];
    bool least;
} plan;

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state, bool least)
{
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, INPUTS_MAX, 1));
    const vouch_dtype dtype = vouch_op_in(g, node, 0)->dtype;
    for (int i = 0; i < node->input_count; i++) {
        const vouch_value *x = vouch_op_in(g, node, i);
        if (!x || x->dtype == VOUCH_BOOL ||
            vouch_op_is_float(x->dtype) != vouch_op_is_float(dtype))
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "operand %d is left out or of another type", i);
        if (!vouch_shape_broadcast(&x->shape, &p->out, &p->out))
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "the shape of operand %d does not fit", i);
    }
    for (int i = 0; i < node->input_count; i++)
        vouch_shape_strides(&vouch_op_in(g, node, i)->shape, &p->out, p->stride[i]);
    p->least = least;
    *state = p;
    return vouch_op_set_output(ctx, g, node, 0, dtype, &p->out);
}

/* Where element i of the output lies in operand w. */
static int64_t place(const plan *p, int w, int64_t i)
{
    return vouch_shape_place(&p->out, p->stride[w], i);
}

/* y <- the greatest, or the least, of all operands */
#define CHOOSE(T, field, name)                                                                 \
    static void name(const plan *p, int count, const vouch_tensor *const *in, T *y,            \
                     int64_t outputs)                                                          \
    {                                                                                          \
        for (int64_t i = 0; i < outputs; i++)                                                  \
            for (int w = 0; w < count; w++) {                                                  \
                const T x = in[w]->field[place(p, w, i)];                                      \
                if (w == 0 || (p->least ? x < y[i] : x > y[i]))                                \
                    y[i] = x;                                                                  \
            }                                                                                  \
    }
CHOOSE(float, f32, choose_f32)
CHOOSE(double, f64, choose_f64)
CHOOSE(int64_t, i64, choose_i64)

/* All operands in the given type. */
static vouch_status operands(const vouch_op_call *call, vouch_dtype dtype,
                             const vouch_tensor *in[INPUTS_MAX])
{
    for (int w = 0; w < call->node->input_count; w++) {
        in[w] = vouch_op_operand(call, w, dtype);
        if (!in[w])
            return vouch_op_no_memory(call->ctx);
    }
    return VOUCH_OK;
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    const vouch_tensor *in[INPUTS_MAX];
    vouch_tensor *y = call->out[0];
    const int count = call->node->input_count;
    VOUCH_TRY(operands(call, y->dtype, in));
    if (y->dtype == VOUCH_F32)
        choose_f32(p, count, in, y->f32, y->count);
    else if (y->dtype == VOUCH_F64)
        choose_f64(p, count, in, y->f64, y->count);
    else
        choose_i64(p, count, in, y->i64, y->count);
    return VOUCH_OK;
}

/* To the first operand that attains the value. */
static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    const vouch_tensor *in[INPUTS_MAX] = {NULL}, *y = call->out[0];
    VOUCH_TRY(operands(call, y->dtype, in));
    for (int64_t i = 0; i < y->count; i++) {
        int w = 0;
        while (w + 1 < call->node->input_count &&
               vouch_tensor_get(in[w], place(p, w, i)) != vouch_tensor_get(y, i))
            w++;
        const int64_t at = place(p, w, i);
        if (d_in[w])
            vouch_tensor_set(d_in[w], at,
                             vouch_tensor_get(d_in[w], at) + vouch_tensor_get(d_out[0], i));
    }
    return VOUCH_OK;
}

/* Both are monotone in every operand. */
static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    const int count = call->node->input_count;
    choose_f64(p, count, low, out_low[0]->f64, out_low[0]->count);
    choose_f64(p, count, high, out_high[0]->f64, out_high[0]->count);
    return VOUCH_OK;
}

static vouch_status decompose(vouch_context *ctx, vouch_graph *graph, const vouch_node *node,
                              struct vouch_op_expansion *into)
{
    (void)ctx;
    const plan *p = node->state;
    int y = node->input[0];
    if (!vouch_op_is_float(graph->value[y].dtype))
        return VOUCH_OK;
    if (node->input_count == 1)
        (void)vouch_emit_node(into, "Identity", y, -1, NULL, node->output[0]);
    for (int w = 1; w < node->input_count; w++)
        y = vouch_greatest_pair(into, p->least, y, node->input[w],
                                w + 1 == node->input_count ? node->output[0] : -1);
    return vouch_emit_status(into);
}

#define EXTREMUM(op, is_least, text, spec)                                                     \
    static vouch_status op##_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,     \
                                     const void **state)                                       \
    {                                                                                          \
        return prepare(ctx, g, node, state, is_least);                                         \
    }                                                                                          \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_COMPOSITE,                                                        \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = op##_prepare,                                                               \
        .eval = eval,                                                                          \
        .grad = grad,                                                                          \
        .range = range,                                                                        \
        .decompose = decompose,                                                                \
    }
EXTREMUM(Max, false, "greatest of several tensors, broadcast", "ONNX Max-13");
EXTREMUM(Min, true, "least of several tensors, broadcast", "ONNX Min-13");
