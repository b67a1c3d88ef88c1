/* Reverse mode: values of a bound graph at a point, and the gradient of a linear form of them.
 *
 * A tape is laid out once for a graph: a float64 tensor and an adjoint for every value that
 * depends on the inputs. After that a forward or backward pass allocates nothing but what an
 * operator takes as scratch, which is given back at the end of the pass.
 *
 * Gradients guide searches; nothing sound may rest on them.
 */
#ifndef VOUCH_GRAD_GRAD_H
#define VOUCH_GRAD_GRAD_H

#include "op/op.h"

typedef struct vouch_grad vouch_grad;

/* Lays out a tape in the arena; graph must outlive it, and be bound to operators. */
vouch_status vouch_grad_new(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                            vouch_grad **grad);

/* Does every operator on the way from inputs to outputs have a gradient? */
bool vouch_grad_differentiable(const vouch_grad *grad);

/* output = f(point) in float64, both flat as in vouch_op_eval_graph. */
vouch_status vouch_grad_forward(vouch_grad *grad, const double *point, double *output);

/* d_input = J^T d_output, J the Jacobian at the point of the last forward pass. */
vouch_status vouch_grad_backward(vouch_grad *grad, const double *d_output, double *d_input);

/* Both passes. */
vouch_status vouch_grad_run(vouch_grad *grad, const double *point, const double *d_output,
                            double *d_input, double *output);

#endif
