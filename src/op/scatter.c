/* ScatterND and ScatterElements: a copy of a tensor with some elements replaced.
 *
 * With constant indices every output element is a copy of one of the data or of the updates,
 * the last one written: affine in both, exactly. ScatterND also takes computed indices: an
 * update whose place is certain overwrites, any other is joined (hull) with what stands at the
 * places it may go to. A tuple with an index of VOUCH_ABSENT is of a slice that has no such
 * element (slice.c) and writes nothing; any other index beyond the dimension is an error of the
 * network: NaN in evaluation, and bounds speak only of inputs for which there is a value.
 *
 * SPEC: ONNX ScatterND-18, ScatterElements-18 (reduction 'none')
 */
#include "op/op_priv.h"

typedef struct plan {
    int64_t total, updates; /* elements of data (and output), of updates */
    const int64_t *from;    /* [total] update that stands there, -1 = data; NULL = computed */
    /* computed: */
    int64_t tuples, depth, inner;
    int64_t dim[VOUCH_RANK_MAX], stride[VOUCH_RANK_MAX]; /* [depth], in elements of data */
} plan;

static vouch_status check(vouch_context *ctx, vouch_graph *g, const vouch_node *node)
{
    const char *reduction;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 3, 3, 1));
    VOUCH_TRY(vouch_node_text(ctx, g, node, "reduction", "none", &reduction));
    if (strcmp(reduction, "none") != 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "reduction '%s' is not supported", reduction);
    const vouch_value *x = vouch_op_in(g, node, 0), *u = vouch_op_in(g, node, 2);
    const bool floats = vouch_op_is_float(x->dtype) && vouch_op_is_float(u->dtype);
    if (vouch_op_in(g, node, 1)->dtype != VOUCH_I64 || (!floats && x->dtype != u->dtype))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "data of type %s, updates of type %s",
                               vouch_dtype_name(x->dtype), vouch_dtype_name(u->dtype));
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &x->shape);
}

static vouch_status bad_shapes(vouch_context *ctx, const vouch_graph *g, const vouch_node *node)
{
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                           "data, indices and updates do not fit together");
}

/* NULL: out of memory, recorded. */
static plan *new_plan(const vouch_graph *g, const vouch_node *node)
{
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return NULL;
    p->total = vouch_shape_count(&vouch_op_in(g, node, 0)->shape);
    p->updates = vouch_shape_count(&vouch_op_in(g, node, 2)->shape);
    return p;
}

/* A table that says "data" everywhere; NULL: out of memory. */
static int64_t *new_table(const vouch_graph *g, const plan *p)
{
    int64_t *from = VOUCH_NEW_ARRAY(g->arena, int64_t, p->total + 1);
    for (int64_t i = 0; from && i < p->total; i++)
        from[i] = -1;
    return from;
}

/* Index in -dim..dim-1 to 0..dim-1; -1 outside. */
static int64_t wrap(int64_t index, int64_t dim)
{
    if (index < -dim || index >= dim)
        return -1;
    return index < 0 ? index + dim : index;
}

/* ---- ScatterND --------------------------------------------------------------------------- */

typedef enum place { INSIDE, ABSENT, OUTSIDE } place;

/* Where tuple t writes. */
static place tuple_place(const plan *p, const vouch_tensor *index, int64_t t, int64_t *at)
{
    place found = INSIDE;
    *at = 0;
    for (int64_t d = 0; d < p->depth; d++) {
        const int64_t i = index->i64[t * p->depth + d], w = wrap(i, p->dim[d]);
        if ((double)i == VOUCH_ABSENT)
            return ABSENT;
        if (w < 0)
            found = OUTSIDE;
        *at += w * p->stride[d];
    }
    return found;
}

static vouch_status nd_shapes(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                              plan *p)
{
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    const vouch_shape *s = &vouch_op_in(g, node, 1)->shape;
    const vouch_shape *u = &vouch_op_in(g, node, 2)->shape;
    if (s->rank == 0 || s->dim[s->rank - 1] > x->rank)
        return bad_shapes(ctx, g, node);
    p->depth = s->dim[s->rank - 1];
    const int depth = (int)p->depth;
    vouch_shape want = {.rank = 0};
    for (int i = 0; i + 1 < s->rank; i++)
        want.dim[want.rank++] = s->dim[i];
    for (int i = depth; i < x->rank && want.rank < VOUCH_RANK_MAX; i++)
        want.dim[want.rank++] = x->dim[i];
    if (!vouch_shape_equal(&want, u))
        return bad_shapes(ctx, g, node);
    p->tuples = vouch_op_extent(s, 0, s->rank - 1);
    p->inner = vouch_op_extent(x, depth, x->rank);
    for (int d = 0; d < depth; d++) {
        p->dim[d] = x->dim[d];
        p->stride[d] = vouch_op_extent(x, d + 1, x->rank);
    }
    return VOUCH_OK;
}

static vouch_status nd_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                               const void **state)
{
    VOUCH_TRY(check(ctx, g, node));
    plan *p = new_plan(g, node);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(nd_shapes(ctx, g, node, p));
    *state = p;
    const vouch_tensor *index = vouch_op_constant(g, node, 1);
    if (!index)
        return VOUCH_OK;
    int64_t *from = new_table(g, p), at = 0;
    if (!from)
        return vouch_op_no_memory(ctx);
    for (int64_t t = 0; t < p->tuples; t++) {
        const place where = tuple_place(p, index, t, &at);
        if (where == OUTSIDE)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                                   "index tuple %lld is outside of the data", (long long)t);
        for (int64_t i = 0; where == INSIDE && i < p->inner; i++)
            from[at + i] = t * p->inner + i;
    }
    p->from = from;
    return VOUCH_OK;
}

/* ---- ScatterElements --------------------------------------------------------------------- */

static vouch_status elements_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                     const void **state)
{
    const vouch_tensor *index = NULL;
    int64_t axis;
    int a = 0;
    VOUCH_TRY(check(ctx, g, node));
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 1, "indices", &index));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", 0, &axis));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape, *s = &index->shape;
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, x->rank, &a));
    bool fits = s->rank == x->rank && vouch_shape_equal(s, &vouch_op_in(g, node, 2)->shape);
    for (int d = 0; fits && d < x->rank; d++)
        fits = d == a || s->dim[d] <= x->dim[d];
    if (!fits)
        return bad_shapes(ctx, g, node);
    plan *p = new_plan(g, node);
    int64_t *from = p ? new_table(g, p) : NULL;
    if (!from)
        return vouch_op_no_memory(ctx);
    for (int64_t i = 0; i < index->count; i++) {
        int64_t to = 0, own = 1, step = 1;
        for (int d = x->rank - 1; d >= 0; d--) {
            const int64_t at = d == a ? wrap(index->i64[i], x->dim[d]) : i / own % s->dim[d];
            if (at < 0)
                return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                                       "index %lld is outside of a dimension of %lld",
                                       (long long)index->i64[i], (long long)x->dim[d]);
            to += at * step;
            own *= s->dim[d];
            step *= x->dim[d];
        }
        from[to] = i;
    }
    p->from = from;
    *state = p;
    return VOUCH_OK;
}

/* ---- values ------------------------------------------------------------------------------ */

/* The table of a call: the plan's, or one made for the indices at hand. *outside: some tuple
 * is. NULL: out of memory. */
static const int64_t *call_table(const vouch_op_call *call, const plan *p, bool *outside)
{
    int64_t at;
    *outside = false;
    if (p->from)
        return p->from;
    int64_t *from = VOUCH_NEW_ARRAY(call->scratch, int64_t, p->total + 1);
    for (int64_t i = 0; from && i < p->total; i++)
        from[i] = -1;
    for (int64_t t = 0; from && t < p->tuples; t++) {
        const place where = tuple_place(p, call->in[1], t, &at);
        *outside = *outside || where == OUTSIDE;
        for (int64_t i = 0; where == INSIDE && i < p->inner; i++)
            from[at + i] = t * p->inner + i;
    }
    return from;
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *out = call->out[0];
    const size_t size = vouch_dtype_size(out->dtype);
    bool outside;
    const vouch_tensor *x = vouch_op_operand(call, 0, out->dtype);
    const vouch_tensor *u = vouch_op_operand(call, 2, out->dtype);
    const int64_t *from = call_table(call, p, &outside);
    if (!x || !u || !from)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; i < p->total; i++)
        memcpy((char *)out->data + (size_t)i * size,
               from[i] < 0 ? (const char *)x->data + (size_t)i * size
                           : (const char *)u->data + (size_t)from[i] * size,
               size);
    for (int64_t i = 0; outside && vouch_op_is_float(out->dtype) && i < p->total; i++)
        vouch_tensor_set(out, i, (double)NAN);
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    bool outside;
    const int64_t *from = call_table(call, p, &outside);
    if (!from)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; d_out[0] && i < p->total; i++) {
        vouch_tensor *dx = from[i] < 0 ? d_in[0] : d_in[2];
        const int64_t at = from[i] < 0 ? i : from[i];
        if (dx)
            vouch_tensor_set(dx, at, vouch_tensor_get(dx, at) + vouch_tensor_get(d_out[0], i));
    }
    return VOUCH_OK;
}

/* ---- range ------------------------------------------------------------------------------- */

typedef struct sides {
    const vouch_tensor *const *low, *const *high; /* of the inputs */
    double *out_low, *out_high;
} sides;

/* The integers of index d of tuple t that lie in the data: [*from, *to]. Certain: the interval
 * has exactly one integer, inside. */
static bool index_span(const plan *p, const sides *s, int64_t t, int64_t d, int64_t *from,
                       int64_t *to)
{
    const double l = vouch_tensor_get(s->low[1], t * p->depth + d);
    const double h = vouch_tensor_get(s->high[1], t * p->depth + d);
    *from = (int64_t)fmax(ceil(l), -(double)p->dim[d]);
    *to = (int64_t)fmin(floor(h), (double)(p->dim[d] - 1));
    return ceil(l) == floor(h) && *from == *to;
}

/* Tuple t into the places `at` + what the indices from d on may add. */
static void join(const plan *p, const sides *s, int64_t t, int64_t d, int64_t at, bool certain)
{
    int64_t from, to;
    if (d < p->depth) {
        index_span(p, s, t, d, &from, &to);
        for (int64_t i = from; i <= to; i++)
            join(p, s, t, d + 1, at + wrap(i, p->dim[d]) * p->stride[d], certain);
        return;
    }
    for (int64_t i = 0; i < p->inner; i++) {
        const double l = vouch_tensor_get(s->low[2], t * p->inner + i);
        const double h = vouch_tensor_get(s->high[2], t * p->inner + i);
        s->out_low[at + i] = certain ? l : fmin(l, s->out_low[at + i]);
        s->out_high[at + i] = certain ? h : fmax(h, s->out_high[at + i]);
    }
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    const sides s = {low, high, out_low[0]->f64, out_high[0]->f64};
    for (int64_t i = 0; i < p->total; i++) {
        const int64_t u = p->from ? p->from[i] : -1;
        s.out_low[i] = u < 0 ? vouch_tensor_get(low[0], i) : vouch_tensor_get(low[2], u);
        s.out_high[i] = u < 0 ? vouch_tensor_get(high[0], i) : vouch_tensor_get(high[2], u);
    }
    for (int64_t t = 0; !p->from && t < p->tuples; t++) {
        bool certain = true;
        for (int64_t d = 0; d < p->depth; d++) {
            int64_t from, to;
            certain = index_span(p, &s, t, d, &from, &to) && certain;
        }
        join(p, &s, t, 0, 0, certain);
    }
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

static void offset(const vouch_linear_call *call, const plan *p, double *y)
{
    for (int64_t i = 0; i < p->total; i++) {
        const vouch_tensor *t =
            vouch_op_constant(call->graph, call->node, p->from[i] < 0 ? 0 : 2);
        const double x = t ? vouch_tensor_get(t, p->from[i] < 0 ? i : p->from[i]) : 0;
        y[i] = vouch_op_absolute(call->mode) ? fabs(x) : x;
    }
}

/* One vector: out_i = in_i where the element is taken from input `which`; back: transposed. */
static void pick(const plan *p, bool data, bool back, const double *in, double *out)
{
    memset(out, 0, (size_t)(back && !data ? p->updates : p->total) * sizeof *out);
    for (int64_t i = 0; i < p->total; i++) {
        const int64_t at = data ? i : p->from[i];
        if (data == (p->from[i] < 0))
            out[back ? at : i] = in[back ? i : at];
    }
}

static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    const bool back = vouch_op_transposed(call->mode), data = call->which == 0;
    const int64_t own = data ? p->total : p->updates;
    for (int64_t v = 0; v < call->batch; v++) {
        if (vouch_op_offset(call->mode))
            offset(call, p, call->out + v * p->total);
        else
            pick(p, data, back, call->in + v * (back ? p->total : own),
                 call->out + v * (back ? own : p->total));
    }
    return VOUCH_OK;
}

static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g, (void)node;
    return 0;
}

static bool is_affine(const vouch_graph *g, const vouch_node *node, const bool *varying)
{
    (void)g, (void)varying;
    return ((const plan *)node->state)->from != NULL;
}

static bool exact(const vouch_graph *g, const vouch_node *node)
{
    (void)g, (void)node;
    return true;
}

#define SCATTERING(op, first, prepare_fn, text, spec)                                          \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_AFFINE,                                                           \
        .since = first,                                                                        \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = eval,                                                                          \
        .grad = grad,                                                                          \
        .range = range,                                                                        \
        .is_affine = is_affine,                                                                \
        .otherwise = VOUCH_OP_SELECT,                                                          \
        .linear = linear,                                                                      \
        .terms = terms,                                                                        \
        .exact = exact,                                                                        \
        .partial = VOUCH_PARTIAL_SKIPPED,                                                      \
    }
SCATTERING(ScatterElements, 11, elements_prepare, "elements replaced at constant indices",
           "ONNX ScatterElements-18");
SCATTERING(ScatterND, 11, nd_prepare, "parts replaced at indices, constant or computed",
           "ONNX ScatterND-18");
