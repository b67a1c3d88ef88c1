/* The same data under another shape: Flatten, Reshape, Squeeze, Unsqueeze, Identity, Dropout.
 *
 * SPEC: ONNX Flatten-13, Reshape-14 (attribute `shape` before opset 5), Squeeze-13 and
 * Unsqueeze-13 (attribute `axes` before opset 13), Identity-16, Dropout-13 (inference: y = x,
 * the mask is all true).
 */
#include "op/move.h"

static vouch_status identity_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                     const void **state)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    return vouch_move_reshape(ctx, g, node, &vouch_op_in(g, node, 0)->shape, state);
}

static vouch_status flatten_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                    const void **state)
{
    int64_t axis;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", 1, &axis));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    if (axis < -x->rank || axis > x->rank)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "axis %lld is outside of a shape with %d dimensions",
                               (long long)axis, x->rank);
    const int cut = (int)(axis < 0 ? axis + x->rank : axis);
    const vouch_shape out = {
        .rank = 2, .dim = {vouch_op_extent(x, 0, cut), vouch_op_extent(x, cut, x->rank)}};
    return vouch_move_reshape(ctx, g, node, &out, state);
}

/* ---- Reshape ----------------------------------------------------------------------------- */

/* 0 copies the input's dimension (unless allowzero); a single -1 takes what is left. */
static bool resolve(const vouch_shape *x, bool allow_zero, vouch_shape *out)
{
    int free_axis = -1;
    for (int i = 0; i < out->rank; i++) {
        if (out->dim[i] == 0 && !allow_zero) {
            if (i >= x->rank)
                return false;
            out->dim[i] = x->dim[i];
        } else if (out->dim[i] == -1) {
            if (free_axis >= 0)
                return false;
            free_axis = i;
            out->dim[i] = 1;
        }
    }
    const int64_t all = vouch_shape_count(x), known = vouch_shape_count(out);
    if (free_axis >= 0) {
        if (known <= 0 || all % known != 0)
            return false;
        out->dim[free_axis] = all / known;
    }
    return vouch_shape_count(out) == all;
}

static vouch_status reshape_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                    const void **state)
{
    const int64_t *dims;
    int64_t count, allow_zero;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 2, 1));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, "shape", &dims, &count));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "allowzero", 0, &allow_zero));
    if (count > VOUCH_RANK_MAX)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "more than %d dimensions",
                               VOUCH_RANK_MAX);
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    vouch_shape out = {.rank = (int)count}, asked;
    for (int i = 0; i < out.rank; i++)
        out.dim[i] = dims[i];
    asked = out;
    if (!resolve(x, allow_zero != 0, &out)) {
        char a[VOUCH_SHAPE_TEXT], b[VOUCH_SHAPE_TEXT];
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "shape %s cannot become %s",
                               vouch_shape_print(x, a, sizeof a),
                               vouch_shape_print(&asked, b, sizeof b));
    }
    return vouch_move_reshape(ctx, g, node, &out, state);
}

/* ---- Squeeze, Unsqueeze ------------------------------------------------------------------ */

static vouch_status squeeze_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                    const void **state)
{
    const int64_t *axes;
    int64_t count;
    bool drop[VOUCH_RANK_MAX];
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 2, 1));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, "axes", &axes, &count));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(vouch_op_axes(ctx, g, node, axes, count, x->rank, drop));
    vouch_shape out = {.rank = 0};
    for (int i = 0; i < x->rank; i++) {
        if (drop[i] && x->dim[i] != 1)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "axis %d has %lld elements, so it cannot be squeezed", i,
                                   (long long)x->dim[i]);
        if (axes ? !drop[i] : x->dim[i] != 1)
            out.dim[out.rank++] = x->dim[i];
    }
    return vouch_move_reshape(ctx, g, node, &out, state);
}

static vouch_status unsqueeze_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                      const void **state)
{
    const int64_t *axes;
    int64_t count;
    bool added[VOUCH_RANK_MAX];
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 2, 1));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, "axes", &axes, &count));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    if (!axes)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "'axes' is missing");
    if (x->rank + count > VOUCH_RANK_MAX)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "more than %d dimensions",
                               VOUCH_RANK_MAX);
    vouch_shape out = {.rank = x->rank + (int)count};
    VOUCH_TRY(vouch_op_axes(ctx, g, node, axes, count, out.rank, added));
    for (int i = 0, from = 0; i < out.rank; i++)
        out.dim[i] = added[i] ? 1 : x->dim[from++];
    return vouch_move_reshape(ctx, g, node, &out, state);
}

/* ---- Dropout ----------------------------------------------------------------------------- */

/* The mask of inference keeps everything. */
static vouch_status constant_mask(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                  const vouch_shape *shape)
{
    if (!vouch_op_output_used(g, node, 1))
        return VOUCH_OK;
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 1, VOUCH_BOOL, shape));
    vouch_tensor *mask = vouch_tensor_new(g->arena, VOUCH_BOOL, shape);
    if (!mask)
        return vouch_op_no_memory(ctx);
    memset(mask->boolean, 1, (size_t)mask->count);
    g->value[node->output[1]].constant = mask;
    g->value[node->output[1]].producer = -1;
    return VOUCH_OK;
}

static vouch_status dropout_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                    const void **state)
{
    int64_t is_test;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 3, 2));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "is_test", 1, &is_test)); /* before opset 7 */
    const vouch_tensor *training = NULL;
    if (vouch_op_in(g, node, 2))
        VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 2, "training_mode", &training));
    if (training && training->count == 1 && vouch_tensor_get(training, 0) != 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "training mode is not supported");
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(constant_mask(ctx, g, node, x));
    return vouch_move_reshape(ctx, g, node, x, state);
}

/* ---- descriptors ------------------------------------------------------------------------- */

VOUCH_MOVE_OP(Dropout, 2, dropout_prepare, "its input (inference mode)", "ONNX Dropout-13");
VOUCH_MOVE_OP(Flatten, 2, flatten_prepare, "the same data as a matrix", "ONNX Flatten-13");
VOUCH_MOVE_OP(Identity, 2, identity_prepare, "its input", "ONNX Identity-16");
VOUCH_MOVE_OP(Reshape, 2, reshape_prepare, "the same data in another shape", "ONNX Reshape-14");
VOUCH_MOVE_OP(Squeeze, 2, squeeze_prepare, "drops dimensions of size 1", "ONNX Squeeze-13");
VOUCH_MOVE_OP(Unsqueeze, 2, unsqueeze_prepare, "inserts dimensions of size 1",
              "ONNX Unsqueeze-13");
