/* What operator files share: checking a node, reaching its values, folded constants as lists.
 *
 * Convention of a family: `prepare` turns attributes, constant inputs and shapes into a small
 * plan in the graph's arena (node->state); everything else only follows the plan.
 */
#ifndef VOUCH_OP_PRIV_H
#define VOUCH_OP_PRIV_H

#include <string.h>

#include "num/round.h"
#include "op/op.h"

/* Inputs between least and most, the first `least` of them present, at most `outputs` outputs.
 */
vouch_status vouch_op_check_arity(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, int least, int most, int outputs);
/* Value of input i, NULL where left out. Shapes are known when prepare runs. */
const vouch_value *vouch_op_in(const vouch_graph *g, const vouch_node *node, int i);
static inline const vouch_tensor *vouch_op_constant(const vouch_graph *g,
                                                    const vouch_node *node, int i)
{
    const vouch_value *v = vouch_op_in(g, node, i);
    return v ? v->constant : NULL;
}
/* Is input i float32 or float64? An error naming the input if not. */
vouch_status vouch_op_check_float(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, int i);
/* Sets dtype and shape of output k; refuses sizes beyond a sane limit. */
vouch_status vouch_op_set_output(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                 int k, vouch_dtype dtype, const vouch_shape *shape);
/* Is output k asked for by anyone? */
bool vouch_op_output_used(const vouch_graph *g, const vouch_node *node, int k);

/* A list of integers, given as constant input i or, where that is left out, as attribute `name`
 * (either may be given in any opset; i < 0: attribute only). *ints NULL where neither is. */
vouch_status vouch_op_ints(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                           int i, const char *name, const int64_t **ints, int64_t *count);
/* The input as a constant, or an error saying that it must be one (`what` names it). */
vouch_status vouch_op_need_constant(vouch_context *ctx, const vouch_graph *g,
                                    const vouch_node *node, int i, const char *what,
                                    const vouch_tensor **out);
/* Axis in -rank..rank-1 to 0..rank-1. */
vouch_status vouch_op_axis(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                           int64_t axis, int rank, int *out);
/* Marks the listed axes (each at most once). */
vouch_status vouch_op_axes(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                           const int64_t *axes, int64_t count, int rank,
                           bool marked[VOUCH_RANK_MAX]);

/* in[i] in the given dtype: itself, or a copy in call->scratch (NULL: out of memory). */
const vouch_tensor *vouch_op_operand(const vouch_op_call *call, int i, vouch_dtype dtype);
/* Out of memory, recorded. */
vouch_status vouch_op_no_memory(vouch_context *ctx);

/* What an integer slice holds where its computed place reaches beyond the ends: further out than
 * any dimension, and exact after adding shape arithmetic to it. */
#define VOUCH_ABSENT 0x1p40

/* `eval` of operators whose output `prepare` makes a constant: binding drops such nodes. */
vouch_status vouch_op_eval_never(const vouch_op_call *call);

/* `patch` of operators that work position by position. */
bool vouch_op_same_patch(const vouch_graph *g, const vouch_node *node, int which,
                         const vouch_patch *y, vouch_patch *x);

/* Product of dim[from..to-1]. */
static inline int64_t vouch_op_extent(const vouch_shape *s, int from, int to)
{
    int64_t n = 1;
    for (int i = from; i < to; i++)
        n *= s->dim[i];
    return n;
}

static inline bool vouch_op_is_float(vouch_dtype dtype)
{
    return dtype == VOUCH_F32 || dtype == VOUCH_F64;
}

/* Are the mode's input and output y-shaped and x-shaped? */
static inline bool vouch_op_transposed(vouch_linear_mode mode)
{
    return mode == VOUCH_LINEAR_TRANSPOSED || mode == VOUCH_LINEAR_ABS_TRANSPOSED;
}
static inline bool vouch_op_absolute(vouch_linear_mode mode)
{
    return mode == VOUCH_LINEAR_ABS || mode == VOUCH_LINEAR_ABS_TRANSPOSED ||
           mode == VOUCH_LINEAR_ABS_OFFSET;
}
static inline bool vouch_op_offset(vouch_linear_mode mode)
{
    return mode == VOUCH_LINEAR_OFFSET || mode == VOUCH_LINEAR_ABS_OFFSET;
}

#endif
