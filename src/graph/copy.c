/* Values and nodes, one by one (graph/copy.h). Constants are copied when a node reads them first. */
#include "graph/copy.h"

#include <string.h>

static vouch_status out_of_memory(const vouch_graph_copy *c)
{
    return vouch_fail(c->ctx, VOUCH_ERR_MEMORY, "%s: out of memory", c->from->source);
}

vouch_status vouch_graph_copy_begin(vouch_graph_copy *c, vouch_context *ctx,
                                    vouch_graph_builder *builder, const vouch_graph *from,
                                    const char *prefix)
{
    *c = (vouch_graph_copy){.ctx = ctx,
                            .builder = builder,
                            .arena = vouch_graph_builder_arena(builder),
                            .from = from,
                            .prefix = prefix};
    c->now = VOUCH_NEW_ARRAY(c->arena, int, from->value_count);
    for (int v = 0; c->now && v < from->value_count; v++)
        c->now[v] = -1;
    return c->now ? VOUCH_OK : out_of_memory(c);
}

static const char *new_name(const vouch_graph_copy *c, const char *name)
{
    return vouch_arena_print(c->arena, "%s%s", c->prefix, name);
}

vouch_status vouch_graph_copy_constant(vouch_graph_copy *c, int v, const vouch_tensor *t)
{
    const char *name = new_name(c, c->from->value[v].name);
    if (!name || !t)
        return out_of_memory(c);
    c->now[v] = vouch_graph_value(c->builder, name);
    return c->now[v] < 0 ? out_of_memory(c) : vouch_graph_add_constant(c->builder, name, t);
}

static vouch_status take_value(vouch_graph_copy *c, int v)
{
    const vouch_value *value = &c->from->value[v];
    if (value->constant)
        return vouch_graph_copy_constant(
            c, v, vouch_tensor_convert(c->arena, value->constant, value->constant->dtype));
    const char *name = new_name(c, value->name);
    c->now[v] = name ? vouch_graph_value(c->builder, name) : -1;
    return c->now[v] < 0 ? out_of_memory(c) : VOUCH_OK;
}

/* Texts, tensors and lists that an attribute refers to. */
static vouch_status own_attribute(const vouch_graph_copy *c, vouch_attr *attr)
{
    attr->name = vouch_arena_text(c->arena, attr->name);
    if (attr->kind == VOUCH_ATTR_TEXT)
        attr->text = vouch_arena_text(c->arena, attr->text);
    if (attr->kind == VOUCH_ATTR_TENSOR)
        attr->tensor = vouch_tensor_convert(c->arena, attr->tensor, attr->tensor->dtype);
    if (attr->kind == VOUCH_ATTR_INTS || attr->kind == VOUCH_ATTR_FLOATS) {
        int64_t *copy = VOUCH_NEW_ARRAY(c->arena, int64_t, attr->count + 1);
        if (copy)
            memcpy(copy, attr->ints, attr->count * sizeof *copy);
        attr->ints = copy;
    }
    return vouch_context_status(c->ctx);
}

static vouch_status copy_values(vouch_graph_copy *c, const int *from, int count, const int **to)
{
    int *copy = VOUCH_NEW_ARRAY(c->arena, int, count + 1);
    if (!copy)
        return out_of_memory(c);
    for (int i = 0; i < count; i++) {
        if (from[i] >= 0 && c->now[from[i]] < 0)
            VOUCH_TRY(take_value(c, from[i]));
        copy[i] = from[i] < 0 ? -1 : c->now[from[i]];
    }
    *to = copy;
    return VOUCH_OK;
}

vouch_status vouch_graph_copy_node(vouch_graph_copy *c, int n)
{
    const vouch_node *from = &c->from->node[n];
    vouch_node node = *from;
    vouch_attr *attr = VOUCH_NEW_ARRAY(c->arena, vouch_attr, node.attr_count + 1);
    node.type = vouch_arena_text(c->arena, from->type);
    node.name = new_name(c, from->name);
    node.domain = vouch_arena_text(c->arena, from->domain);
    if (!attr || !node.type || !node.name || !node.domain)
        return out_of_memory(c);
    for (int i = 0; i < node.attr_count; i++) {
        attr[i] = from->attr[i];
        VOUCH_TRY(own_attribute(c, &attr[i]));
    }
    node.attr = attr;
    node.op = NULL;
    node.state = NULL;
    VOUCH_TRY(copy_values(c, from->input, node.input_count, &node.input));
    VOUCH_TRY(copy_values(c, from->output, node.output_count, &node.output));
    return vouch_graph_add_node(c->builder, &node);
}

vouch_status vouch_graph_copy_nodes(vouch_graph_copy *c)
{
    for (int n = 0; n < c->from->node_count; n++)
        if (!c->from->value[c->from->node[n].output[0]].constant)
            VOUCH_TRY(vouch_graph_copy_node(c, n));
    return VOUCH_OK;
}
