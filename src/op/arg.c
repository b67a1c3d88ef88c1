/* ArgMax and ArgMin: where along a dimension the greatest or least element stands.
 *
 * On intervals the place is among those whose upper end reaches the greatest lower end; the
 * range is the span of these. A step: it passes no gradient back.
 *
 * SPEC: ONNX ArgMax-13, ArgMin-13 (select_last_index since 12)
 */
#include "op/op_priv.h"

typedef struct plan {
    int64_t outer, dim, inner;
    bool last;   /* of equals the last, else the first */
    double sign; /* -1 for ArgMin, which is ArgMax of -x */
} plan;

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state, double sign)
{
    int64_t axis, keep, last;
    int a = 0;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", 0, &axis));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "keepdims", 1, &keep));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "select_last_index", 0, &last));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, x->rank, &a));
    if (x->dim[a] == 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "no elements to choose from");
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    *p = (plan){.outer = vouch_op_extent(x, 0, a),
                .dim = x->dim[a],
                .inner = vouch_op_extent(x, a + 1, x->rank),
                .last = last != 0,
                .sign = sign};
    *state = p;
    vouch_shape out = {.rank = 0};
    for (int i = 0; i < x->rank; i++)
        if (i != a || keep)
            out.dim[out.rank++] = i == a ? 1 : x->dim[i];
    return vouch_op_set_output(ctx, g, node, 0, VOUCH_I64, &out);
}

static vouch_status max_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                const void **state)
{
    return prepare(ctx, g, node, state, 1);
}

static vouch_status min_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                const void **state)
{
    return prepare(ctx, g, node, state, -1);
}

/* Element i of output o's line. */
static double element(const plan *p, const vouch_tensor *t, int64_t o, int64_t i)
{
    const int64_t at = (o / p->inner * p->dim + i) * p->inner + o % p->inner;
    return p->sign * vouch_tensor_get(t, at);
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    for (int64_t o = 0; o < p->outer * p->inner; o++) {
        int64_t best = 0;
        for (int64_t i = 1; i < p->dim; i++) {
            const double x = element(p, call->in[0], o, i);
            const double b = element(p, call->in[0], o, best);
            if (x > b || (p->last && x == b))
                best = i;
        }
        vouch_tensor_set(call->out[0], o, (double)best);
    }
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    (void)call, (void)d_out, (void)d_in;
    return VOUCH_OK;
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    const vouch_tensor *l = p->sign > 0 ? low[0] : high[0], *h = p->sign > 0 ? high[0] : low[0];
    for (int64_t o = 0; o < p->outer * p->inner; o++) {
        double floor = -(double)INFINITY;
        int64_t first = p->dim - 1, last = 0;
        for (int64_t i = 0; i < p->dim; i++)
            floor = fmax(floor, element(p, l, o, i));
        for (int64_t i = 0; i < p->dim; i++) {
            if (element(p, h, o, i) < floor)
                continue;
            first = i < first ? i : first;
            last = i > last ? i : last;
        }
        out_low[0]->f64[o] = (double)first;
        out_high[0]->f64[o] = (double)last;
    }
    return VOUCH_OK;
}

#define CHOOSING(op, prepare_fn, text, spec)                                                   \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_SELECT,                                                           \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = eval,                                                                          \
        .grad = grad,                                                                          \
        .range = range,                                                                        \
    }
CHOOSING(ArgMax, max_prepare, "where the greatest element stands", "ONNX ArgMax-13");
CHOOSING(ArgMin, min_prepare, "where the least element stands", "ONNX ArgMin-13");
