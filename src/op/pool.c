/* MaxPool and AveragePool.
 *
 * All channels of all images share one list: for every output position, the input positions in
 * its window (those in the padding left out).
 *
 * AveragePool is affine: a sum divided by the count, a true division. With count_include_pad
 * the count is that of the window's positions inside the padded image (beyond it, where
 * ceil_mode lets a window reach, nothing counts).
 *
 * SPEC: ONNX MaxPool-12 (output Indices is not supported), AveragePool-19
 */
#include "op/greatest.h"
#include "op/window.h"

typedef struct plan {
    vouch_window w;
    int64_t planes;         /* batch * channels */
    const int64_t *first;   /* [out_size + 1] into element */
    const int64_t *element; /* input positions within a plane */
    const double *divisor;  /* [out_size] of AveragePool */
} plan;

/* ---- planning ---------------------------------------------------------------------------- */

/* Input position of kernel element k seen from output position o; -1 in the padding. *padded
 * says whether it lies inside the padded image. */
static int64_t source(const vouch_window *w, int64_t o, int64_t k, bool *padded)
{
    int64_t at = 0, step = 1;
    bool inside = true;
    *padded = true;
    for (int d = VOUCH_WINDOW_DIMS - 1; d >= 0; d--) {
        const int64_t x =
            o % w->out[d] * w->stride[d] - w->pad[d] + k % w->kernel[d] * w->dilation[d];
        inside = inside && x >= 0 && x < w->in[d];
        *padded = *padded && x < w->in[d] + w->pad_end[d];
        at += x * step;
        step *= w->in[d];
        o /= w->out[d];
        k /= w->kernel[d];
    }
    return inside ? at : -1;
}

static vouch_status list_windows(vouch_context *ctx, const vouch_graph *g,
                                 const vouch_node *node, bool include_pad, plan *p)
{
    const vouch_window *w = &p->w;
    static const int64_t limit = (int64_t)1 << 28;
    if (w->kernel_size > limit / (w->out_size + 1))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_LIMIT, "the windows are too large");
    int64_t *first = VOUCH_NEW_ARRAY(g->arena, int64_t, w->out_size + 1);
    int64_t *element = VOUCH_NEW_ARRAY(g->arena, int64_t, w->out_size * w->kernel_size + 1);
    double *divisor = VOUCH_NEW_ARRAY(g->arena, double, w->out_size + 1);
    if (!first || !element || !divisor)
        return vouch_op_no_memory(ctx);
    int64_t n = 0;
    for (int64_t o = 0; o < w->out_size; o++) {
        for (int64_t k = 0; k < w->kernel_size; k++) {
            bool padded;
            const int64_t at = source(w, o, k, &padded);
            if (at >= 0)
                element[n++] = at;
            divisor[o] += at >= 0 || (include_pad && padded) ? 1 : 0;
        }
        if (n == first[o])
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "a window lies wholly in the padding");
        first[o + 1] = n;
    }
    p->first = first;
    p->element = element;
    p->divisor = divisor;
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    int64_t include_pad;
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "count_include_pad", 0, &include_pad));
    VOUCH_TRY(vouch_window_prepare(ctx, g, node, NULL, &p->w));
    VOUCH_TRY(list_windows(ctx, g, node, include_pad != 0, p));
    p->planes = p->w.batch * p->w.channels;
    *state = p;
    const vouch_shape out = vouch_window_output(&p->w, p->w.channels);
    return vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &out);
}

/* for every output element y: `plane` is where its plane begins in x, `o` its position */
#define OUTPUTS(p, y, plane, o)                                                                \
    for (int64_t y = 0, plane = 0, plane_ = 0; plane_ < (p)->planes;                           \
         plane_++, plane += (p)->w.in_size)                                                    \
        for (int64_t o = 0; o < (p)->w.out_size; o++, y++)

/* ---- MaxPool ----------------------------------------------------------------------------- */

#define GREATEST(T, name)                                                                      \
    static int64_t name(const plan *p, const T *x, int64_t o)                                  \
    {                                                                                          \
        int64_t best = p->element[p->first[o]];                                                \
        for (int64_t e = p->first[o] + 1; e < p->first[o + 1]; e++)                            \
            if (x[p->element[e]] > x[best])                                                    \
                best = p->element[e];                                                          \
        return best;                                                                           \
    }
GREATEST(float, greatest_f32)
GREATEST(double, greatest_f64)

static vouch_status max_eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *out = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, out->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    OUTPUTS(p, y, plane, o)
    {
        if (out->dtype == VOUCH_F32)
            out->f32[y] = x->f32[plane + greatest_f32(p, x->f32 + plane, o)];
        else
            out->f64[y] = x->f64[plane + greatest_f64(p, x->f64 + plane, o)];
    }
    return VOUCH_OK;
}

static vouch_status max_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                             vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    vouch_tensor *dx = d_in[0];
    if (!dx)
        return VOUCH_OK;
    const vouch_tensor *x = vouch_op_operand(call, 0, dx->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    OUTPUTS(p, y, plane, o)
    {
        if (dx->dtype == VOUCH_F32)
            dx->f32[plane + greatest_f32(p, x->f32 + plane, o)] += d_out[0]->f32[y];
        else
            dx->f64[plane + greatest_f64(p, x->f64 + plane, o)] += d_out[0]->f64[y];
    }
    return VOUCH_OK;
}

static vouch_status max_range(const vouch_op_call *call, const vouch_tensor *const *low,
                              const vouch_tensor *const *high, vouch_tensor *const *out_low,
                              vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    OUTPUTS(p, y, plane, o)
    {
        const double *l = low[0]->f64 + plane, *h = high[0]->f64 + plane;
        out_low[0]->f64[y] = l[greatest_f64(p, l, o)];
        out_high[0]->f64[y] = h[greatest_f64(p, h, o)];
    }
    return VOUCH_OK;
}

static int64_t max_window(const vouch_graph *graph, const vouch_node *node, int64_t i,
                          int64_t *element)
{
    (void)graph;
    const plan *p = node->state;
    const int64_t plane = i / p->w.out_size * p->w.in_size, o = i % p->w.out_size;
    const int64_t count = p->first[o + 1] - p->first[o];
    for (int64_t e = 0; element && e < count; e++)
        element[e] = plane + p->element[p->first[o] + e];
    return count;
}

static vouch_status max_decompose(vouch_context *ctx, vouch_graph *graph,
                                  const vouch_node *node, struct vouch_op_expansion *into)
{
    (void)ctx, (void)graph;
    return vouch_greatest_tree(into, node, max_window, false);
}

/* ---- AveragePool ------------------------------------------------------------------------- */

#define AVERAGE(T, forward, backward)                                                          \
    static void forward(const plan *p, int64_t planes, const T *x, T *out)                     \
    {                                                                                          \
        for (int64_t i = 0; i < planes; i++, x += p->w.in_size, out += p->w.out_size)          \
            for (int64_t o = 0; o < p->w.out_size; o++) {                                      \
                T sum = 0;                                                                     \
                for (int64_t e = p->first[o]; e < p->first[o + 1]; e++)                        \
                    sum += x[p->element[e]];                                                   \
                out[o] = sum / (T)p->divisor[o];                                               \
            }                                                                                  \
    }                                                                                          \
    static void backward(const plan *p, int64_t planes, const T *y, T *x)                      \
    {                                                                                          \
        for (int64_t i = 0; i < planes; i++, x += p->w.in_size, y += p->w.out_size)            \
            for (int64_t o = 0; o < p->w.out_size; o++)                                        \
                for (int64_t e = p->first[o]; e < p->first[o + 1]; e++)                        \
                    x[p->element[e]] += y[o] / (T)p->divisor[o];                               \
    }
AVERAGE(float, forward_f32, backward_f32)
AVERAGE(double, forward_f64, backward_f64)

static vouch_status average_eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    if (y->dtype == VOUCH_F32)
        forward_f32(p, p->planes, x->f32, y->f32);
    else
        forward_f64(p, p->planes, x->f64, y->f64);
    return VOUCH_OK;
}

static vouch_status average_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                                 vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    if (d_in[0] && d_in[0]->dtype == VOUCH_F32)
        backward_f32(p, p->planes, d_out[0]->f32, d_in[0]->f32);
    else if (d_in[0])
        backward_f64(p, p->planes, d_out[0]->f64, d_in[0]->f64);
    return VOUCH_OK;
}

static bool average_patch(const vouch_graph *g, const vouch_node *node, int which,
                          const vouch_patch *y, vouch_patch *x)
{
    const plan *p = node->state;
    (void)g, (void)which;
    return vouch_window_back(&p->w, y, y->channels, x);
}

/* The part of the plan between two patches. */
static vouch_status average_part(const vouch_linear_call *call, const plan *p, plan *part)
{
    const vouch_patch *y = call->patch_y;
    const int64_t outs = vouch_patch_positions(y);
    int64_t *first = VOUCH_NEW_ARRAY(call->scratch, int64_t, outs + 1), n = 0;
    int64_t *element = VOUCH_NEW_ARRAY(call->scratch, int64_t, outs * p->w.kernel_size + 1);
    double *divisor = VOUCH_NEW_ARRAY(call->scratch, double, outs + 1);
    vouch_patch in = {1, {0}, {0}}, out = {1, {0}, {0}};
    vouch_patch to = *call->patch_x, from = *y;
    if (!first || !element || !divisor)
        return vouch_op_no_memory(call->ctx);
    memcpy(in.high, p->w.in, sizeof in.high);
    memcpy(out.high, p->w.out, sizeof out.high);
    to.channels = from.channels = 1;
    for (int64_t k = 0; k < outs; k++) {
        const int64_t o = vouch_patch_index(&from, k, &out);
        for (int64_t e = p->first[o]; e < p->first[o + 1]; e++)
            element[n++] = vouch_patch_index(&in, p->element[e], &to);
        divisor[k] = p->divisor[o];
        first[k + 1] = n;
    }
    *part = (plan){.first = first, .element = element, .divisor = divisor};
    vouch_window_between(&p->w, &to, y, &part->w);
    return VOUCH_OK;
}

static vouch_status average_linear(const vouch_linear_call *call)
{
    plan part = *(const plan *)call->node->state;
    const plan *p = &part;
    if (call->patch_y)
        VOUCH_TRY(average_part(call, call->node->state, &part));
    const int64_t planes = call->batch * part.w.batch * part.w.channels;
    const size_t in = (size_t)(planes * p->w.in_size), out = (size_t)(planes * p->w.out_size);
    if (vouch_op_offset(call->mode)) {
        memset(call->out, 0, out * sizeof *call->out);
    } else if (vouch_op_transposed(call->mode)) {
        memset(call->out, 0, in * sizeof *call->out);
        backward_f64(p, planes, call->in, call->out);
    } else {
        forward_f64(p, planes, call->in, call->out);
    }
    return VOUCH_OK;
}

/* A window's sum and its division; an input element lies in as many windows as the kernel has
 * elements at most. */
static int64_t average_terms(const vouch_graph *graph, const vouch_node *node)
{
    (void)graph;
    return ((const plan *)node->state)->w.kernel_size + 1;
}

const vouch_op vouch_op_AveragePool = {
    .name = "AveragePool",
    .summary = "mean of each window",
    .citation = "ONNX AveragePool-19",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = average_eval,
    .grad = average_grad,
    .linear = average_linear,
    .patch = average_patch,
    .terms = average_terms,
};

const vouch_op vouch_op_MaxPool = {
    .name = "MaxPool",
    .summary = "greatest of each window",
    .citation = "ONNX MaxPool-12",
    .op_class = VOUCH_OP_MAX,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = max_eval,
    .grad = max_grad,
    .range = max_range,
    .window = max_window,
    .decompose = max_decompose,
};
