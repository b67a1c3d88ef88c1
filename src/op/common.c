/* Checking a node and reaching its values; see op_priv.h. */
#include "op/op_priv.h"

/* A tensor beyond this many elements is a mistake of the file, not a network. */
static const int64_t ELEMENT_LIMIT = (int64_t)1 << 28;

vouch_status vouch_op_no_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory");
}

const vouch_value *vouch_op_in(const vouch_graph *g, const vouch_node *node, int i)
{
    if (i < 0 || i >= node->input_count || node->input[i] < 0)
        return NULL;
    return &g->value[node->input[i]];
}

vouch_status vouch_op_check_arity(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, int least, int most, int outputs)
{
    if (node->input_count < least || node->input_count > most)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               least == most ? "has %d inputs instead of %d"
                                             : "has %d inputs, at least %d are needed",
                               node->input_count, least);
    for (int i = 0; i < least; i++)
        if (node->input[i] < 0)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "input %d is left out", i);
    if (node->output_count < 1 || node->output[0] < 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "has no output");
    for (int k = outputs; k < node->output_count; k++)
        if (vouch_op_output_used(g, node, k))
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                                   "output %d is not supported", k);
    return VOUCH_OK;
}

vouch_status vouch_op_check_float(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, int i)
{
    const vouch_value *v = vouch_op_in(g, node, i);
    if (!v || vouch_op_is_float(v->dtype))
        return VOUCH_OK;
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                           "input '%s' is of type %s; float32 and float64 are supported",
                           v->name, vouch_dtype_name(v->dtype));
}

vouch_status vouch_op_set_output(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                 int k, vouch_dtype dtype, const vouch_shape *shape)
{
    if (k >= node->output_count || node->output[k] < 0)
        return VOUCH_OK;
    char text[VOUCH_SHAPE_TEXT];
    const int64_t count = vouch_shape_count(shape);
    if (count < 0 || count > ELEMENT_LIMIT)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_LIMIT, "output of shape %s is too large",
                               vouch_shape_print(shape, text, sizeof text));
    vouch_value *v = &g->value[node->output[k]];
    v->dtype = dtype;
    v->shape = *shape;
    v->shape_known = true;
    return VOUCH_OK;
}

bool vouch_op_output_used(const vouch_graph *g, const vouch_node *node, int k)
{
    if (k >= node->output_count || node->output[k] < 0)
        return false;
    const int value = node->output[k];
    for (int i = 0; i < g->output_count; i++)
        if (g->output[i] == value)
            return true;
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->node[n].input_count; i++)
            if (g->node[n].input[i] == value)
                return true;
    return false;
}

vouch_status vouch_op_need_constant(vouch_context *ctx, const vouch_graph *g,
                                    const vouch_node *node, int i, const char *what,
                                    const vouch_tensor **out)
{
    const vouch_value *v = vouch_op_in(g, node, i);
    *out = v ? v->constant : NULL;
    if (*out)
        return VOUCH_OK;
    if (!v)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "%s is missing", what);
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                           "%s ('%s') is computed; only a constant is supported", what,
                           v->name);
}

vouch_status vouch_op_ints(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                           int i, const char *name, const int64_t **ints, int64_t *count)
{
    *ints = NULL;
    *count = 0;
    if (!vouch_op_in(g, node, i)) {
        size_t n = 0;
        VOUCH_TRY(vouch_node_ints(ctx, g, node, name, ints, &n));
        *count = (int64_t)n;
        return VOUCH_OK;
    }
    const vouch_tensor *t = NULL;
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, i, name, &t));
    if (!t || t->dtype != VOUCH_I64 || t->shape.rank > 1)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "'%s' must be a list of integers",
                               name);
    *ints = t->i64;
    *count = t->count;
    return VOUCH_OK;
}

vouch_status vouch_op_axis(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                           int64_t axis, int rank, int *out)
{
    if (axis < -rank || axis >= rank)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "axis %lld is outside of a shape with %d dimensions",
                               (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return VOUCH_OK;
}

vouch_status vouch_op_axes(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                           const int64_t *axes, int64_t count, int rank,
                           bool marked[VOUCH_RANK_MAX])
{
    memset(marked, 0, VOUCH_RANK_MAX * sizeof *marked);
    for (int64_t i = 0; i < count; i++) {
        int axis = 0;
        VOUCH_TRY(vouch_op_axis(ctx, g, node, axes[i], rank, &axis));
        if (marked[axis])
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "axis %lld is given twice",
                                   (long long)axes[i]);
        marked[axis] = true;
    }
    return VOUCH_OK;
}

const vouch_tensor *vouch_op_operand(const vouch_op_call *call, int i, vouch_dtype dtype)
{
    const vouch_tensor *t = call->in[i];
    if (!t || t->dtype == dtype)
        return t;
    return vouch_tensor_convert(call->scratch, t, dtype);
}

vouch_status vouch_op_eval_never(const vouch_op_call *call)
{
    return vouch_node_fail(call->ctx, call->graph, call->node, VOUCH_ERR_INTERNAL,
                           "a constant is evaluated");
}

bool vouch_op_same_patch(const vouch_graph *g, const vouch_node *node, int which,
                         const vouch_patch *y, vouch_patch *x)
{
    (void)g, (void)node, (void)which;
    *x = *y;
    return true;
}
