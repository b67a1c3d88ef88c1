/* Cast: between element types.
 *
 * Over the reals float32, float64 and integers are the same numbers: to a wider type, and from
 * a number to a float, a cast changes nothing. From float to integer it cuts towards zero, to
 * bool it asks whether the number is not zero: steps.
 *
 * SPEC: ONNX Cast-19 (to float32, float64, int32, int64, bool; attribute `to` a text before
 * opset 6)
 */
#include "op/move.h"

typedef enum change { KEEP, TRUNCATE, NONZERO } change;

typedef struct plan {
    vouch_move move; /* of KEEP; first, so that the functions of move.h serve */
    change change;
} plan;

/* TensorProto.DataType, and its name as opsets before 6 give it. */
static const struct {
    int64_t code;
    const char *name;
    vouch_dtype dtype;
} types[] = {
    {1, "FLOAT", VOUCH_F32}, {11, "DOUBLE", VOUCH_F64}, {6, "INT32", VOUCH_I64},
    {7, "INT64", VOUCH_I64}, {9, "BOOL", VOUCH_BOOL},
};

static vouch_status read_type(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                              vouch_dtype *dtype)
{
    int64_t code = 0;
    const char *name = "";
    if (g->opset < 6)
        VOUCH_TRY(vouch_node_text(ctx, g, node, "to", "", &name));
    else
        VOUCH_TRY(vouch_node_int(ctx, g, node, "to", 0, &code));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].code == code || strcmp(types[i].name, name) == 0) {
            *dtype = types[i].dtype;
            return VOUCH_OK;
        }
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                           "to type %lld%s; float32, float64, int32, int64 and bool are "
                           "supported",
                           (long long)code, name);
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    vouch_dtype to = VOUCH_F32;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(read_type(ctx, g, node, &to));
    const vouch_value *x = vouch_op_in(g, node, 0);
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 0, to, &x->shape));
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    const int64_t count = vouch_shape_count(&x->shape);
    p->move = (vouch_move){.in_count = count, .out_count = count, .repeat = 1};
    if (to == VOUCH_BOOL && x->dtype != VOUCH_BOOL)
        p->change = NONZERO;
    else if (to == VOUCH_I64 && vouch_op_is_float(x->dtype))
        p->change = TRUNCATE;
    *state = p;
    return VOUCH_OK;
}

static double step(change c, double x)
{
    return c == KEEP ? x : c == TRUNCATE ? trunc(x) : x != 0;
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    if (p->change == KEEP && call->in[0]->dtype == call->out[0]->dtype)
        return vouch_move_eval(call);
    for (int64_t i = 0; i < call->out[0]->count; i++)
        vouch_tensor_set(call->out[0], i, step(p->change, vouch_tensor_get(call->in[0], i)));
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    return p->change == KEEP ? vouch_move_grad(call, d_out, d_in) : VOUCH_OK;
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    if (p->change == KEEP)
        return vouch_move_range(call, low, high, out_low, out_high);
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        const double l = vouch_tensor_get(low[0], i), h = vouch_tensor_get(high[0], i);
        out_low[0]->f64[i] = p->change == TRUNCATE ? trunc(l) : l > 0 || h < 0;
        out_high[0]->f64[i] = p->change == TRUNCATE ? trunc(h) : !(l == 0 && h == 0);
    }
    return VOUCH_OK;
}

static bool is_affine(const vouch_graph *g, const vouch_node *node, const bool *varying)
{
    (void)g, (void)varying;
    return ((const plan *)node->state)->change == KEEP;
}

const vouch_op vouch_op_Cast = {
    .name = "Cast",
    .summary = "another element type: the same number, or cut to an integer or to bool",
    .citation = "ONNX Cast-19",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .is_affine = is_affine,
    .otherwise = VOUCH_OP_STEP,
    .linear = vouch_move_linear,
    .patch = vouch_move_patch,
    .terms = vouch_move_terms,
};
