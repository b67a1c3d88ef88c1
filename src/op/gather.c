/* Gather, GatherElements, GatherND: elements picked by indices.
 *
 * Constant indices make a move (move.h). Gather also takes computed ones: on intervals the hull
 * over all integer indices in range, exact where only one is left. An index beyond the dimension
 * is an error of the network; evaluation gives NaN there (the last element for integers), and
 * bounds speak only of inputs for which the network has a value.
 *
 * SPEC: ONNX Gather-13, GatherElements-13, GatherND-13
 */
#include "op/move.h"

typedef struct plan {
    vouch_move move; /* of constant indices; first, so that the functions of move.h serve */
    bool computed;
    int64_t outer, dim, inner, picks;
} plan;

static vouch_status bad_index(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                              int64_t index, int64_t dim)
{
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                           "index %lld is outside of a dimension of %lld", (long long)index,
                           (long long)dim);
}

/* Index in -dim..dim-1 to 0..dim-1; -1 outside. */
static int64_t wrap(int64_t index, int64_t dim)
{
    if (index < -dim || index >= dim)
        return -1;
    return index < 0 ? index + dim : index;
}

/* ---- Gather ------------------------------------------------------------------------------ */

static vouch_status gather_constant(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                    const vouch_tensor *index, const vouch_shape *out, plan *p)
{
    const void *state = NULL;
    int64_t *table = vouch_move_ramp(g, index->count, 0, 0);
    vouch_move_axes axes = {.out = {.rank = 3, .dim = {p->outer, index->count, p->inner}}};
    axes.table[0] = vouch_move_ramp(g, p->outer, 0, p->dim * p->inner);
    axes.table[1] = table;
    axes.table[2] = vouch_move_ramp(g, p->inner, 0, 1);
    if (!table || !axes.table[0] || !axes.table[2])
        return vouch_op_no_memory(ctx);
    for (int64_t i = 0; i < index->count; i++) {
        const int64_t at = wrap(index->i64[i], p->dim);
        if (at < 0)
            return bad_index(ctx, g, node, index->i64[i], p->dim);
        table[i] = at * p->inner;
    }
    VOUCH_TRY(vouch_move_axes_map(ctx, g, node, &axes, out, 0, &state));
    p->move = *(const vouch_move *)state;
    return VOUCH_OK;
}

static vouch_status gather_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                   const void **state)
{
    int64_t axis;
    int a = 0;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", 0, &axis));
    const vouch_value *data = vouch_op_in(g, node, 0), *index = vouch_op_in(g, node, 1);
    const vouch_shape *x = &data->shape, *picked = &index->shape;
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, x->rank, &a));
    if (index->dtype != VOUCH_I64)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "indices must be integers");
    if (x->rank - 1 + picked->rank > VOUCH_RANK_MAX)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "more than %d dimensions",
                               VOUCH_RANK_MAX);
    vouch_shape out = {.rank = 0};
    for (int i = 0; i < x->rank; i++)
        for (int k = 0; k < (i == a ? picked->rank : 1); k++)
            out.dim[out.rank++] = i == a ? picked->dim[k] : x->dim[i];
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    *p = (plan){.computed = !index->constant,
                .outer = vouch_op_extent(x, 0, a),
                .dim = x->dim[a],
                .inner = vouch_op_extent(x, a + 1, x->rank),
                .picks = vouch_shape_count(picked)};
    *state = p;
    if (!p->computed)
        return gather_constant(ctx, g, node, index->constant, &out, p);
    if (p->dim == 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "no elements to pick from");
    return vouch_op_set_output(ctx, g, node, 0, data->dtype, &out);
}

/* The index of output element y, and the input element it would be were the index 0. */
static int64_t pick_of(const plan *p, int64_t y) { return y / p->inner % p->picks; }

static int64_t base_of(const plan *p, int64_t y)
{
    return y / p->inner / p->picks * p->dim * p->inner + y % p->inner;
}

static vouch_status gather_eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    if (!p->computed)
        return vouch_move_eval(call);
    vouch_tensor *out = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, out->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    const size_t size = vouch_dtype_size(out->dtype);
    for (int64_t y = 0; y < out->count; y++) {
        const int64_t i = wrap(call->in[1]->i64[pick_of(p, y)], p->dim);
        const int64_t at = base_of(p, y) + (i < 0 ? p->dim - 1 : i) * p->inner;
        memcpy((char *)out->data + (size_t)y * size, (const char *)x->data + (size_t)at * size,
               size);
        if (i < 0 && vouch_op_is_float(out->dtype))
            vouch_tensor_set(out, y, (double)NAN);
    }
    return VOUCH_OK;
}

static vouch_status gather_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                                vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    vouch_tensor *dx = d_in[0];
    if (!p->computed)
        return vouch_move_grad(call, d_out, d_in);
    for (int64_t y = 0; dx && d_out[0] && y < d_out[0]->count; y++) {
        const int64_t i = wrap(call->in[1]->i64[pick_of(p, y)], p->dim);
        const int64_t at = base_of(p, y) + i * p->inner;
        if (i >= 0)
            vouch_tensor_set(dx, at, vouch_tensor_get(dx, at) + vouch_tensor_get(d_out[0], y));
    }
    return VOUCH_OK;
}

static vouch_status gather_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                 const vouch_tensor *const *high, vouch_tensor *const *out_low,
                                 vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    if (!p->computed)
        return vouch_move_range(call, low, high, out_low, out_high);
    for (int64_t y = 0; y < out_low[0]->count; y++) {
        const int64_t pick = pick_of(p, y);
        const double from = fmax(ceil(vouch_tensor_get(low[1], pick)), -(double)p->dim);
        const double to = fmin(floor(vouch_tensor_get(high[1], pick)), (double)(p->dim - 1));
        double l = (double)INFINITY, h = -(double)INFINITY;
        for (int64_t i = (int64_t)from; i <= (int64_t)to; i++) {
            const int64_t at = base_of(p, y) + wrap(i, p->dim) * p->inner;
            l = fmin(l, vouch_tensor_get(low[0], at));
            h = fmax(h, vouch_tensor_get(high[0], at));
        }
        out_low[0]->f64[y] = from <= to ? l : -(double)INFINITY;
        out_high[0]->f64[y] = from <= to ? h : (double)INFINITY;
    }
    return VOUCH_OK;
}

static bool gather_is_affine(const vouch_graph *g, const vouch_node *node, const bool *varying)
{
    (void)g, (void)varying;
    return !((const plan *)node->state)->computed;
}

/* ---- GatherElements, GatherND: constant indices ------------------------------------------ */

static vouch_status need_indices(vouch_context *ctx, const vouch_graph *g,
                                 const vouch_node *node, const vouch_tensor **index)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 1, "indices", index));
    if ((*index)->dtype != VOUCH_I64)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "indices must be integers");
    return VOUCH_OK;
}

/* out[i][j][k] = x[index[i][j][k]][j][k] for axis 0, likewise for others */
static vouch_status elements_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                     const void **state)
{
    const vouch_tensor *index = NULL;
    int64_t axis, stride[VOUCH_RANK_MAX], own[VOUCH_RANK_MAX];
    int a = 0;
    VOUCH_TRY(need_indices(ctx, g, node, &index));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", 0, &axis));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape, *out = &index->shape;
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, x->rank, &a));
    bool fits = out->rank == x->rank;
    for (int d = 0; fits && d < x->rank; d++)
        fits = d == a || out->dim[d] <= x->dim[d];
    if (!fits)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "the indices do not fit");
    int64_t *map = vouch_move_ramp(g, index->count, 0, 0);
    if (!map)
        return vouch_op_no_memory(ctx);
    vouch_move_strides(x, stride);
    vouch_move_strides(out, own);
    for (int64_t i = 0; i < index->count; i++)
        for (int d = 0; d < x->rank; d++) {
            const int64_t at =
                d == a ? wrap(index->i64[i], x->dim[d]) : i / own[d] % out->dim[d];
            if (at < 0)
                return bad_index(ctx, g, node, index->i64[i], x->dim[d]);
            map[i] += at * stride[d];
        }
    return vouch_move_map(ctx, g, node, map, out, 0, state);
}

/* The index tuple `at` of the last dimension picks x[batch.., tuple.., everything]. */
static vouch_status nd_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                               const void **state)
{
    const vouch_tensor *index = NULL;
    int64_t batch, stride[VOUCH_RANK_MAX];
    VOUCH_TRY(need_indices(ctx, g, node, &index));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "batch_dims", 0, &batch));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape, *s = &index->shape;
    const int64_t k = s->rank > 0 ? s->dim[s->rank - 1] : -1;
    if (k < 0 || batch < 0 || batch >= s->rank || batch + k > x->rank ||
        s->rank - 1 + x->rank - k - batch > VOUCH_RANK_MAX)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "the indices do not fit");
    const int b = (int)batch, tail = (int)(batch + k);
    vouch_shape out = {.rank = 0};
    for (int i = 0; i + 1 < s->rank; i++)
        out.dim[out.rank++] = s->dim[i];
    for (int i = tail; i < x->rank; i++)
        out.dim[out.rank++] = x->dim[i];
    const int64_t inner = vouch_op_extent(x, tail, x->rank);
    const int64_t tuples = vouch_op_extent(s, 0, s->rank - 1);
    const int64_t each = tuples / (vouch_op_extent(s, 0, b) > 0 ? vouch_op_extent(s, 0, b) : 1);
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &out));
    int64_t *map = vouch_move_ramp(g, tuples * inner, 0, 0);
    if (!map)
        return vouch_op_no_memory(ctx);
    vouch_move_strides(x, stride);
    for (int64_t t = 0; t < tuples; t++) {
        int64_t from = each > 0 ? t / each * vouch_op_extent(x, b, x->rank) : 0;
        for (int64_t d = 0; d < k; d++) {
            const int64_t at = wrap(index->i64[t * k + d], x->dim[b + d]);
            if (at < 0)
                return bad_index(ctx, g, node, index->i64[t * k + d], x->dim[b + d]);
            from += at * stride[b + d];
        }
        for (int64_t i = 0; i < inner; i++)
            map[t * inner + i] = from + i;
    }
    return vouch_move_map(ctx, g, node, map, &out, 0, state);
}

const vouch_op vouch_op_Gather = {
    .name = "Gather",
    .summary = "slices picked by indices, constant or computed",
    .citation = "ONNX Gather-13",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = gather_prepare,
    .eval = gather_eval,
    .grad = gather_grad,
    .range = gather_range,
    .is_affine = gather_is_affine,
    .otherwise = VOUCH_OP_SELECT,
    .linear = vouch_move_linear,
    .patch = vouch_move_patch,
    .terms = vouch_move_terms,
};
VOUCH_MOVE_OP(GatherElements, 11, elements_prepare, "elements picked by constant indices",
              "ONNX GatherElements-13");
VOUCH_MOVE_OP(GatherND, 11, nd_prepare, "parts picked by constant tuples of indices",
              "ONNX GatherND-13");
