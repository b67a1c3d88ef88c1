/* ONNX broadcasting by tables; see broadcast.h. */
#include "op/broadcast.h"

static vouch_status bad_shapes(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                               const vouch_shape *a, const vouch_shape *b)
{
    char ta[VOUCH_SHAPE_TEXT], tb[VOUCH_SHAPE_TEXT];
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "shapes %s and %s do not fit",
                           vouch_shape_print(a, ta, sizeof ta),
                           vouch_shape_print(b, tb, sizeof tb));
}

/* NULL: out of memory. */
static const int64_t *make_map(const vouch_graph *g, const vouch_shape *shape,
                               const vouch_shape *out, int64_t total)
{
    int64_t stride[VOUCH_RANK_MAX], at[VOUCH_RANK_MAX] = {0}, from = 0;
    int64_t *map = VOUCH_NEW_ARRAY(g->arena, int64_t, total + 1);
    vouch_shape_strides(shape, out, stride);
    for (int64_t i = 0; map && i < total; i++) {
        map[i] = from;
        for (int d = out->rank - 1; d >= 0; d--) {
            from += stride[d];
            if (++at[d] < out->dim[d])
                break;
            from -= stride[d] * at[d];
            at[d] = 0;
        }
    }
    return map;
}

vouch_status vouch_broadcast_prepare(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                     int operands, vouch_dtype dtype, vouch_broadcast *b)
{
    vouch_shape out = {.rank = 0};
    *b = (vouch_broadcast){.operands = operands};
    for (int k = 0; k < operands; k++) {
        const vouch_shape *shape = &vouch_op_in(g, node, k)->shape, before = out;
        if (!vouch_shape_broadcast(&before, shape, &out))
            return bad_shapes(ctx, g, node, &before, shape);
    }
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 0, dtype, &out));
    b->total = vouch_shape_count(&out);
    for (int k = 0; k < operands; k++) {
        const vouch_shape *shape = &vouch_op_in(g, node, k)->shape;
        b->count[k] = vouch_shape_count(shape);
        if (b->count[k] == b->total)
            continue;
        b->map[k] = make_map(g, shape, &out, b->total);
        if (!b->map[k])
            return vouch_op_no_memory(ctx);
    }
    return VOUCH_OK;
}
