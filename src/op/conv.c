/* Conv and ConvTranspose: grouped convolutions in one to three dimensions.
 *
 * ConvTranspose is the transposed map of a Conv whose input is its output and whose weights are
 * its weights: the same geometry, the same code (conv_pass.h), directions exchanged.
 *
 * SPEC: ONNX Conv-11, ConvTranspose-11 (weights and bias constant)
 */
#include "op/conv_pass.h"

typedef struct plan {
    vouch_conv conv;
    bool transposed;
} plan;

/* ---- planning ---------------------------------------------------------------------------- */

static vouch_status read_operands(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                  vouch_conv *p)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 3, 1));
    for (int i = 0; i < node->input_count; i++)
        VOUCH_TRY(vouch_op_check_float(ctx, g, node, i));
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 1, "weights", &p->weight));
    if (vouch_op_in(g, node, 2))
        VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 2, "bias", &p->bias));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "group", 1, &p->groups));
    return VOUCH_OK;
}

/* Weights [M][C/G] of Conv, [C][M/G] of ConvTranspose. */
static vouch_status check_weights(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, const plan *all)
{
    const vouch_conv *p = &all->conv;
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape, *w = &p->weight->shape;
    char tx[VOUCH_SHAPE_TEXT], tw[VOUCH_SHAPE_TEXT];
    const bool fits =
        x->rank == w->rank && x->rank >= 3 && p->groups > 0 && p->groups <= x->dim[1] &&
        x->dim[1] % p->groups == 0 && w->dim[0] % p->groups == 0 && p->weight->count > 0 &&
        (all->transposed ? w->dim[0] == x->dim[1] : w->dim[1] == x->dim[1] / p->groups);
    if (!fits)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "input %s and weights %s do not fit (group %lld)",
                               vouch_shape_print(x, tx, sizeof tx),
                               vouch_shape_print(w, tw, sizeof tw), (long long)p->groups);
    const int64_t out = all->transposed ? w->dim[1] * p->groups : w->dim[0];
    if (p->bias && (p->bias->shape.rank != 1 || p->bias->count != out))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "the bias has shape %s",
                               vouch_shape_print(&p->bias->shape, tx, sizeof tx));
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state, bool transposed)
{
    plan *all = VOUCH_NEW(g->arena, plan);
    if (!all)
        return vouch_op_no_memory(ctx);
    vouch_conv *p = &all->conv;
    all->transposed = transposed;
    *state = all;
    VOUCH_TRY(read_operands(ctx, g, node, p));
    VOUCH_TRY(check_weights(ctx, g, node, all));
    const int64_t *dim = p->weight->shape.dim;
    VOUCH_TRY(transposed ? vouch_window_prepare_transposed(ctx, g, node, dim + 2, &p->w)
                         : vouch_window_prepare(ctx, g, node, dim + 2, &p->w));
    p->m = dim[0] / p->groups;
    p->c = dim[1];
    p->w.channels = p->c * p->groups;
    vouch_shape out = vouch_window_output(&p->w, p->m * p->groups);
    for (int i = 0; transposed && i < p->w.spatial; i++)
        out.dim[2 + i] = p->w.in[VOUCH_WINDOW_DIMS - p->w.spatial + i];
    out.dim[1] = transposed ? p->c * p->groups : p->m * p->groups;
    return vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &out);
}

static vouch_status conv_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    return prepare(ctx, g, node, state, false);
}

static vouch_status transpose_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                      const void **state)
{
    return prepare(ctx, g, node, state, true);
}

/* ---- values ------------------------------------------------------------------------------ */

/* Channels and positions of the operator's output. */
static int64_t out_channels(const plan *p)
{
    return p->conv.groups * (p->transposed ? p->conv.c : p->conv.m);
}

static int64_t out_positions(const plan *p)
{
    return p->transposed ? p->conv.w.in_size : p->conv.w.out_size;
}

static void add_bias(const plan *p, const vouch_tensor *bias, vouch_tensor *y)
{
    const int64_t size = out_positions(p), channels = out_channels(p);
    for (int64_t i = 0; bias && i < p->conv.w.batch * channels; i++) {
        const double b = vouch_tensor_get(bias, i % channels);
        for (int64_t o = i * size; o < (i + 1) * size; o++) {
            if (y->dtype == VOUCH_F32)
                y->f32[o] += (float)b;
            else
                y->f64[o] += b;
        }
    }
}

static vouch_conv_call conv_call(const vouch_op_call *call, vouch_dtype dtype)
{
    const plan *p = call->node->state;
    return (vouch_conv_call){.ctx = call->ctx,
                             .scratch = call->scratch,
                             .conv = &p->conv,
                             .weight = call->in[1],
                             .dtype = dtype,
                             .images = p->conv.w.batch};
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    vouch_conv_call c = conv_call(call, y->dtype);
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    c.backward = p->transposed;
    c.in = x->data;
    c.out = y->data;
    VOUCH_TRY(vouch_conv_apply(&c));
    add_bias(p, call->node->input_count > 2 ? call->in[2] : NULL, y);
    return VOUCH_OK;
}

static void grad_bias(const plan *p, const vouch_tensor *dy, vouch_tensor *db)
{
    for (int64_t i = 0; i < dy->count; i++) {
        const int64_t c = i / out_positions(p) % out_channels(p);
        vouch_tensor_set(db, c, vouch_tensor_get(db, c) + vouch_tensor_get(dy, i));
    }
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    const vouch_tensor *dy = d_out[0];
    vouch_conv_call c = conv_call(call, dy->dtype);
    if (d_in[0]) {
        c.backward = !p->transposed;
        c.add = true;
        c.in = dy->data;
        c.out = d_in[0]->data;
        VOUCH_TRY(vouch_conv_apply(&c));
    }
    if (d_in[1]) {
        const vouch_tensor *x = vouch_op_operand(call, 0, dy->dtype);
        if (!x)
            return vouch_op_no_memory(call->ctx);
        c.in = p->transposed ? dy->data : x->data;
        VOUCH_TRY(
            vouch_conv_grad_weight(&c, p->transposed ? x->data : dy->data, d_in[1]->data));
    }
    if (call->node->input_count > 2 && d_in[2])
        grad_bias(p, dy, d_in[2]);
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

static void offset(const vouch_linear_call *call, const plan *p)
{
    const int64_t size = out_positions(p), channels = out_channels(p);
    const vouch_tensor *bias = p->conv.bias;
    const bool absolute = vouch_op_absolute(call->mode);
    for (int64_t i = 0; i < call->batch * p->conv.w.batch * channels; i++) {
        const double b = bias ? vouch_tensor_get(bias, i % channels) : 0;
        for (int64_t o = i * size; o < (i + 1) * size; o++)
            call->out[o] = absolute ? fabs(b) : b;
    }
}

static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    if (vouch_op_offset(call->mode)) {
        offset(call, p);
        return VOUCH_OK;
    }
    vouch_conv conv = p->conv;
    const vouch_conv_call c = {.ctx = call->ctx,
                               .scratch = call->scratch,
                               .conv = &conv,
                               .weight = p->conv.weight,
                               .dtype = VOUCH_F64,
                               .absolute = vouch_op_absolute(call->mode),
                               .backward = vouch_op_transposed(call->mode) != p->transposed,
                               .images = call->batch * p->conv.w.batch,
                               .in = call->in,
                               .out = call->out};
    if (call->patch_y)
        vouch_window_between(&p->conv.w, p->transposed ? call->patch_y : call->patch_x,
                             p->transposed ? call->patch_x : call->patch_y, &conv.w);
    return vouch_conv_apply(&c);
}

static bool patch(const vouch_graph *g, const vouch_node *node, int which, const vouch_patch *y,
                  vouch_patch *x)
{
    const plan *p = node->state;
    const int64_t channels = vouch_op_in(g, node, which)->shape.dim[1];
    return p->transposed ? vouch_window_ahead(&p->conv.w, y, channels, x)
                         : vouch_window_back(&p->conv.w, y, channels, x);
}

/* Forward c products per kernel element; backward every input element meets each output channel
 * of its group at most once per kernel element. */
static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g;
    const vouch_conv *p = &((const plan *)node->state)->conv;
    return (p->c > p->m ? p->c : p->m) * p->w.kernel_size + 1;
}

/* One product an entry, and the bias as stored. */
static bool exact(const vouch_graph *g, const vouch_node *node)
{
    (void)g, (void)node;
    return true;
}

#define CONVOLVING(op, prepare_fn, text, spec)                                                 \
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
        .patch = patch,                                                                        \
        .terms = terms,                                                                        \
        .exact = exact,                                                                        \
    }
CONVOLVING(Conv, conv_prepare, "convolution in 1 to 3 dimensions, any stride, dilation, group",
           "ONNX Conv-11");
CONVOLVING(ConvTranspose, transpose_prepare,
           "transposed convolution in 1 to 3 dimensions, any stride, dilation, group",
           "ONNX ConvTranspose-11");
