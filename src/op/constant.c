/* Constant: a tensor given by an attribute. Binding turns it into a constant value and drops
 * the node, so that nothing else ever sees one.
 *
 * SPEC: ONNX Constant-13 (value, value_float, value_floats, value_int, value_ints)
 */
#include "op/op_priv.h"

static vouch_tensor *new_list(const vouch_graph *g, vouch_dtype dtype, bool scalar,
                              size_t count)
{
    const vouch_shape shape = {.rank = scalar ? 0 : 1, .dim = {(int64_t)count}};
    return vouch_tensor_new(g->arena, dtype, &shape);
}

/* The first attribute that gives a value; NULL if there is none. */
static const vouch_attr *find_value(const vouch_node *node)
{
    static const char *const names[] = {"value", "value_float", "value_floats", "value_int",
                                        "value_ints"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const vouch_attr *attr = vouch_node_attr(node, names[i]);
        if (attr)
            return attr;
    }
    return NULL;
}

/* NULL: out of memory. */
static const vouch_tensor *make_tensor(const vouch_graph *g, const vouch_attr *a)
{
    const bool scalar = a->kind == VOUCH_ATTR_INT || a->kind == VOUCH_ATTR_FLOAT;
    const bool ints = a->kind == VOUCH_ATTR_INT || a->kind == VOUCH_ATTR_INTS;
    if (a->kind == VOUCH_ATTR_TENSOR)
        return a->tensor;
    const size_t count = scalar ? 1 : a->count;
    vouch_tensor *t = new_list(g, ints ? VOUCH_I64 : VOUCH_F32, scalar, count);
    for (size_t i = 0; t && i < count; i++) {
        if (ints)
            t->i64[i] = scalar ? a->i : a->ints[i];
        else
            t->f32[i] = (float)(scalar ? a->f : a->floats[i]);
    }
    return t;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    *state = NULL;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 0, 0, 1));
    const vouch_attr *attr = find_value(node);
    if (!attr || attr->kind == VOUCH_ATTR_TEXT)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "no value of a supported kind (tensor, floats, integers)");
    const vouch_tensor *t = make_tensor(g, attr);
    if (!t)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_op_set_output(ctx, g, node, 0, t->dtype, &t->shape));
    g->value[node->output[0]].constant = t;
    g->value[node->output[0]].producer = -1;
    return VOUCH_OK;
}

const vouch_op vouch_op_Constant = {
    .name = "Constant",
    .summary = "a tensor given by the network",
    .citation = "ONNX Constant-13",
    .op_class = VOUCH_OP_OPAQUE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = vouch_op_eval_never,
};
