/* Nodes made from nodes; see expansion.h. */
#include "op/expansion.h"

static int failed(struct vouch_op_expansion *into, vouch_status status)
{
    if (!into->status)
        into->status = status;
    return -1;
}

static int no_memory(struct vouch_op_expansion *into)
{
    return failed(into, vouch_op_no_memory(vouch_arena_context(into->scratch)));
}

/* A new value of the graph, whose array grows by doubling. */
static int new_value(struct vouch_op_expansion *into, const char *name)
{
    vouch_graph *g = into->graph;
    if (into->value_capacity < g->value_count)
        into->value_capacity = g->value_count;
    if (g->value_count == into->value_capacity) {
        const int capacity = 2 * into->value_capacity + 16;
        vouch_value *grown = VOUCH_NEW_ARRAY(g->arena, vouch_value, capacity);
        if (!grown)
            return no_memory(into);
        memcpy(grown, g->value, (size_t)g->value_count * sizeof *grown);
        g->value = grown;
        into->value_capacity = capacity;
    }
    g->value[g->value_count] = (vouch_value){.name = name, .producer = -1};
    return g->value_count++;
}

/* Makes the node's arrays; false when out of memory. */
static bool fill_node(const struct vouch_op_expansion *into, const int wire[3],
                      const vouch_attr *attr, vouch_node *node)
{
    vouch_arena *arena = into->graph->arena;
    int *copy = VOUCH_NEW_ARRAY(arena, int, 3);
    vouch_attr *attrs = VOUCH_NEW_ARRAY(arena, vouch_attr, 1);
    if (!copy || !attrs)
        return false;
    memcpy(copy, wire, 3 * sizeof *copy);
    if (attr)
        *attrs = *attr;
    node->input = copy;
    node->output = copy + 2;
    node->attr = attrs;
    node->attr_count = attr ? 1 : 0;
    return true;
}

int vouch_emit_node(struct vouch_op_expansion *into, const char *type, int a, int b,
                    const vouch_attr *attr, int output)
{
    if (into->status)
        return -1;
    const int y = output >= 0 ? output : new_value(into, type);
    vouch_node node = {.type = type,
                       .name = type,
                       .domain = "",
                       .input_count = b < 0 ? 1 : 2,
                       .output_count = 1};
    if (y < 0)
        return -1;
    if (!fill_node(into, (const int[]){a, b, y}, attr, &node))
        return no_memory(into);
    const vouch_status status = vouch_op_expansion_add(into, &node);
    return status ? failed(into, status) : y;
}

int vouch_emit_constant(struct vouch_op_expansion *into, const vouch_tensor *t)
{
    if (into->status)
        return -1;
    if (!t)
        return no_memory(into);
    const int v = new_value(into, "constant");
    if (v < 0)
        return -1;
    vouch_value *value = &into->graph->value[v];
    value->constant = t;
    value->dtype = t->dtype;
    value->shape = t->shape;
    value->shape_known = true;
    return v;
}

int vouch_emit_scalar(struct vouch_op_expansion *into, double x)
{
    vouch_tensor *t =
        vouch_tensor_new(into->graph->arena, VOUCH_F64, &(vouch_shape){.rank = 0});
    if (t)
        t->f64[0] = x;
    return vouch_emit_constant(into, t);
}

int vouch_emit_ints(struct vouch_op_expansion *into, const int64_t *ints, int64_t count)
{
    const vouch_shape shape = {.rank = 1, .dim = {count}};
    vouch_tensor *t = vouch_tensor_new(into->graph->arena, VOUCH_I64, &shape);
    if (t && count > 0)
        memcpy(t->i64, ints, (size_t)count * sizeof *ints);
    return vouch_emit_constant(into, t);
}

int vouch_emit_gather(struct vouch_op_expansion *into, int x, int64_t axis,
                      const int64_t *index, int64_t count)
{
    const vouch_attr attr = vouch_emit_attr("axis", axis);
    return vouch_emit_node(into, "Gather", x, vouch_emit_ints(into, index, count), &attr, -1);
}

int vouch_emit_reshape(struct vouch_op_expansion *into, int x, const vouch_shape *shape,
                       int output)
{
    const int dims = vouch_emit_ints(into, shape->dim, shape->rank);
    return vouch_emit_node(into, "Reshape", x, dims, NULL, output);
}

int vouch_emit_reduce(struct vouch_op_expansion *into, const char *type, int x, int64_t axis,
                      int64_t count, int output)
{
    int64_t axes[VOUCH_RANK_MAX];
    for (int64_t i = 0; i < count; i++)
        axes[i] = axis + i;
    return vouch_emit_node(into, type, x, vouch_emit_ints(into, axes, count), NULL, output);
}
