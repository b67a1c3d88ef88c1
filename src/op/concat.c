/* Concat: tensors side by side along one dimension; affine in each of them, exactly.
 *
 * Seen as matrices [outer][width_i], the inputs' rows alternate in the output's rows.
 *
 * SPEC: ONNX Concat-13 (axis 1 by default before opset 4)
 */
#include "op/op_priv.h"

typedef struct plan {
    int64_t outer, total;  /* rows, and width of an output row */
    const int64_t *width;  /* [input_count] of an input's row */
    const int64_t *offset; /* [input_count] where it stands in the output's row */
} plan;

static vouch_status check_inputs(vouch_context *ctx, const vouch_graph *g,
                                 const vouch_node *node, int axis)
{
    const vouch_value *first = vouch_op_in(g, node, 0);
    for (int i = 1; i < node->input_count; i++) {
        const vouch_value *v = vouch_op_in(g, node, i);
        vouch_shape s = v ? v->shape : first->shape;
        s.dim[axis] = first->shape.dim[axis];
        const bool same = v && (v->dtype == first->dtype || (vouch_op_is_float(v->dtype) &&
                                                             vouch_op_is_float(first->dtype)));
        if (!same || !vouch_shape_equal(&s, &first->shape))
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "input %d does not fit to input 0", i);
    }
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    int64_t axis;
    int a = 0;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, node->input_count, 1));
    if (g->opset >= 4 && !vouch_node_attr(node, "axis"))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "'axis' is missing");
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", 1, &axis));
    vouch_shape out = vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, out.rank, &a));
    VOUCH_TRY(check_inputs(ctx, g, node, a));
    plan *p = VOUCH_NEW(g->arena, plan);
    int64_t *width = VOUCH_NEW_ARRAY(g->arena, int64_t, node->input_count);
    int64_t *offset = VOUCH_NEW_ARRAY(g->arena, int64_t, node->input_count);
    if (!p || !width || !offset)
        return vouch_op_no_memory(ctx);
    *p = (plan){.outer = vouch_op_extent(&out, 0, a), .width = width, .offset = offset};
    out.dim[a] = 0;
    for (int i = 0; i < node->input_count; i++) {
        const vouch_shape *x = &vouch_op_in(g, node, i)->shape;
        width[i] = vouch_op_extent(x, a, x->rank);
        offset[i] = p->total;
        p->total += width[i];
        out.dim[a] += x->dim[a];
    }
    *state = p;
    return vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &out);
}

/* Input i's rows into the output's. */
static void insert(const plan *p, int i, size_t size, const void *x, void *y)
{
    const size_t width = (size_t)p->width[i] * size, pitch = (size_t)p->total * size;
    char *to = (char *)y + (size_t)p->offset[i] * size;
    for (int64_t r = 0; r < p->outer; r++)
        memcpy(to + (size_t)r * pitch, (const char *)x + (size_t)r * width, width);
}

static vouch_status eval(const vouch_op_call *call)
{
    vouch_tensor *y = call->out[0];
    for (int i = 0; i < call->node->input_count; i++) {
        const vouch_tensor *x = vouch_op_operand(call, i, y->dtype);
        if (!x)
            return vouch_op_no_memory(call->ctx);
        insert(call->node->state, i, vouch_dtype_size(y->dtype), x->data, y->data);
    }
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    for (int i = 0; i < call->node->input_count; i++)
        for (int64_t k = 0; d_in[i] && k < d_in[i]->count; k++) {
            const int64_t from = k / p->width[i] * p->total + p->offset[i] + k % p->width[i];
            if (d_in[i]->dtype == VOUCH_F32)
                d_in[i]->f32[k] += d_out[0]->f32[from];
            else
                d_in[i]->f64[k] += d_out[0]->f64[from];
        }
    return VOUCH_OK;
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    for (int i = 0; i < call->node->input_count; i++) {
        const vouch_tensor *side[2] = {low[i], high[i]};
        for (int k = 0; k < 2; k++) { /* a constant comes as stored */
            if (side[k]->dtype != VOUCH_F64)
                side[k] = vouch_tensor_convert(call->scratch, side[k], VOUCH_F64);
            if (!side[k])
                return vouch_op_no_memory(call->ctx);
            insert(call->node->state, i, sizeof(double), side[k]->data,
                   (k ? out_high : out_low)[0]->data);
        }
    }
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

static void offset_vector(const vouch_linear_call *call, const plan *p, double *y)
{
    memset(y, 0, (size_t)(p->outer * p->total) * sizeof *y);
    for (int i = 0; i < call->node->input_count; i++) {
        const vouch_tensor *c = vouch_op_constant(call->graph, call->node, i);
        for (int64_t k = 0; c && k < c->count; k++) {
            const double x = vouch_tensor_get(c, k);
            y[k / p->width[i] * p->total + p->offset[i] + k % p->width[i]] =
                call->mode == VOUCH_LINEAR_ABS_OFFSET ? fabs(x) : x;
        }
    }
}

static void backward(const plan *p, int i, const double *y, double *x)
{
    const size_t width = (size_t)p->width[i] * sizeof *x;
    for (int64_t r = 0; r < p->outer; r++)
        memcpy(x + r * p->width[i], y + r * p->total + p->offset[i], width);
}

/* Side by side along the channels of one image: row r of each is the same patch. */
static bool patch(const vouch_graph *g, const vouch_node *node, int which, const vouch_patch *y,
                  vouch_patch *x)
{
    const plan *p = node->state;
    const vouch_shape *in = &vouch_op_in(g, node, which)->shape;
    *x = *y;
    x->channels = in->dim[1];
    return p->outer == 1 && vouch_op_extent(in, 2, in->rank) ==
                                vouch_op_extent(&g->value[node->output[0]].shape, 2, in->rank);
}

static void backward_patch(const vouch_linear_call *call, const plan *p)
{
    const int64_t whole = p->width[call->which] / call->patch_x->channels;
    const int64_t ys = vouch_patch_count(call->patch_y), xs = vouch_patch_count(call->patch_x);
    const int64_t from = p->offset[call->which] / whole * vouch_patch_positions(call->patch_y);
    for (int64_t v = 0; v < call->batch; v++)
        memcpy(call->out + v * xs, call->in + v * ys + from, (size_t)xs * sizeof *call->out);
}

static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    const int64_t y = p->outer * p->total, x = p->outer * p->width[call->which];
    if (call->patch_y) {
        backward_patch(call, p);
        return VOUCH_OK;
    }
    for (int64_t v = 0; v < call->batch; v++) {
        if (vouch_op_offset(call->mode)) {
            offset_vector(call, p, call->out + v * y);
        } else if (vouch_op_transposed(call->mode)) {
            backward(p, call->which, call->in + v * y, call->out + v * x);
        } else {
            memset(call->out + v * y, 0, (size_t)y * sizeof *call->out);
            insert(p, call->which, sizeof(double), call->in + v * x, call->out + v * y);
        }
    }
    return VOUCH_OK;
}

static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g, (void)node;
    return 0;
}

const vouch_op vouch_op_Concat = {
    .name = "Concat",
    .summary = "tensors joined along a dimension",
    .citation = "ONNX Concat-13",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .linear = linear,
    .patch = patch,
    .terms = terms,
    .partial = VOUCH_PARTIAL_CARRIED,
};
