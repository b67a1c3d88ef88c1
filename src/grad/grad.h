/* Reverse mode: values of a bound graph at a batch of points, and gradients of linear forms of
 * them.
 *
 * A plan is made once for a graph and shared by threads; a tape, one per thread, holds a tensor
 * and an adjoint for every value and sample. After that a forward or backward pass allocates
 * nothing but what an operator takes as scratch, which is given back at the end of the pass.
 * What a sample gives does not depend on the batch around it, bit for bit.
 *
 * Gradients guide searches; nothing sound may rest on them.
 */
#ifndef VOUCH_GRAD_GRAD_H
#define VOUCH_GRAD_GRAD_H

#include "op/op.h"

typedef struct vouch_grad_settings {
    vouch_dtype dtype; /* VOUCH_F32 or VOUCH_F64 */
    int64_t batch;     /* samples of a pass, at least 1 */
    bool surrogate;    /* steps and roundings get made-up derivatives (surrogate.h) and what has
                        * no derivative at all counts as constant: never an error */
} vouch_grad_settings;

typedef struct vouch_grad_plan vouch_grad_plan; /* immutable */
typedef struct vouch_grad vouch_grad;

/* In the arena; graph must outlive it, and be bound to operators. */
vouch_status vouch_grad_plan_new(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_graph *graph, const vouch_grad_settings *settings,
                                 vouch_grad_plan **plan);
/* Does every operator on the way from inputs to outputs have a gradient? */
bool vouch_grad_differentiable(const vouch_grad_plan *plan);
/* Numbers that a tape holds for one sample of the graph, adjoints included. */
int64_t vouch_grad_size(const vouch_graph *graph);

/* Lays out a tape in the arena. */
vouch_status vouch_grad_new(vouch_context *ctx, vouch_arena *arena, const vouch_grad_plan *plan,
                            vouch_grad **grad);

/* output = f(point): point [batch][inputs], output [batch][outputs], flat as in
 * vouch_op_eval_graph. */
vouch_status vouch_grad_forward(vouch_grad *grad, const double *point, double *output);

/* d_input = J^T d_output for every sample, J the Jacobian at the points of the last forward
 * pass. */
vouch_status vouch_grad_backward(vouch_grad *grad, const double *d_output, double *d_input);

/* Both passes. */
vouch_status vouch_grad_run(vouch_grad *grad, const double *point, const double *d_output,
                            double *d_input, double *output);

#endif
