/* What pointwise operators share: y_i = f(x_i), one input, shape kept. */
#ifndef VOUCH_OP_POINTWISE_H
#define VOUCH_OP_POINTWISE_H

#include "op/op_priv.h"

/* One float input; the output has its type and shape; no state. */
vouch_status vouch_pointwise_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                     const void **state);
/* d_in += d_out * derivative(x) */
vouch_status vouch_pointwise_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                                  vouch_tensor *const *d_in,
                                  double (*derivative)(const vouch_node *node, double x));

#endif
