/* Elements of the input in another order: Transpose, Pad; and Split, which becomes one Slice for
 * each output.
 *
 * Each gives, per dimension of the output, a table of where in the input its positions lie
 * (move.h).
 *
 * SPEC: ONNX Transpose-13, Pad-19 (attributes before opset 11; `axes` since 18; modes constant,
 * reflect, edge, wrap), Split-18.
 */
#include "op/move.h"

/* ---- Transpose --------------------------------------------------------------------------- */

static vouch_status transpose_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                      const void **state)
{
    const int64_t *perm;
    size_t count;
    int64_t stride[VOUCH_RANK_MAX];
    bool seen[VOUCH_RANK_MAX];
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_node_ints(ctx, g, node, "perm", &perm, &count));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    if (perm && count != (size_t)x->rank)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "'perm' has %zu entries for %d dimensions", count, x->rank);
    if (perm)
        VOUCH_TRY(vouch_op_axes(ctx, g, node, perm, x->rank, x->rank, seen));
    vouch_move_strides(x, stride);
    vouch_move_axes axes = {.out.rank = x->rank};
    for (int i = 0; i < x->rank; i++) {
        const int64_t from = perm ? (perm[i] + x->rank) % x->rank : x->rank - 1 - i;
        axes.out.dim[i] = x->dim[from];
        axes.table[i] = vouch_move_ramp(g, x->dim[from], 0, stride[from]);
        if (!axes.table[i])
            return vouch_op_no_memory(ctx);
    }
    return vouch_move_axes_map(ctx, g, node, &axes, &axes.out, 0, state);
}

/* ---- Pad --------------------------------------------------------------------------------- */

typedef enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } pad_mode;

static vouch_status read_pad_mode(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, pad_mode *mode)
{
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    const char *text;
    VOUCH_TRY(vouch_node_text(ctx, g, node, "mode", "constant", &text));
    for (int i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0) {
            *mode = (pad_mode)i;
            return VOUCH_OK;
        }
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "mode '%s' is not supported",
                           text);
}

/* Position i of the padded axis, counted from the input's first element; -1 = fill. */
static int64_t pad_source(pad_mode mode, int64_t i, int64_t n)
{
    const int64_t period = 2 * (n - 1);
    if (i >= 0 && i < n)
        return i;
    switch (mode) {
    case PAD_CONSTANT:
        return -1;
    case PAD_EDGE:
        return i < 0 ? 0 : n - 1;
    case PAD_WRAP:
        return (i % n + n) % n;
    case PAD_REFLECT:
        if (period == 0)
            return 0;
        i = (i % period + period) % period;
        return i < n ? i : period - i;
    }
    return -1;
}

/* Begins and ends of every axis. */
static vouch_status read_pads(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                              int64_t begin[VOUCH_RANK_MAX], int64_t end[VOUCH_RANK_MAX])
{
    const int rank = vouch_op_in(g, node, 0)->shape.rank;
    const char *name = g->opset < 2 ? "paddings" : "pads";
    const int64_t *pads, *axes;
    int64_t count, axis_count;
    bool marked[VOUCH_RANK_MAX];
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, name, &pads, &count));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 3, "axes", &axes, &axis_count));
    if (!axes)
        axis_count = rank;
    else
        VOUCH_TRY(vouch_op_axes(ctx, g, node, axes, axis_count, rank, marked));
    if (count != 2 * axis_count)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "'pads' has %lld entries, not %lld", (long long)count,
                               2 * (long long)axis_count);
    memset(begin, 0, VOUCH_RANK_MAX * sizeof *begin);
    memset(end, 0, VOUCH_RANK_MAX * sizeof *end);
    for (int64_t i = 0; i < axis_count; i++) {
        const int64_t a = axes ? (axes[i] + rank) % rank : i;
        begin[a] = pads[i];
        end[a] = pads[i + axis_count];
    }
    return VOUCH_OK;
}

static vouch_status read_pad_fill(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, double *fill)
{
    const vouch_tensor *t;
    if (!vouch_op_in(g, node, 2))
        return vouch_node_real(ctx, g, node, "value", 0, fill);
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 2, "the padding value", &t));
    if (t->count != 1)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "the padding value must be a scalar");
    *fill = vouch_tensor_get(t, 0);
    return VOUCH_OK;
}

/* One axis: dimension n between `begin` and `end` more (fewer where negative). */
static vouch_status pad_axis(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             pad_mode mode, const int64_t size[4], const int64_t **table)
{
    const int64_t n = size[0], begin = size[1], stride = size[3];
    const int64_t out = n + begin + size[2];
    int64_t *t = vouch_move_ramp(g, out, 0, 0);
    if (!t)
        return vouch_op_no_memory(ctx);
    for (int64_t i = 0; i < out; i++) {
        const int64_t inside = i - begin;
        if (n == 0 && mode != PAD_CONSTANT)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "nothing to repeat");
        const int64_t from = pad_source(mode, inside, n);
        t[i] = from < 0 ? -1 : from * stride;
    }
    *table = t;
    return VOUCH_OK;
}

static vouch_status pad_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                const void **state)
{
    static const int64_t limit = (int64_t)1 << 24;
    pad_mode mode = PAD_CONSTANT;
    double fill = 0;
    int64_t begin[VOUCH_RANK_MAX] = {0}, end[VOUCH_RANK_MAX] = {0}, stride[VOUCH_RANK_MAX];
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 4, 1));
    VOUCH_TRY(read_pad_mode(ctx, g, node, &mode));
    VOUCH_TRY(read_pads(ctx, g, node, begin, end));
    VOUCH_TRY(read_pad_fill(ctx, g, node, &fill));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    vouch_move_axes axes = {.out = *x};
    vouch_move_strides(x, stride);
    for (int i = 0; i < x->rank; i++) {
        const bool sane = begin[i] > -limit && begin[i] < limit && end[i] > -limit &&
                          end[i] < limit && x->dim[i] < limit;
        if (!sane || x->dim[i] + begin[i] + end[i] < 0)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "'pads' is out of range");
        axes.out.dim[i] = x->dim[i] + begin[i] + end[i];
    }
    /* sizes are checked before any table is made */
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &axes.out));
    for (int i = 0; i < x->rank; i++) {
        const int64_t size[4] = {x->dim[i], begin[i], end[i], stride[i]};
        VOUCH_TRY(pad_axis(ctx, g, node, mode, size, &axes.table[i]));
    }
    return vouch_move_axes_map(ctx, g, node, &axes, &axes.out, fill, state);
}

/* ---- Split ------------------------------------------------------------------------------- */

typedef struct split_plan {
    int axis;
    const int64_t *size; /* [output_count] */
} split_plan;

/* Sizes as given, or equal ones with a smaller last one. */
static vouch_status split_sizes(vouch_context *ctx, const vouch_graph *g,
                                const vouch_node *node, int64_t dim, split_plan *p)
{
    const int64_t *given = NULL;
    int64_t count = 0, parts, total = 0;
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, "split", &given, &count));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "num_outputs", node->output_count, &parts));
    if ((given && count != node->output_count) || parts != node->output_count)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "%d outputs for %lld parts",
                               node->output_count, (long long)(given ? count : parts));
    int64_t *size = vouch_move_ramp(g, node->output_count, 0, 0);
    if (!size)
        return vouch_op_no_memory(ctx);
    const int64_t each = (dim + node->output_count - 1) / node->output_count;
    for (int k = 0; k < node->output_count; k++) {
        size[k] = given ? given[k] : dim - total < each ? dim - total : each;
        if (size[k] < 0 || size[k] > dim - total)
            break;
        total += size[k];
    }
    if (total != dim)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "the parts do not add up to a dimension of %lld",
                               (long long)dim);
    p->size = size;
    return VOUCH_OK;
}

static vouch_status split_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const void **state)
{
    int64_t axis;
    if (node->output_count < 1 || node->input_count < 1 || node->input_count > 2)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "has %d inputs and %d outputs",
                               node->input_count, node->output_count);
    split_plan *p = VOUCH_NEW(g->arena, split_plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", 0, &axis));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, x->rank, &p->axis));
    *state = p;
    return split_sizes(ctx, g, node, x->dim[p->axis], p);
}

/* One Slice, its lists as attributes: they are read in any opset where no input gives them. */
static vouch_status add_slice(vouch_context *ctx, vouch_graph *g, const vouch_node *node, int k,
                              int64_t from, struct vouch_op_expansion *into)
{
    const split_plan *p = node->state;
    static const char *const names[] = {"starts", "ends", "axes"};
    vouch_attr *attr = VOUCH_NEW_ARRAY(g->arena, vouch_attr, 3);
    int64_t *value = vouch_move_ramp(g, 3, 0, 0);
    int *input = VOUCH_NEW_ARRAY(g->arena, int, 1), *output = VOUCH_NEW_ARRAY(g->arena, int, 1);
    if (!attr || !value || !input || !output)
        return vouch_op_no_memory(ctx);
    value[0] = from;
    value[1] = from + p->size[k];
    value[2] = p->axis;
    for (int i = 0; i < 3; i++)
        attr[i] = (vouch_attr){
            .name = names[i], .kind = VOUCH_ATTR_INTS, .count = 1, .ints = &value[i]};
    *input = node->input[0];
    *output = node->output[k];
    const vouch_node slice = {.type = "Slice",
                              .name = node->name,
                              .domain = node->domain,
                              .input_count = 1,
                              .output_count = 1,
                              .attr_count = 3,
                              .input = input,
                              .output = output,
                              .attr = attr};
    return vouch_op_expansion_add(into, &slice);
}

static vouch_status split_expand(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                 struct vouch_op_expansion *into)
{
    const split_plan *p = node->state;
    int64_t from = 0;
    for (int k = 0; k < node->output_count; k++) {
        if (node->output[k] >= 0)
            VOUCH_TRY(add_slice(ctx, g, node, k, from, into));
        from += p->size[k];
    }
    return VOUCH_OK;
}

/* ---- descriptors ------------------------------------------------------------------------- */

VOUCH_MOVE_OP(Pad, 2, pad_prepare, "padding: constant, reflect, edge, wrap", "ONNX Pad-19");
VOUCH_MOVE_OP(Transpose, 2, transpose_prepare, "dimensions in another order",
              "ONNX Transpose-13");

const vouch_op vouch_op_Split = {
    .name = "Split",
    .summary = "parts along a dimension (bound as Slices)",
    .citation = "ONNX Split-18",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = split_prepare,
    .expand = split_expand,
};
