/* More moves: Expand, Tile, DepthToSpace, SpaceToDepth, Trilu.
 *
 * Each gives, per dimension of the output, a table of where in the input its positions lie
 * (move.h).
 *
 * SPEC: ONNX Expand-13, Tile-13, DepthToSpace-13, SpaceToDepth-13, Trilu-14
 */
#include "op/move.h"

/* table[i] for an output dimension of `out` positions over `dim` of the input, repeated. */
static const int64_t *cycle(const vouch_graph *g, int64_t out, int64_t dim, int64_t stride)
{
    int64_t *t = vouch_move_ramp(g, out, 0, 0);
    for (int64_t i = 0; t && i < out; i++)
        t[i] = i % dim * stride;
    return t;
}

/* The input repeated in every dimension as often as fits; it has the output's rank. */
static vouch_status repeat(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                           const vouch_shape *x, const vouch_shape *out, const void **state)
{
    int64_t stride[VOUCH_RANK_MAX];
    vouch_move_axes axes = {.out = *out};
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, out));
    vouch_move_strides(x, stride);
    for (int i = 0; i < out->rank; i++) {
        axes.table[i] = cycle(g, out->dim[i], x->dim[i] ? x->dim[i] : 1, stride[i]);
        if (!axes.table[i])
            return vouch_op_no_memory(ctx);
    }
    return vouch_move_axes_map(ctx, g, node, &axes, out, 0, state);
}

static vouch_status expand_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                   const void **state)
{
    const int64_t *dims;
    int64_t count;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, "shape", &dims, &count));
    if (count > VOUCH_RANK_MAX)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "more than %d dimensions",
                               VOUCH_RANK_MAX);
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    vouch_shape asked = {.rank = (int)count}, out, padded;
    for (int i = 0; i < asked.rank; i++)
        asked.dim[i] = dims[i];
    if (vouch_shape_count(&asked) < 0 || !vouch_shape_broadcast(x, &asked, &out)) {
        char a[VOUCH_SHAPE_TEXT], b[VOUCH_SHAPE_TEXT];
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "shape %s cannot become %s",
                               vouch_shape_print(x, a, sizeof a),
                               vouch_shape_print(&asked, b, sizeof b));
    }
    padded = out;
    for (int i = 0; i < out.rank; i++)
        padded.dim[i] = i < out.rank - x->rank ? 1 : x->dim[i - (out.rank - x->rank)];
    return repeat(ctx, g, node, &padded, &out, state);
}

static vouch_status tile_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    const int64_t *times;
    int64_t count;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, "repeats", &times, &count));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    vouch_shape out = *x;
    if (count != x->rank)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "'repeats' has %lld entries for %d dimensions", (long long)count,
                               x->rank);
    for (int i = 0; i < x->rank; i++)
        if (times[i] < 0 || __builtin_mul_overflow(x->dim[i], times[i], &out.dim[i]))
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "'repeats' is out of range");
    return repeat(ctx, g, node, x, &out, state);
}

/* ---- DepthToSpace, SpaceToDepth ---------------------------------------------------------- */

/* A reshape to six dimensions, a transposition, a reshape to four: `view` are the dimensions
 * after the transposition, `from` where each stood before, `dim` before. */
typedef struct blocks {
    int64_t dim[6];
    int from[6];
} blocks;

static vouch_status transpose(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                              const blocks *b, const vouch_shape *out, const void **state)
{
    int64_t stride[VOUCH_RANK_MAX];
    vouch_shape before = {.rank = 6};
    vouch_move_axes axes = {.out = {.rank = 6}};
    memcpy(before.dim, b->dim, sizeof b->dim);
    vouch_move_strides(&before, stride);
    for (int i = 0; i < 6; i++) {
        axes.out.dim[i] = b->dim[b->from[i]];
        axes.table[i] = vouch_move_ramp(g, axes.out.dim[i], 0, stride[b->from[i]]);
        if (!axes.table[i])
            return vouch_op_no_memory(ctx);
    }
    return vouch_move_axes_map(ctx, g, node, &axes, out, 0, state);
}

/* Block size, at least 1, for an image [N,C,H,W]. */
static vouch_status read_block(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                               int64_t *s)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "blocksize", 0, s));
    if (*s < 1 || *s > 1 << 15 || vouch_op_in(g, node, 0)->shape.rank != 4)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "needs four dimensions and a 'blocksize' of at least 1");
    return VOUCH_OK;
}

static vouch_status no_blocks(vouch_context *ctx, const vouch_graph *g, const vouch_node *node)
{
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                           "the input is not made of whole blocks");
}

static vouch_status depth_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const void **state)
{
    int64_t s = 1;
    const char *mode;
    VOUCH_TRY(read_block(ctx, g, node, &s));
    VOUCH_TRY(vouch_node_text(ctx, g, node, "mode", "DCR", &mode));
    const int64_t *x = vouch_op_in(g, node, 0)->shape.dim;
    if (x[1] % (s * s))
        return no_blocks(ctx, g, node);
    const vouch_shape out = {.rank = 4, .dim = {x[0], x[1] / (s * s), x[2] * s, x[3] * s}};
    const blocks dcr = {{x[0], s, s, out.dim[1], x[2], x[3]}, {0, 3, 4, 1, 5, 2}};
    const blocks crd = {{x[0], out.dim[1], s, s, x[2], x[3]}, {0, 1, 4, 2, 5, 3}};
    return transpose(ctx, g, node, strcmp(mode, "CRD") == 0 ? &crd : &dcr, &out, state);
}

static vouch_status space_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const void **state)
{
    int64_t s = 1;
    VOUCH_TRY(read_block(ctx, g, node, &s));
    const int64_t *x = vouch_op_in(g, node, 0)->shape.dim;
    if (x[2] % s || x[3] % s)
        return no_blocks(ctx, g, node);
    const vouch_shape out = {.rank = 4, .dim = {x[0], x[1] * s * s, x[2] / s, x[3] / s}};
    const blocks b = {{x[0], x[1], x[2] / s, s, x[3] / s, s}, {0, 3, 5, 1, 2, 4}};
    return transpose(ctx, g, node, &b, &out, state);
}

/* ---- Trilu ------------------------------------------------------------------------------- */

static vouch_status trilu_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const void **state)
{
    const vouch_tensor *k = NULL;
    int64_t upper;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 2, 1));
    if (vouch_op_in(g, node, 1))
        VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 1, "k", &k));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "upper", 1, &upper));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    if (x->rank < 2 || (k && k->count != 1))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "needs two dimensions and one number k");
    const int64_t rows = x->dim[x->rank - 2], columns = x->dim[x->rank - 1];
    const double shift = k ? vouch_tensor_get(k, 0) : 0;
    int64_t *map = vouch_move_ramp(g, vouch_shape_count(x), 0, 1);
    if (!map)
        return vouch_op_no_memory(ctx);
    for (int64_t i = 0; i < vouch_shape_count(x); i++) {
        const double above = (double)(i % columns) - (double)(i / columns % rows) - shift;
        if (upper ? above < 0 : above > 0)
            map[i] = -1;
    }
    return vouch_move_map(ctx, g, node, map, x, 0, state);
}

VOUCH_MOVE_OP(DepthToSpace, 2, depth_prepare, "blocks of channels become blocks of pixels",
              "ONNX DepthToSpace-13");
VOUCH_MOVE_OP(Expand, 8, expand_prepare, "repeated to a larger shape", "ONNX Expand-13");
VOUCH_MOVE_OP(SpaceToDepth, 2, space_prepare, "blocks of pixels become blocks of channels",
              "ONNX SpaceToDepth-13");
VOUCH_MOVE_OP(Tile, 6, tile_prepare, "repeated along every dimension", "ONNX Tile-13");
VOUCH_MOVE_OP(Trilu, 14, trilu_prepare, "the upper or lower triangle", "ONNX Trilu-14");
