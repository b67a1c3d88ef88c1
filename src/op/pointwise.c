/* What pointwise operators share; see pointwise.h. */
#include "op/pointwise.h"

vouch_status vouch_pointwise_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                     const void **state)
{
    *state = NULL;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    const vouch_value *x = vouch_op_in(g, node, 0);
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &x->shape);
}

vouch_status vouch_pointwise_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                                  vouch_tensor *const *d_in,
                                  double (*derivative)(const vouch_node *node, double x))
{
    const vouch_tensor *x = call->in[0], *dy = d_out[0];
    vouch_tensor *dx = d_in[0];
    const int64_t n = dx ? dx->count : 0;
    if (dx && dx->dtype == VOUCH_F32)
        for (int64_t i = 0; i < n; i++)
            dx->f32[i] += dy->f32[i] * (float)derivative(call->node, (double)x->f32[i]);
    else
        for (int64_t i = 0; i < n; i++)
            dx->f64[i] += dy->f64[i] * derivative(call->node, x->f64[i]);
    return VOUCH_OK;
}
