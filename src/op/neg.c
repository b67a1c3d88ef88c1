/* Neg: the negated tensor. Exact in every type; as a linear map -x, without rounding.
 *
 * SPEC: ONNX Neg-13.
 */
#include "op/op_priv.h"

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    *state = NULL;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    const vouch_value *x = vouch_op_in(g, node, 0);
    if (x->dtype == VOUCH_BOOL)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "operand of type bool");
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &x->shape);
}

static vouch_status eval(const vouch_op_call *call)
{
    const vouch_tensor *x = vouch_op_operand(call, 0, call->out[0]->dtype);
    vouch_tensor *y = call->out[0];
    if (!x)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; i < y->count; i++) {
        if (y->dtype == VOUCH_F32)
            y->f32[i] = -x->f32[i];
        else if (y->dtype == VOUCH_F64)
            y->f64[i] = -x->f64[i];
        else
            y->i64[i] = (int64_t)(0 - (uint64_t)x->i64[i]);
    }
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    (void)call;
    for (int64_t i = 0; d_in[0] && i < d_in[0]->count; i++) {
        if (d_in[0]->dtype == VOUCH_F32)
            d_in[0]->f32[i] -= d_out[0]->f32[i];
        else
            d_in[0]->f64[i] -= d_out[0]->f64[i];
    }
    return VOUCH_OK;
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    (void)call;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        out_low[0]->f64[i] = -high[0]->f64[i];
        out_high[0]->f64[i] = -low[0]->f64[i];
    }
    return VOUCH_OK;
}

static vouch_status linear(const vouch_linear_call *call)
{
    const vouch_value *x = vouch_op_in(call->graph, call->node, 0);
    const int64_t n = call->batch * (call->patch_y ? vouch_patch_count(call->patch_y)
                                                   : vouch_shape_count(&x->shape));
    const bool keep = vouch_op_absolute(call->mode);
    for (int64_t i = 0; i < n; i++)
        call->out[i] = vouch_op_offset(call->mode) ? 0 : keep ? call->in[i] : -call->in[i];
    return VOUCH_OK;
}

static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g, (void)node;
    return 0;
}

const vouch_op vouch_op_Neg = {
    .name = "Neg",
    .summary = "the negated tensor",
    .citation = "ONNX Neg-13",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .linear = linear,
    .patch = vouch_op_same_patch,
    .terms = terms,
};
