/* BatchNormalization (inference): y = (x - mean) / sqrt(var + eps) * scale + bias per channel.
 *
 * With constant parameters it is affine: y = a x + b, a = scale / sqrt(var + eps), b = bias -
 * mean a. Over the reals a is irrational, so the stored a is off by the roundings of a sum
 * (halved by the root), a root and a quotient; `terms` counts them with the product's, and
 * those of b's product and sum.
 *
 * SPEC: ONNX BatchNormalization-15 (spatial, is_test: 6 and before; training is not supported)
 */
#include "op/op_priv.h"

enum { SCALE = 1, BIAS, MEAN, VAR, INPUTS };

typedef struct plan {
    int64_t count, channels, inner; /* elements; x seen as [..][channels][inner] */
    double epsilon;
    const double *factor, *offset, *size; /* [channels] a, b, and |bias| + |mean a| */
} plan;

static vouch_status check_parameters(vouch_context *ctx, const vouch_graph *g,
                                     const vouch_node *node, const vouch_tensor **t)
{
    static const char *const names[] = {"", "scale", "bias", "mean", "variance"};
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    if (x->rank < 2)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "the input has no channels");
    for (int i = SCALE; i < INPUTS; i++) {
        VOUCH_TRY(vouch_op_check_float(ctx, g, node, i));
        VOUCH_TRY(vouch_op_need_constant(ctx, g, node, i, names[i], &t[i]));
        if (t[i]->count != x->dim[1])
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "%s has %lld elements for %lld channels", names[i],
                                   (long long)t[i]->count, (long long)x->dim[1]);
    }
    return VOUCH_OK;
}

static vouch_status check_mode(vouch_context *ctx, const vouch_graph *g, const vouch_node *node)
{
    int64_t training, spatial, is_test;
    VOUCH_TRY(vouch_node_int(ctx, g, node, "training_mode", 0, &training));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "spatial", 1, &spatial));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "is_test", g->opset >= 7, &is_test));
    if (training || !is_test)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "training mode is not supported");
    if (!spatial)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "spatial = 0 is not supported");
    return VOUCH_OK;
}

static vouch_status make_factors(vouch_context *ctx, const vouch_graph *g,
                                 const vouch_node *node, const vouch_tensor **t, plan *p)
{
    double *v = VOUCH_NEW_ARRAY(g->arena, double, 3 * p->channels + 1);
    if (!v)
        return vouch_op_no_memory(ctx);
    for (int64_t c = 0; c < p->channels; c++) {
        const double root = sqrt(vouch_tensor_get(t[VAR], c) + p->epsilon);
        const double a = vouch_tensor_get(t[SCALE], c) / root;
        const double bias = vouch_tensor_get(t[BIAS], c);
        const double shift = vouch_tensor_get(t[MEAN], c) * a;
        if (!(root > 0) || !isfinite(a) || !isfinite(shift))
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                                   "variance + epsilon of channel %lld is not positive",
                                   (long long)c);
        v[c] = a;
        v[p->channels + c] = bias - shift;
        v[2 * p->channels + c] = fabs(bias) + fabs(shift);
    }
    p->factor = v;
    p->offset = v + p->channels;
    p->size = v + 2 * p->channels;
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    const vouch_tensor *t[INPUTS] = {NULL};
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, INPUTS, INPUTS, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    VOUCH_TRY(check_mode(ctx, g, node));
    VOUCH_TRY(check_parameters(ctx, g, node, t));
    VOUCH_TRY(vouch_node_real(ctx, g, node, "epsilon", (double)1e-5f, &p->epsilon));
    const vouch_value *x = vouch_op_in(g, node, 0);
    p->count = vouch_shape_count(&x->shape);
    p->channels = x->shape.dim[1];
    p->inner = vouch_op_extent(&x->shape, 2, x->shape.rank);
    VOUCH_TRY(make_factors(ctx, g, node, t, p));
    *state = p;
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &x->shape);
}

static int64_t channel(const plan *p, int64_t i) { return i / p->inner % p->channels; }

/* ---- values ------------------------------------------------------------------------------ */

#define EVAL(T, name, root)                                                                    \
    static void name(const plan *p, const T *const *in, T *y)                                  \
    {                                                                                          \
        for (int64_t i = 0; i < p->count; i += p->inner) {                                     \
            const int64_t c = channel(p, i);                                                   \
            const T scale = in[SCALE][c], bias = in[BIAS][c], mean = in[MEAN][c];              \
            const T deviation = root(in[VAR][c] + (T)p->epsilon);                              \
            for (int64_t k = i; k < i + p->inner; k++)                                         \
                y[k] = scale * (in[0][k] - mean) / deviation + bias;                           \
        }                                                                                      \
    }
EVAL(float, eval_f32, sqrtf)
EVAL(double, eval_f64, sqrt)

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    const float *in32[INPUTS];
    const double *in64[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
        const vouch_tensor *t = vouch_op_operand(call, i, y->dtype);
        if (!t)
            return vouch_op_no_memory(call->ctx);
        in32[i] = t->f32;
        in64[i] = t->f64;
    }
    if (y->dtype == VOUCH_F32)
        eval_f32(p, in32, y->f32);
    else
        eval_f64(p, in64, y->f64);
    return VOUCH_OK;
}

static void add_to(vouch_tensor *t, int64_t i, double x)
{
    if (t)
        vouch_tensor_set(t, i, vouch_tensor_get(t, i) + x);
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    for (int64_t i = 0; i < p->count; i++) {
        const int64_t c = channel(p, i);
        const double d = vouch_tensor_get(d_out[0], i);
        const double scale = vouch_tensor_get(call->in[SCALE], c);
        const double var = vouch_tensor_get(call->in[VAR], c) + p->epsilon, root = sqrt(var);
        const double centred =
            vouch_tensor_get(call->in[0], i) - vouch_tensor_get(call->in[MEAN], c);
        add_to(d_in[0], i, d * scale / root);
        add_to(d_in[SCALE], c, d * centred / root);
        add_to(d_in[BIAS], c, d);
        add_to(d_in[MEAN], c, -d * scale / root);
        add_to(d_in[VAR], c, -d * scale * centred / (2 * var * root));
    }
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

static void scale_line(int64_t n, double a, const double *restrict x, double *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * a;
}

static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    const bool offset = vouch_op_offset(call->mode), absolute = vouch_op_absolute(call->mode);
    const int64_t inner = call->patch_y ? vouch_patch_positions(call->patch_y) : p->inner;
    const int64_t lines = p->inner > 0 ? call->batch * p->count / p->inner : 0;
    for (int64_t line = 0; line < lines; line++) {
        const int64_t c = line % p->channels;
        const double a = absolute ? fabs(p->factor[c]) : p->factor[c];
        const double b = absolute ? p->size[c] : p->offset[c];
        double *out = call->out + line * inner;
        for (int64_t i = 0; offset && i < inner; i++)
            out[i] = b;
        if (!offset)
            scale_line(inner, a, call->in + line * inner, out);
    }
    return VOUCH_OK;
}

/* Roundings of a: 1/2 + 1 + 1; of b: those, a product and a sum. */
static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g, (void)node;
    return 5;
}

const vouch_op vouch_op_BatchNormalization = {
    .name = "BatchNormalization",
    .summary = "scale and shift of each channel (inference mode)",
    .citation = "ONNX BatchNormalization-15",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .linear = linear,
    .patch = vouch_op_same_patch,
    .terms = terms,
};
