/* Slice: a range of each dimension, by steps; at constant places a move (move.h), at a computed
 * place a choice.
 *
 * A computed place is read where its extent is known: one axis, step 1, and an end that is the
 * start plus a constant, found by walking back from both to a common value through affine nodes
 * of one element. The output then has its nominal width; ONNX gives fewer elements where the
 * place reaches beyond the ends. Those that are missing hold VOUCH_ABSENT in a slice of
 * integers, NaN in one of floats, and binding sees to it that nobody but an index of ScatterND
 * looks at them (VOUCH_PARTIAL_CARRIED in op.h).
 *
 * On intervals: the hull over all integer starts in range.
 *
 * SPEC: ONNX Slice-13 (attributes before opset 10)
 */
#include "op/move.h"

typedef struct plan {
    vouch_move move; /* of a constant place; first, so that the functions of move.h serve */
    bool computed;
    int64_t outer, dim, inner, width;
} plan;

/* ---- constant places --------------------------------------------------------------------- */

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

static vouch_status prepare_constant(vouch_context *ctx, vouch_graph *g, vouch_node *node,
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
    vouch_move_strides(x, stride);
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
    for (int i = 0; i < x->rank; i++) {
        axes.table[i] = vouch_move_ramp(g, axes.out.dim[i], start[i] * stride[i],
                                        axes.out.dim[i] > 1 ? step[i] * stride[i] : 0);
        if (!axes.table[i])
            return vouch_op_no_memory(ctx);
    }
    return vouch_move_axes_map(ctx, g, node, &axes, &axes.out, 0, state);
}

/* ---- computed places --------------------------------------------------------------------- */

/* value = base + offset, found by walking back through affine nodes of one element. */
typedef struct origin {
    int base;
    double offset;
} origin;

/* The bound node that computes v, NULL if there is none. */
static const vouch_node *find_producer(const vouch_graph *g, int v)
{
    for (int n = 0; n < g->node_count; n++)
        for (int k = 0; k < g->node[n].output_count; k++)
            if (g->node[n].output[k] == v && g->node[n].op)
                return &g->node[n];
    return NULL;
}

/* The only varying input of an affine node of one element in and out; -1 if it is not that. */
static int only_varying(const vouch_graph *g, const vouch_node *node)
{
    int which = -1;
    const vouch_op *op = node->op;
    for (int i = 0; i < node->input_count; i++) {
        const vouch_value *v = vouch_op_in(g, node, i);
        if (!v || v->constant)
            continue;
        if (which >= 0 || vouch_shape_count(&v->shape) != 1)
            return -1;
        which = i;
    }
    const bool one = which >= 0 && op->op_class == VOUCH_OP_AFFINE && op->linear &&
                     vouch_shape_count(&g->value[node->output[0]].shape) == 1;
    return one && op->terms(g, node) == 0 && !op->expand ? which : -1;
}

/* One step back; false where there is none. */
static bool step_back(vouch_context *ctx, vouch_graph *g, origin *o)
{
    bool varying[2] = {true, true};
    const double one = 1;
    double slope = 0, offset = 0;
    const vouch_node *node = find_producer(g, o->base);
    const int which = node ? only_varying(g, node) : -1;
    if (which < 0 || node->output[0] != o->base)
        return false;
    if (node->op->is_affine) {
        bool *all = VOUCH_NEW_ARRAY(g->arena, bool, g->value_count + 1);
        if (!all)
            return false;
        vouch_op_varying(g, all);
        varying[0] = node->op->is_affine(g, node, all);
    }
    vouch_linear_call call = {.ctx = ctx,
                              .scratch = g->arena,
                              .graph = g,
                              .node = node,
                              .which = which,
                              .mode = VOUCH_LINEAR_PLAIN,
                              .batch = 1,
                              .in = &one,
                              .out = &slope};
    if (!varying[0] || node->op->linear(&call))
        return false;
    call.mode = VOUCH_LINEAR_OFFSET;
    call.out = &offset;
    if (node->op->linear(&call) || slope != 1 || fabs(offset) > 0x1p40)
        return false;
    o->base = node->input[which];
    o->offset += offset;
    return true;
}

/* end - start, or -1 if that is not known. */
static int64_t find_width(vouch_context *ctx, vouch_graph *g, const vouch_node *node)
{
    origin end = {node->input[2], 0};
    do {
        origin start = {node->input[1], 0};
        do {
            if (start.base == end.base)
                return (int64_t)(end.offset - start.offset);
        } while (step_back(ctx, g, &start));
    } while (step_back(ctx, g, &end));
    return -1;
}

static vouch_status prepare_computed(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                     plan *p)
{
    const int64_t *axes = NULL, *steps = NULL;
    int64_t axis_count = 0, step_count = 0;
    int a = 0;
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 3, "axes", &axes, &axis_count));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 4, "steps", &steps, &step_count));
    const bool simple = vouch_shape_count(&vouch_op_in(g, node, 1)->shape) == 1 &&
                        (!axes || axis_count == 1) &&
                        (!steps || (step_count == 1 && steps[0] == 1));
    p->width = simple && vouch_op_in(g, node, 2) ? find_width(ctx, g, node) : -1;
    if (p->width < 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "the place is computed, and it is not one range of a constant "
                               "width; only that is supported");
    vouch_shape out = vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axes ? axes[0] : 0, out.rank, &a));
    p->outer = vouch_op_extent(&out, 0, a);
    p->dim = out.dim[a];
    p->inner = vouch_op_extent(&out, a + 1, out.rank);
    out.dim[a] = p->width;
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &out));
    g->value[node->output[0]].partial = true;
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 5, 1));
    p->computed = false;
    for (int i = 1; i <= 2; i++)
        p->computed =
            p->computed || (vouch_op_in(g, node, i) && !vouch_op_constant(g, node, i));
    if (p->computed) {
        *state = p;
        return prepare_computed(ctx, g, node, p);
    }
    VOUCH_TRY(prepare_constant(ctx, g, node, state));
    p->move = *(const vouch_move *)*state;
    *state = p;
    return VOUCH_OK;
}

/* Where start s begins, cut as slice_count cuts; *n of the width are there. */
static int64_t place(const plan *p, int64_t s, int64_t *n)
{
    *n = slice_count(p->dim, &s, s + p->width, 1);
    return s;
}

static int64_t element(const plan *p, int64_t i, int64_t start, int64_t n)
{
    const int64_t inner = i % p->inner, along = i / p->inner % p->width;
    const int64_t outer = i / p->inner / p->width;
    return along < n ? (outer * p->dim + start + along) * p->inner + inner : -1;
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    if (!p->computed)
        return vouch_move_eval(call);
    vouch_tensor *out = call->out[0];
    const double absent = out->dtype == VOUCH_I64 ? VOUCH_ABSENT : (double)NAN;
    int64_t n;
    const int64_t start = place(p, call->in[1]->i64[0], &n);
    for (int64_t i = 0; i < out->count; i++) {
        const int64_t at = element(p, i, start, n);
        if (at >= 0 && out->dtype == VOUCH_I64)
            out->i64[i] = call->in[0]->i64[at];
        else
            vouch_tensor_set(out, i, at < 0 ? absent : vouch_tensor_get(call->in[0], at));
    }
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    vouch_tensor *dx = d_in[0];
    int64_t n;
    if (!p->computed)
        return vouch_move_grad(call, d_out, d_in);
    const int64_t start = place(p, call->in[1]->i64[0], &n);
    for (int64_t i = 0; dx && d_out[0] && i < d_out[0]->count; i++) {
        const int64_t at = element(p, i, start, n);
        if (at >= 0)
            vouch_tensor_set(dx, at, vouch_tensor_get(dx, at) + vouch_tensor_get(d_out[0], i));
    }
    return VOUCH_OK;
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    if (!p->computed)
        return vouch_move_range(call, low, high, out_low, out_high);
    const bool ints = vouch_op_in(call->graph, call->node, 0)->dtype == VOUCH_I64;
    const double least = -(double)(p->dim + p->width), most = (double)p->dim;
    const double from = fmin(fmax(ceil(vouch_tensor_get(low[1], 0)), least), most);
    const double to = fmin(fmax(floor(vouch_tensor_get(high[1], 0)), least), most);
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        double l = (double)INFINITY, h = -(double)INFINITY;
        for (int64_t s = (int64_t)from; s <= (int64_t)to; s++) {
            int64_t n;
            const int64_t start = place(p, s, &n), at = element(p, i, start, n);
            const double none = (double)INFINITY;
            l = fmin(l, at >= 0 ? vouch_tensor_get(low[0], at) : ints ? VOUCH_ABSENT : -none);
            h = fmax(h, at >= 0 ? vouch_tensor_get(high[0], at) : ints ? VOUCH_ABSENT : none);
        }
        out_low[0]->f64[i] = l <= h ? l : -(double)INFINITY;
        out_high[0]->f64[i] = l <= h ? h : (double)INFINITY;
    }
    return VOUCH_OK;
}

static bool is_affine(const vouch_graph *g, const vouch_node *node, const bool *varying)
{
    (void)g, (void)varying;
    return !((const plan *)node->state)->computed;
}

const vouch_op vouch_op_Slice = {
    .name = "Slice",
    .summary = "a range of each dimension, by steps; one of constant width at a computed place",
    .citation = "ONNX Slice-13",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .is_affine = is_affine,
    .otherwise = VOUCH_OP_SELECT,
    .linear = vouch_move_linear,
    .patch = vouch_move_patch,
    .terms = vouch_move_terms,
    .partial = VOUCH_PARTIAL_CARRIED,
};
