/* Resize and Upsample: images of another size, by the nearest element or linearly.
 *
 * An output position o of a dimension looks at the input position x(o) that the attribute
 * coordinate_transformation_mode gives; `nearest` rounds it to an element (a move, exact),
 * `linear` weighs its two neighbours. Dimensions are independent, so that an output element is a
 * sum over the corners of a box, each with the product of its dimensions' weights.
 *
 * The network's weights are the doubles that these formulas give with the scale as stored: ONNX
 * leaves their rounding open, so that they, not the quotients behind them, are what "the
 * network over the reals" means here. A and b are then stored numbers.
 *
 * SPEC: ONNX Resize-19 (modes nearest and linear), Resize-10, Upsample-9
 */
#include "op/move.h"

typedef enum transform {
    HALF_PIXEL,
    PYTORCH_HALF_PIXEL,
    ALIGN_CORNERS,
    ASYMMETRIC,
    HALF_PIXEL_SYMMETRIC
} transform;

typedef enum rounding { PREFER_FLOOR, PREFER_CEIL, FLOOR, CEIL } rounding;

typedef struct plan {
    vouch_move move; /* mode nearest; first, so that the functions of move.h serve */
    bool linear;
    int64_t in_count, out_count, taps;
    const int64_t *at;    /* [out_count][taps] elements of the input */
    const double *weight; /* [out_count][taps] */
    int64_t most;         /* terms of a sum in either direction */
} plan;

typedef struct request {
    transform transform;
    rounding rounding;
    bool linear;
    double scale[VOUCH_RANK_MAX];
    vouch_shape out;
} request;

/* ---- reading ----------------------------------------------------------------------------- */

/* Number of the attribute's text in a NULL-terminated list, the first one by default. */
static vouch_status read_choice(vouch_context *ctx, const vouch_graph *g,
                                const vouch_node *node, const char *name,
                                const char *const *list, int otherwise, int *choice)
{
    const char *text;
    VOUCH_TRY(vouch_node_text(ctx, g, node, name, list[otherwise], &text));
    for (int i = 0; list[i]; i++)
        if (strcmp(list[i], text) == 0) {
            *choice = i;
            return VOUCH_OK;
        }
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "%s '%s' is not supported",
                           name, text);
}

static vouch_status read_modes(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                               request *r)
{
    static const char *const modes[] = {"nearest", "linear", "bilinear", NULL};
    static const char *const transforms[] = {"half_pixel",           "pytorch_half_pixel",
                                             "align_corners",        "asymmetric",
                                             "half_pixel_symmetric", NULL};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil", NULL};
    static const char *const policies[] = {"stretch", NULL};
    int mode = 0, t = ASYMMETRIC, n = FLOOR, policy = 0; /* before opset 11 */
    int64_t antialias;
    VOUCH_TRY(read_choice(ctx, g, node, "mode", modes, 0, &mode));
    if (g->opset >= 11) {
        VOUCH_TRY(
            read_choice(ctx, g, node, "coordinate_transformation_mode", transforms, 0, &t));
        VOUCH_TRY(read_choice(ctx, g, node, "nearest_mode", roundings, 0, &n));
    }
    VOUCH_TRY(read_choice(ctx, g, node, "keep_aspect_ratio_policy", policies, 0, &policy));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "antialias", 0, &antialias));
    if (antialias)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "antialias is not supported");
    r->linear = mode > 0;
    r->transform = (transform)t;
    r->rounding = (rounding)n;
    return VOUCH_OK;
}

/* Factor k of the scales: an input, or before opset 9 an attribute. */
static vouch_status read_scales(vouch_context *ctx, const vouch_graph *g,
                                const vouch_node *node, int input, const double **list,
                                int64_t *count)
{
    const vouch_tensor *t = NULL;
    const vouch_attr *attr = vouch_node_attr(node, "scales");
    *list = NULL;
    *count = 0;
    if (attr && attr->kind == VOUCH_ATTR_FLOATS) {
        *list = attr->floats;
        *count = (int64_t)attr->count;
        return VOUCH_OK;
    }
    if (!vouch_op_in(g, node, input))
        return VOUCH_OK;
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, input, "scales", &t));
    const vouch_tensor *wide = vouch_tensor_convert(g->arena, t, VOUCH_F64);
    if (!wide)
        return vouch_op_no_memory(ctx);
    *list = wide->f64;
    *count = wide->count;
    return VOUCH_OK;
}

/* One dimension: by scale (size < 0) or to a size. */
static bool resize_axis(request *r, int axis, int64_t dim, double scale, int64_t size)
{
    static const double limit = 1 << 28;
    if (size < 0 && !(scale > 0 && (double)dim * scale < limit))
        return false;
    r->out.dim[axis] = size < 0 ? (int64_t)floor((double)dim * scale) : size;
    r->scale[axis] = size < 0 ? scale : (double)size / (double)dim;
    return dim > 0 && r->out.dim[axis] > 0;
}

static vouch_status read_sizes(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                               int scales_input, request *r)
{
    const int64_t *sizes = NULL, *axes = NULL;
    const double *scales = NULL;
    int64_t size_count = 0, axis_count = 0, scale_count = 0;
    bool marked[VOUCH_RANK_MAX];
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(read_scales(ctx, g, node, scales_input, &scales, &scale_count));
    if (scale_count == 0 && node->input_count > scales_input + 1)
        VOUCH_TRY(vouch_op_ints(ctx, g, node, scales_input + 1, "sizes", &sizes, &size_count));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, -1, "axes", &axes, &axis_count));
    if (!axes)
        axis_count = x->rank;
    else
        VOUCH_TRY(vouch_op_axes(ctx, g, node, axes, axis_count, x->rank, marked));
    bool good = axis_count == (sizes ? size_count : scale_count);
    r->out = *x;
    for (int i = 0; i < x->rank; i++)
        r->scale[i] = 1;
    for (int64_t i = 0; good && i < axis_count; i++) {
        const int a = (int)(axes ? (axes[i] + x->rank) % x->rank : i);
        good = resize_axis(r, a, x->dim[a], sizes ? 0 : scales[i], sizes ? sizes[i] : -1);
    }
    return good ? VOUCH_OK
                : vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                  "'scales' or 'sizes' do not fit to the input");
}

/* ---- positions --------------------------------------------------------------------------- */

static double position(const request *r, int axis, int64_t dim, int64_t o)
{
    const double s = r->scale[axis], x = (double)o, n = (double)r->out.dim[axis];
    switch (r->transform) {
    case PYTORCH_HALF_PIXEL:
        return n > 1 ? (x + .5) / s - .5 : 0;
    case ALIGN_CORNERS:
        return n > 1 ? x * (double)(dim - 1) / (n - 1) : 0;
    case ASYMMETRIC:
        return x / s;
    case HALF_PIXEL_SYMMETRIC: /* what the floor cut off goes to both sides */
        return (double)dim / 2 * (1 - n / ((double)dim * s)) + (x + .5) / s - .5;
    case HALF_PIXEL:
        break;
    }
    return (x + .5) / s - .5;
}

static int64_t clamp(double x, int64_t dim)
{
    return x < 0 ? 0 : x > (double)(dim - 1) ? dim - 1 : (int64_t)x;
}

static int64_t nearest(rounding r, double x, int64_t dim)
{
    switch (r) {
    case PREFER_FLOOR:
        return clamp(ceil(x - .5), dim);
    case PREFER_CEIL:
        return clamp(floor(x + .5), dim);
    case FLOOR:
        return clamp(floor(x), dim);
    case CEIL:
        return clamp(ceil(x), dim);
    }
    return 0;
}

static vouch_status plan_nearest(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                 const request *r, plan *p)
{
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    const void *state = NULL;
    int64_t stride[VOUCH_RANK_MAX];
    vouch_move_axes axes = {.out = r->out};
    vouch_move_strides(x, stride);
    for (int d = 0; d < x->rank; d++) {
        int64_t *table = vouch_move_ramp(g, r->out.dim[d], 0, 0);
        if (!table)
            return vouch_op_no_memory(ctx);
        for (int64_t o = 0; o < r->out.dim[d]; o++)
            table[o] = stride[d] *
                       (r->out.dim[d] == x->dim[d] && r->scale[d] == 1
                            ? o
                            : nearest(r->rounding, position(r, d, x->dim[d], o), x->dim[d]));
        axes.table[d] = table;
    }
    VOUCH_TRY(vouch_move_axes_map(ctx, g, node, &axes, &r->out, 0, &state));
    p->move = *(const vouch_move *)state;
    return VOUCH_OK;
}

/* Both corners of dimension d for output position o: elements and weights. */
static void corners(const request *r, int d, int64_t dim, int64_t o, int64_t at[2], double w[2])
{
    const double x = fmin(fmax(position(r, d, dim, o), 0), (double)(dim - 1));
    at[0] = clamp(floor(x), dim);
    at[1] = at[0] + 1 < dim ? at[0] + 1 : at[0];
    w[1] = x - (double)at[0];
    w[0] = 1 - w[1];
}

/* The greatest number of taps with a weight that an element of the input has. */
static int64_t most_uses(const plan *p, int64_t *seen)
{
    int64_t most = p->taps;
    for (int64_t i = 0; i < p->out_count * p->taps; i++)
        if (p->weight[i] != 0 && ++seen[p->at[i]] > most)
            most = seen[p->at[i]];
    return most;
}

static vouch_status plan_linear(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                const request *r, plan *p)
{
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    int64_t stride[VOUCH_RANK_MAX];
    int axis[VOUCH_RANK_MAX], axes = 0;
    vouch_move_strides(x, stride);
    for (int d = 0; d < x->rank; d++)
        if (r->out.dim[d] != x->dim[d] || r->scale[d] != 1)
            axis[axes++] = d;
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &r->out));
    p->in_count = vouch_shape_count(x);
    p->out_count = vouch_shape_count(&r->out);
    p->taps = (int64_t)1 << axes;
    int64_t *at = VOUCH_NEW_ARRAY(g->arena, int64_t, p->out_count * p->taps + 1);
    double *weight = VOUCH_NEW_ARRAY(g->arena, double, p->out_count * p->taps + 1);
    int64_t *seen = VOUCH_NEW_ARRAY(g->arena, int64_t, p->in_count + 1);
    if (!at || !weight || !seen)
        return vouch_op_no_memory(ctx);
    for (int64_t i = 0; i < p->out_count * p->taps; i++) {
        int64_t rest = i / p->taps, corner[2];
        double w[2];
        weight[i] = 1;
        for (int d = x->rank - 1, a = axes - 1; d >= 0; rest /= r->out.dim[d--]) {
            const int64_t o = rest % r->out.dim[d];
            if (a < 0 || axis[a] != d) {
                at[i] += o * stride[d];
                continue;
            }
            corners(r, d, x->dim[d], o, corner, w);
            at[i] += corner[i >> a & 1] * stride[d];
            weight[i] *= w[i >> a & 1];
            a--;
        }
    }
    p->at = at;
    p->weight = weight;
    p->most = most_uses(p, seen);
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state, int scales_input)
{
    request r = {.linear = false};
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    *state = p;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 4, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    VOUCH_TRY(read_modes(ctx, g, node, &r));
    VOUCH_TRY(read_sizes(ctx, g, node, scales_input, &r));
    p->linear = r.linear;
    return r.linear ? plan_linear(ctx, g, node, &r, p) : plan_nearest(ctx, g, node, &r, p);
}

static vouch_status resize_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                   const void **state)
{
    return prepare(ctx, g, node, state, g->opset >= 11 ? 2 : 1); /* roi comes before */
}

static vouch_status upsample_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                     const void **state)
{
    return prepare(ctx, g, node, state, 1);
}

/* ---- values ------------------------------------------------------------------------------ */

#define WEIGH(T, forward, backward)                                                            \
    static void forward(const plan *p, const T *x, T *y)                                       \
    {                                                                                          \
        for (int64_t i = 0; i < p->out_count; i++) {                                           \
            T sum = 0;                                                                         \
            for (int64_t k = i * p->taps; k < (i + 1) * p->taps; k++)                          \
                sum += (T)p->weight[k] * x[p->at[k]];                                          \
            y[i] = sum;                                                                        \
        }                                                                                      \
    }                                                                                          \
    static void backward(const plan *p, const T *y, T *x)                                      \
    {                                                                                          \
        for (int64_t k = 0; k < p->out_count * p->taps; k++)                                   \
            x[p->at[k]] += (T)p->weight[k] * y[k / p->taps];                                   \
    }
WEIGH(float, forward_f32, backward_f32)
WEIGH(double, forward_f64, backward_f64)

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    if (!p->linear)
        return vouch_move_eval(call);
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    if (y->dtype == VOUCH_F32)
        forward_f32(p, x->f32, y->f32);
    else
        forward_f64(p, x->f64, y->f64);
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    if (!p->linear)
        return vouch_move_grad(call, d_out, d_in);
    if (d_in[0] && d_in[0]->dtype == VOUCH_F32)
        backward_f32(p, d_out[0]->f32, d_in[0]->f32);
    else if (d_in[0])
        backward_f64(p, d_out[0]->f64, d_in[0]->f64);
    return VOUCH_OK;
}

/* Weights are not negative: A = |A|, b = 0. */
static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    if (!p->linear)
        return vouch_move_linear(call);
    const size_t out = (size_t)(call->batch * p->out_count);
    if (vouch_op_offset(call->mode)) {
        memset(call->out, 0, out * sizeof *call->out);
        return VOUCH_OK;
    }
    const bool back = vouch_op_transposed(call->mode);
    if (back)
        memset(call->out, 0, (size_t)(call->batch * p->in_count) * sizeof *call->out);
    for (int64_t v = 0; v < call->batch; v++) {
        if (back)
            backward_f64(p, call->in + v * p->out_count, call->out + v * p->in_count);
        else
            forward_f64(p, call->in + v * p->in_count, call->out + v * p->out_count);
    }
    return VOUCH_OK;
}

static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    const plan *p = node->state;
    return p->linear ? p->most + 1 : vouch_move_terms(g, node);
}

/* Two taps may share an element at the border: their weights' sum is no stored number. */
static bool exact(const vouch_graph *g, const vouch_node *node)
{
    (void)g;
    return !((const plan *)node->state)->linear;
}

#define RESIZING(op, first, last, prepare_fn, text, spec)                                      \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_AFFINE,                                                           \
        .since = first,                                                                        \
        .until = last,                                                                         \
        .prepare = prepare_fn,                                                                 \
        .eval = eval,                                                                          \
        .grad = grad,                                                                          \
        .linear = linear,                                                                      \
        .terms = terms,                                                                        \
        .exact = exact,                                                                        \
    }
RESIZING(Resize, 10, 22, resize_prepare, "images of another size: nearest, linear",
         "ONNX Resize-19");
RESIZING(Upsample, 7, 9, upsample_prepare, "larger images: nearest, linear", "ONNX Upsample-9");
