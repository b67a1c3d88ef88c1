/* Graphs: what they are asked once they stand. Building is in builder.c. */
#include "graph/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void vouch_graph_free(vouch_graph *graph)
{
    if (graph)
        vouch_arena_free(graph->arena); /* the graph itself lives there */
}

vouch_status vouch_node_fail(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             vouch_status status, const char *format, ...)
{
    char text[768];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (node->name[0])
        return vouch_fail(ctx, status, "%s: node '%s' (%s): %s", g->source, node->name,
                          node->type, text);
    /* A node without a name is known by what it computes. */
    for (int i = 0; i < node->output_count; i++)
        if (node->output[i] >= 0)
            return vouch_fail(ctx, status, "%s: node of '%s' (%s): %s", g->source,
                              g->value[node->output[i]].name, node->type, text);
    return vouch_fail(ctx, status, "%s: a node (%s): %s", g->source, node->type, text);
}

/* ---- attributes ------------------------------------------------------------------------ */

const vouch_attr *vouch_node_attr(const vouch_node *node, const char *name)
{
    for (int i = 0; i < node->attr_count; i++)
        if (strcmp(node->attr[i].name, name) == 0)
            return &node->attr[i];
    return NULL;
}

static const char *kind_name(vouch_attr_kind kind)
{
    switch (kind) {
    case VOUCH_ATTR_INT:
        return "an integer";
    case VOUCH_ATTR_FLOAT:
        return "a float";
    case VOUCH_ATTR_TEXT:
        return "a text";
    case VOUCH_ATTR_INTS:
        return "a list of integers";
    case VOUCH_ATTR_FLOATS:
        return "a list of floats";
    case VOUCH_ATTR_TENSOR:
        return "a tensor";
    }
    return "of no known kind";
}

/* The attribute of that kind; *attr NULL where absent. */
static vouch_status find_kind(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                              const char *name, vouch_attr_kind kind, const vouch_attr **attr)
{
    *attr = vouch_node_attr(node, name);
    if (!*attr || (*attr)->kind == kind)
        return VOUCH_OK;
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_PARSE, "attribute '%s' is %s instead of %s",
                           name, kind_name((*attr)->kind), kind_name(kind));
}

vouch_status vouch_node_int(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                            const char *name, int64_t otherwise, int64_t *out)
{
    const vouch_attr *attr;
    VOUCH_TRY(find_kind(ctx, g, node, name, VOUCH_ATTR_INT, &attr));
    *out = attr ? attr->i : otherwise;
    return VOUCH_OK;
}

vouch_status vouch_node_real(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             const char *name, double otherwise, double *out)
{
    const vouch_attr *attr;
    VOUCH_TRY(find_kind(ctx, g, node, name, VOUCH_ATTR_FLOAT, &attr));
    *out = attr ? attr->f : otherwise;
    return VOUCH_OK;
}

vouch_status vouch_node_ints(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             const char *name, const int64_t **ints, size_t *count)
{
    const vouch_attr *attr;
    VOUCH_TRY(find_kind(ctx, g, node, name, VOUCH_ATTR_INTS, &attr));
    *ints = attr ? attr->ints : NULL;
    *count = attr ? attr->count : 0;
    return VOUCH_OK;
}

vouch_status vouch_node_text(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             const char *name, const char *otherwise, const char **out)
{
    const vouch_attr *attr;
    VOUCH_TRY(find_kind(ctx, g, node, name, VOUCH_ATTR_TEXT, &attr));
    *out = attr ? attr->text : otherwise;
    return VOUCH_OK;
}

/* ---- figures --------------------------------------------------------------------------- */

static bool is_used(const vouch_graph *graph, int value)
{
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->node[n].input_count; i++)
            if (graph->node[n].input[i] == value)
                return true;
    return false;
}

int64_t vouch_graph_parameters(const vouch_graph *graph)
{
    int64_t sum = 0;
    for (int v = 0; v < graph->value_count; v++) {
        const vouch_value *value = &graph->value[v];
        const vouch_tensor *t = value->constant;
        /* A constant with a producer was folded: what it came from counts. */
        const bool stored = t && value->producer < 0;
        if (stored && (t->dtype == VOUCH_F32 || t->dtype == VOUCH_F64) && is_used(graph, v))
            sum += t->count;
    }
    return sum;
}
