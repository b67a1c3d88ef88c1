/* Along dimensions: sums (ReduceSum, ReduceMean, GlobalAveragePool) and extremes (ReduceMax,
 * ReduceMin).
 *
 * A table gives for every element of x the element of y it goes to. The mean divides the sum by
 * the count: a true division, one rounding.
 *
 * SPEC: ONNX ReduceSum-13, ReduceMean-18, ReduceMax-18, ReduceMin-18 (attribute `axes` before),
 * GlobalAveragePool-1
 */
#include "op/greatest.h"

typedef struct plan {
    int64_t in_count, out_count;
    int64_t each;           /* elements of x in one of y */
    double divisor;         /* 1 for sums */
    const int64_t *map;     /* [in_count] */
    const int64_t *element; /* [out_count][each] the table turned round; NULL for sums */
    bool least;             /* of extremes */
} plan;

/* ---- planning ---------------------------------------------------------------------------- */

/* Steps in y for every dimension of x, 0 along those that are summed. */
static bool make_map(const vouch_graph *g, const vouch_shape *x, const bool *summed, plan *p)
{
    int64_t stride[VOUCH_RANK_MAX], step = 1;
    int64_t *map = VOUCH_NEW_ARRAY(g->arena, int64_t, p->in_count + 1);
    for (int i = x->rank - 1; i >= 0; i--) {
        stride[i] = summed[i] ? 0 : step;
        step *= summed[i] ? 1 : x->dim[i];
    }
    for (int64_t e = 0; map && e < p->in_count; e++) {
        int64_t rest = e;
        for (int i = x->rank - 1; i >= 0; i--) {
            map[e] += rest % x->dim[i] * stride[i];
            rest /= x->dim[i];
        }
    }
    p->map = map;
    return map != NULL;
}

static vouch_status build(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                          const bool *summed, bool keep, const void **state)
{
    const vouch_value *x = vouch_op_in(g, node, 0);
    vouch_shape out = {.rank = 0};
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    p->in_count = vouch_shape_count(&x->shape);
    p->each = 1;
    for (int i = 0; i < x->shape.rank; i++) {
        if (summed[i])
            p->each *= x->shape.dim[i];
        if (!summed[i] || keep)
            out.dim[out.rank++] = summed[i] ? 1 : x->shape.dim[i];
    }
    p->out_count = vouch_shape_count(&out);
    p->divisor = 1;
    *state = p;
    if (!make_map(g, &x->shape, summed, p))
        return vouch_op_no_memory(ctx);
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &out);
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    const int64_t *axes;
    int64_t count, keep, noop;
    bool summed[VOUCH_RANK_MAX];
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 2, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 1, "axes", &axes, &count));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "keepdims", 1, &keep));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "noop_with_empty_axes", 0, &noop));
    const int rank = vouch_op_in(g, node, 0)->shape.rank;
    VOUCH_TRY(vouch_op_axes(ctx, g, node, axes, count, rank, summed));
    for (int i = 0; count == 0 && i < rank; i++)
        summed[i] = !noop;
    return build(ctx, g, node, summed, keep != 0, state);
}

static vouch_status divide_by_count(vouch_context *ctx, const vouch_graph *g,
                                    const vouch_node *node, const void **state)
{
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    *p = *(const plan *)*state;
    p->divisor = (double)p->each;
    *state = p;
    return p->each > 0 ? VOUCH_OK
                       : vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "mean of no elements");
}

static vouch_status mean_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    VOUCH_TRY(prepare(ctx, g, node, state));
    return divide_by_count(ctx, g, node, state);
}

static vouch_status global_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                   const void **state)
{
    bool summed[VOUCH_RANK_MAX] = {false};
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    for (int i = 2; i < vouch_op_in(g, node, 0)->shape.rank; i++)
        summed[i] = true;
    VOUCH_TRY(build(ctx, g, node, summed, true, state));
    return divide_by_count(ctx, g, node, state);
}

/* ---- values ------------------------------------------------------------------------------ */

#define SUM(T, name)                                                                           \
    static void name(const plan *p, const T *x, T *y)                                          \
    {                                                                                          \
        memset(y, 0, (size_t)p->out_count * sizeof *y);                                        \
        for (int64_t i = 0; i < p->in_count; i++)                                              \
            y[p->map[i]] += x[i];                                                              \
        for (int64_t i = 0; p->divisor != 1 && i < p->out_count; i++)                          \
            y[i] /= (T)p->divisor;                                                             \
    }
SUM(float, sum_f32)
SUM(double, sum_f64)

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    if (y->dtype == VOUCH_F32)
        sum_f32(p, x->f32, y->f32);
    else
        sum_f64(p, x->f64, y->f64);
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    vouch_tensor *dx = d_in[0];
    for (int64_t i = 0; dx && i < p->in_count; i++) {
        if (dx->dtype == VOUCH_F32)
            dx->f32[i] += d_out[0]->f32[p->map[i]] / (float)p->divisor;
        else
            dx->f64[i] += d_out[0]->f64[p->map[i]] / p->divisor;
    }
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    if (vouch_op_offset(call->mode)) {
        memset(call->out, 0, (size_t)(call->batch * p->out_count) * sizeof *call->out);
        return VOUCH_OK;
    }
    for (int64_t v = 0; v < call->batch; v++) {
        if (!vouch_op_transposed(call->mode)) {
            sum_f64(p, call->in + v * p->in_count, call->out + v * p->out_count);
            continue;
        }
        const double *y = call->in + v * p->out_count;
        double *x = call->out + v * p->in_count;
        for (int64_t i = 0; i < p->in_count; i++)
            x[i] = y[p->map[i]] / p->divisor;
    }
    return VOUCH_OK;
}

static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g;
    const plan *p = node->state;
    return p->each <= 1 ? 0 : p->each;
}

#define REDUCING(op, prepare_fn, text, spec)                                                   \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_AFFINE,                                                           \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = eval,                                                                          \
        .grad = grad,                                                                          \
        .linear = linear,                                                                      \
        .terms = terms,                                                                        \
    }
REDUCING(GlobalAveragePool, global_prepare, "mean over all positions of each channel",
         "ONNX GlobalAveragePool-1");
REDUCING(ReduceMean, mean_prepare, "mean along dimensions", "ONNX ReduceMean-18");
REDUCING(ReduceSum, prepare, "sum along dimensions", "ONNX ReduceSum-13");

/* ---- extremes ---------------------------------------------------------------------------- */

static vouch_status extreme_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                    const void **state, bool least)
{
    VOUCH_TRY(prepare(ctx, g, node, state));
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    *p = *(const plan *)*state;
    if (p->each < 1)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "extreme of no elements");
    int64_t *element = VOUCH_NEW_ARRAY(g->arena, int64_t, p->in_count + 1);
    int64_t *filled = VOUCH_NEW_ARRAY(g->arena, int64_t, p->out_count + 1);
    if (!element || !filled || !p->map)
        return vouch_op_no_memory(ctx);
    for (int64_t i = 0; i < p->in_count; i++)
        element[p->map[i] * p->each + filled[p->map[i]]++] = i;
    p->element = element;
    p->least = least;
    *state = p;
    return VOUCH_OK;
}

#define EXTREME(T, name)                                                                       \
    static int64_t name(const plan *p, const T *x, int64_t i)                                  \
    {                                                                                          \
        const int64_t *e = p->element + i * p->each;                                           \
        int64_t best = e[0];                                                                   \
        for (int64_t k = 1; k < p->each; k++)                                                  \
            if (p->least ? x[e[k]] < x[best] : x[e[k]] > x[best])                              \
                best = e[k];                                                                   \
        return best;                                                                           \
    }
EXTREME(float, extreme_f32)
EXTREME(double, extreme_f64)

static int64_t extreme(const plan *p, const vouch_tensor *x, int64_t i)
{
    return x->dtype == VOUCH_F32 ? extreme_f32(p, x->f32, i) : extreme_f64(p, x->f64, i);
}

static vouch_status extreme_eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; i < y->count; i++)
        vouch_tensor_set(y, i, vouch_tensor_get(x, extreme(p, x, i)));
    return VOUCH_OK;
}

static vouch_status extreme_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                                 vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    vouch_tensor *dx = d_in[0];
    for (int64_t i = 0; dx && i < p->out_count; i++) {
        const int64_t at = extreme(p, call->in[0], i);
        vouch_tensor_set(dx, at, vouch_tensor_get(dx, at) + vouch_tensor_get(d_out[0], i));
    }
    return VOUCH_OK;
}

static vouch_status extreme_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                  const vouch_tensor *const *high, vouch_tensor *const *out_low,
                                  vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    for (int64_t i = 0; i < p->out_count; i++) {
        out_low[0]->f64[i] = low[0]->f64[extreme_f64(p, low[0]->f64, i)];
        out_high[0]->f64[i] = high[0]->f64[extreme_f64(p, high[0]->f64, i)];
    }
    return VOUCH_OK;
}

static int64_t extreme_window(const vouch_graph *graph, const vouch_node *node, int64_t i,
                              int64_t *element)
{
    (void)graph;
    const plan *p = node->state;
    if (element)
        memcpy(element, p->element + i * p->each, (size_t)p->each * sizeof *element);
    return p->each;
}

static vouch_status extreme_decompose(vouch_context *ctx, vouch_graph *graph,
                                      const vouch_node *node, struct vouch_op_expansion *into)
{
    (void)ctx, (void)graph;
    return vouch_greatest_tree(into, node, extreme_window, ((const plan *)node->state)->least);
}

/* Only the greatest has a class of its own; the least is bounded by its decomposition. */
#define EXTREMES(op, is_least, class_, window_, text, spec)                                    \
    static vouch_status op##_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,     \
                                     const void **state)                                       \
    {                                                                                          \
        return extreme_prepare(ctx, g, node, state, is_least);                                 \
    }                                                                                          \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = class_,                                                                    \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = op##_prepare,                                                               \
        .eval = extreme_eval,                                                                  \
        .grad = extreme_grad,                                                                  \
        .range = extreme_range,                                                                \
        .window = window_,                                                                     \
        .decompose = extreme_decompose,                                                        \
    }
EXTREMES(ReduceMax, false, VOUCH_OP_MAX, extreme_window, "greatest along dimensions",
         "ONNX ReduceMax-18");
EXTREMES(ReduceMin, true, VOUCH_OP_COMPOSITE, NULL, "least along dimensions",
         "ONNX ReduceMin-18");
