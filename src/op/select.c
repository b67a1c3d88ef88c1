/* Elements of the input in another order: Transpose, Slice, Gather (constant indices), Pad; and
 * Split, which becomes one Slice for each output.
 *
 * Each gives, per dimension of the output, a table of where in the input its positions lie
 * (move.h).
 *
 * SPEC: ONNX Transpose-13, Slice-13 (attributes before opset 10), Gather-13, Pad-19 (attributes
 * before opset 11; `axes` since 18; modes constant, reflect, edge, wrap), Split-18.
 */
#include "op/move.h"

/* One table in the graph's arena, never of size 0. */
static int64_t *new_table(const vouch_graph *g, int64_t count)
{
    return VOUCH_NEW_ARRAY(g->arena, int64_t, count + 1);
}

/* Steps between neighbours along each dimension. */
static void strides_of(const vouch_shape *s, int64_t stride[VOUCH_RANK_MAX])
{
    int64_t step = 1;
    for (int i = s->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= s->dim[i];
    }
}

/* table[i] = start + i * step */
static bool ramp(const vouch_graph *g, int64_t count, int64_t start, int64_t step,
                 const int64_t **table)
{
    int64_t *t = new_table(g, count);
    for (int64_t i = 0; t && i < count; i++)
        t[i] = start + i * step;
    *table = t;
    return t != NULL;
}

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
    strides_of(x, stride);
    vouch_move_axes axes = {.out.rank = x->rank};
    for (int i = 0; i < x->rank; i++) {
        const int64_t from = perm ? (perm[i] + x->rank) % x->rank : x->rank - 1 - i;
        axes.out.dim[i] = x->dim[from];
        if (!ramp(g, x->dim[from], 0, stride[from], &axes.table[i]))
            return vouch_op_no_memory(ctx);
    }
    return vouch_move_axes_map(ctx, g, node, &axes, &axes.out, 0, state);
}

/* ---- Slice ------------------------------------------------------------------------------- */

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* One axis: negative ends count from the back, all are cut to the dimension. */
static int64_t slice_count(int64_t dim, int64_t *start, int64_t end, int64_t step)
{
    int64_t s = *start < 0 ? *start + dim : *start; /* no overflow: signs differ */
    int64_t e = end < 0 ? end + dim : end;
    if (step > 0) {
        s = clamp(s, 0, dim);
        e = clamp(e, 0, dim);
        *start = s;
        return e > s ? (e - s - 1) / step + 1 : 0;
    }
    s = clamp(s, -1, dim - 1); /* -1: nothing before the first element */
    e = clamp(e, -1, dim - 1);
    *start = s;
    return s > e ? (s - e - 1) / -step + 1 : 0;
}

typedef struct slice_lists {
    const int64_t *starts, *ends, *axes, *steps;
    int64_t count;
} slice_lists;

static vouch_status read_slice(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                               slice_lists *l)
{
    int64_t ends, axes, steps;
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, "starts", &l->starts, &l->count));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 2, "ends", &l->ends, &ends));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 3, "axes", &l->axes, &axes));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 4, "steps", &l->steps, &steps));
    const bool fits =
        ends == l->count && (!l->axes || axes == l->count) && (!l->steps || steps == l->count);
    if (!fits || !l->starts || l->count > vouch_op_in(g, node, 0)->shape.rank)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "'starts', 'ends', 'axes' and 'steps' do not fit together");
    return VOUCH_OK;
}

static vouch_status slice_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const void **state)
{
    slice_lists l;
    bool cut[VOUCH_RANK_MAX];
    int64_t stride[VOUCH_RANK_MAX], start[VOUCH_RANK_MAX], step[VOUCH_RANK_MAX];
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 5, 1));
    VOUCH_TRY(read_slice(ctx, g, node, &l));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(vouch_op_axes(ctx, g, node, l.axes, l.axes ? l.count : 0, x->rank, cut));
    vouch_move_axes axes = {.out = *x};
    strides_of(x, stride);
    for (int i = 0; i < x->rank; i++) {
        start[i] = 0;
        step[i] = 1;
    }
    for (int64_t i = 0; i < l.count; i++) {
        const int64_t a = l.axes ? (l.axes[i] + x->rank) % x->rank : i;
        start[a] = l.starts[i];
        step[a] = l.steps ? l.steps[i] : 1;
        if (step[a] == 0 || step[a] == INT64_MIN)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "a step is zero");
        axes.out.dim[a] = slice_count(x->dim[a], &start[a], l.ends[i], step[a]);
    }
    for (int i = 0; i < x->rank; i++)
        if (!ramp(g, axes.out.dim[i], start[i] * stride[i],
                  axes.out.dim[i] > 1 ? step[i] * stride[i] : 0, &axes.table[i]))
            return vouch_op_no_memory(ctx);
    return vouch_move_axes_map(ctx, g, node, &axes, &axes.out, 0, state);
}

/* ---- Gather ------------------------------------------------------------------------------ */

/* Positions along the axis, in steps of `inner`, checked. */
static vouch_status gather_table(vouch_context *ctx, const vouch_graph *g,
                                 const vouch_node *node, const vouch_tensor *index,
                                 const int64_t size[2], const int64_t **table)
{
    int64_t *t = new_table(g, index->count);
    if (!t)
        return vouch_op_no_memory(ctx);
    for (int64_t i = 0; i < index->count; i++) {
        const int64_t at = index->i64[i];
        if (at < -size[0] || at >= size[0])
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                                   "index %lld is outside of a dimension of %lld",
                                   (long long)at, (long long)size[0]);
        t[i] = (at < 0 ? at + size[0] : at) * size[1];
    }
    *table = t;
    return VOUCH_OK;
}

static vouch_status gather_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                   const void **state)
{
    const vouch_tensor *index;
    int64_t axis;
    int a = 0;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 1, "indices", &index));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", 0, &axis));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, x->rank, &a));
    if (index->dtype != VOUCH_I64)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "indices must be integers");
    if (x->rank - 1 + index->shape.rank > VOUCH_RANK_MAX)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "more than %d dimensions",
                               VOUCH_RANK_MAX);
    vouch_shape out = {.rank = 0};
    for (int i = 0; i < a; i++)
        out.dim[out.rank++] = x->dim[i];
    for (int i = 0; i < index->shape.rank; i++)
        out.dim[out.rank++] = index->shape.dim[i];
    for (int i = a + 1; i < x->rank; i++)
        out.dim[out.rank++] = x->dim[i];
    const int64_t outer = vouch_op_extent(x, 0, a), inner = vouch_op_extent(x, a + 1, x->rank);
    const int64_t size[2] = {x->dim[a], inner};
    vouch_move_axes axes = {.out = {.rank = 3, .dim = {outer, index->count, inner}}};
    VOUCH_TRY(gather_table(ctx, g, node, index, size, &axes.table[1]));
    if (!ramp(g, outer, 0, x->dim[a] * inner, &axes.table[0]) ||
        !ramp(g, inner, 0, 1, &axes.table[2]))
        return vouch_op_no_memory(ctx);
    return vouch_move_axes_map(ctx, g, node, &axes, &out, 0, state);
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
    int64_t *t = new_table(g, out);
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
    strides_of(x, stride);
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
    int64_t *size = new_table(g, node->output_count);
    if (!size)
        return vouch_op_no_memory(ctx);
    const int64_t each = (dim + node->output_count - 1) / node->output_count;
    for (int k = 0; k < node->output_count; k++) {
        size[k] = given ? given[k] : clamp(dim - total, 0, each);
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
    int64_t *value = new_table(g, 3);
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

#define MOVING(op, prepare_fn, text, spec)                                                     \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_AFFINE,                                                           \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = vouch_move_eval,                                                               \
        .grad = vouch_move_grad,                                                               \
        .range = vouch_move_range,                                                             \
        .linear = vouch_move_linear,                                                           \
        .terms = vouch_move_terms,                                                             \
    }
MOVING(Gather, gather_prepare, "slices picked by constant indices", "ONNX Gather-13");
MOVING(Pad, pad_prepare, "padding: constant, reflect, edge, wrap", "ONNX Pad-19");
MOVING(Slice, slice_prepare, "a range of each dimension, by steps", "ONNX Slice-13");
MOVING(Transpose, transpose_prepare, "dimensions in another order", "ONNX Transpose-13");

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
