/* Operators that only move data: y_i = x_{map(i)}, or a constant where the map has -1.
 *
 * Flatten, Reshape, Transpose, Slice, Gather, Pad ... differ in their maps alone. `prepare`
 * makes the map; eval (of any element type), gradient, range and linear forms are the same for
 * all, and exact: A has a single 1 in each row. Only where an element of x is used several
 * times (Pad by reflection, Gather) does the transposed product add.
 */
#ifndef VOUCH_OP_MOVE_H
#define VOUCH_OP_MOVE_H

#include "op/op_priv.h"

typedef struct vouch_move {
    int64_t in_count, out_count;
    const int64_t *map; /* [out_count] index into input 0, -1 = fill; NULL: y = x as it lies */
    double fill;
    int64_t repeat;     /* how often an element of x is used at most */
    const int64_t *use; /* [in_count], where repeat is 1: who uses it, -1 = nobody; else NULL */
} vouch_move;

/* Output dimension i contributes table[i][o_i] to the index; -1 in any of them means fill.
 * NULL table: identity map. Sets node's output 0 to dtype of input 0 and that shape. */
typedef struct vouch_move_axes {
    vouch_shape out;
    const int64_t *table[VOUCH_RANK_MAX];
} vouch_move_axes;

/* y = x under another shape. */
vouch_status vouch_move_reshape(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                const vouch_shape *out, const void **state);
/* y by per-axis tables, for a view of the output as axes->out; its true shape is `out`. */
vouch_status vouch_move_axes_map(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                 const vouch_move_axes *axes, const vouch_shape *out,
                                 double fill, const void **state);

/* y by a map of the output's elements (kept, so in the graph's arena). */
vouch_status vouch_move_map(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                            const int64_t *map, const vouch_shape *out, double fill,
                            const void **state);

/* One table for vouch_move_axes: start + i * step, NULL when out of memory. */
int64_t *vouch_move_ramp(const vouch_graph *g, int64_t count, int64_t start, int64_t step);
/* Steps between neighbours along each dimension. */
void vouch_move_strides(const vouch_shape *s, int64_t stride[VOUCH_RANK_MAX]);

vouch_status vouch_move_eval(const vouch_op_call *call);
vouch_status vouch_move_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                             vouch_tensor *const *d_in);
vouch_status vouch_move_range(const vouch_op_call *call, const vouch_tensor *const *low,
                              const vouch_tensor *const *high, vouch_tensor *const *out_low,
                              vouch_tensor *const *out_high);
vouch_status vouch_move_linear(const vouch_linear_call *call);
bool vouch_move_patch(const vouch_graph *graph, const vouch_node *node, int which,
                      const vouch_patch *y, vouch_patch *x);
int64_t vouch_move_terms(const vouch_graph *graph, const vouch_node *node);

/* The descriptor of an operator that is nothing but its map. */
#define VOUCH_MOVE_OP(op, first, prepare_fn, text, spec)                                       \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_AFFINE,                                                           \
        .since = first,                                                                        \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = vouch_move_eval,                                                               \
        .grad = vouch_move_grad,                                                               \
        .range = vouch_move_range,                                                             \
        .linear = vouch_move_linear,                                                           \
        .patch = vouch_move_patch,                                                             \
        .terms = vouch_move_terms,                                                             \
        .partial = VOUCH_PARTIAL_CARRIED,                                                      \
    }

#endif
