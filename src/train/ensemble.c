/* Members side by side (ensemble.h): values are copied under names of their member, "1/w0"; nodes that
 * do what those of the first member do give its values. */
#include "train/ensemble.h"

#include <string.h>

typedef struct joining {
    vouch_context *ctx;
    vouch_graph_builder *b;
    vouch_arena *arena;
    vouch_graph *const *member;
    int count, at; /* members; the one being copied */
    int **now;     /* [members][values] the new graph's; -1: none yet */
} joining;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "ensemble: out of memory");
}

static const vouch_graph *of(const joining *j) { return j->member[j->at]; }

static bool is_last(const vouch_graph *g, const vouch_node *node)
{
    return node->output[0] == g->output[0];
}

/* A value of that member's, or the constant's copy, divided where it is the last layer's. */
static vouch_status take_value(const joining *j, int v, bool divide)
{
    const vouch_value *value = &of(j)->value[v];
    const char *name = vouch_arena_print(j->arena, "%d/%s", j->at, value->name);
    if (!name)
        return out_of_memory(j->ctx);
    j->now[j->at][v] = vouch_graph_value(j->b, name);
    if (j->now[j->at][v] < 0)
        return out_of_memory(j->ctx);
    if (!value->constant)
        return VOUCH_OK;
    vouch_tensor *t = vouch_tensor_convert(j->arena, value->constant, value->constant->dtype);
    if (!t)
        return out_of_memory(j->ctx);
    for (int64_t i = 0; divide && i < t->count; i++)
        vouch_tensor_set(t, i, vouch_tensor_get(t, i) / j->count);
    return vouch_graph_add_constant(j->b, name, t);
}

static bool same_constant(const vouch_tensor *a, const vouch_tensor *b)
{
    return a && b && a->dtype == b->dtype && vouch_shape_equal(&a->shape, &b->shape) &&
           memcmp(a->data, b->data, (size_t)a->count * vouch_dtype_size(a->dtype)) == 0;
}

/* Node n of the first member does the same. Nodes with attributes are not looked at. */
static bool is_shared(const joining *j, int n)
{
    const vouch_graph *g = of(j), *first = j->member[0];
    if (j->at == 0 || n >= first->node_count)
        return false;
    const vouch_node *a = &g->node[n], *b = &first->node[n];
    if (strcmp(a->type, b->type) != 0 || a->attr_count + b->attr_count > 0 ||
        a->input_count != b->input_count || a->output_count != 1 || is_last(g, a))
        return false;
    for (int i = 0; i < a->input_count; i++) {
        const int x = a->input[i], y = b->input[i];
        if (x < 0 || y < 0)
            return false;
        const vouch_tensor *t = g->value[x].constant;
        if (t ? !same_constant(t, first->value[y].constant)
              : j->now[j->at][x] < 0 || j->now[j->at][x] != j->now[0][y])
            return false;
    }
    return true;
}

static vouch_status copy_attributes(const joining *j, vouch_node *node)
{
    vouch_attr *attr = VOUCH_NEW_ARRAY(j->arena, vouch_attr, node->attr_count + 1);
    for (int i = 0; attr && i < node->attr_count; i++) {
        attr[i] = node->attr[i];
        attr[i].name = vouch_arena_text(j->arena, attr[i].name);
        if (attr[i].kind == VOUCH_ATTR_TEXT)
            attr[i].text = vouch_arena_text(j->arena, attr[i].text);
        if (attr[i].kind == VOUCH_ATTR_TENSOR)
            attr[i].tensor =
                vouch_tensor_convert(j->arena, attr[i].tensor, attr[i].tensor->dtype);
        if (attr[i].kind == VOUCH_ATTR_INTS || attr[i].kind == VOUCH_ATTR_FLOATS) {
            int64_t *copy = VOUCH_NEW_ARRAY(j->arena, int64_t, attr[i].count + 1);
            if (copy)
                memcpy(copy, attr[i].ints, attr[i].count * sizeof *copy);
            attr[i].ints = copy;
        }
    }
    node->attr = attr;
    return attr ? vouch_context_status(j->ctx) : out_of_memory(j->ctx);
}

static vouch_status copy_node(const joining *j, const vouch_node *from)
{
    const bool last = is_last(of(j), from);
    vouch_node node = *from;
    int *input = VOUCH_NEW_ARRAY(j->arena, int, node.input_count + 1);
    int *output = VOUCH_NEW_ARRAY(j->arena, int, node.output_count + 1);
    if (!input || !output)
        return out_of_memory(j->ctx);
    for (int i = 0; i < node.input_count + node.output_count; i++) {
        const bool in = i < node.input_count;
        const int v = in ? node.input[i] : node.output[i - node.input_count];
        if (v >= 0 && j->now[j->at][v] < 0)
            VOUCH_TRY(take_value(j, v, last));
        *(in ? &input[i] : &output[i - node.input_count]) = v < 0 ? -1 : j->now[j->at][v];
    }
    node.type = vouch_arena_text(j->arena, from->type);
    node.name = vouch_arena_print(j->arena, "%d/%s", j->at, from->name);
    node.domain = vouch_arena_text(j->arena, from->domain);
    node.input = input;
    node.output = output;
    node.op = NULL;
    node.state = NULL;
    VOUCH_TRY(copy_attributes(j, &node));
    return vouch_graph_add_node(j->b, &node);
}

/* The last node, whose constants are its own. */
static vouch_status check_end(const joining *j)
{
    const vouch_graph *g = of(j);
    const int last = g->value[g->output[0]].producer;
    const vouch_node *node = last >= 0 ? &g->node[last] : NULL;
    bool fits = node && strcmp(node->type, "Gemm") == 0;
    for (int i = 1; fits && i < node->input_count; i++)
        fits = node->input[i] >= 0 && g->value[node->input[i]].constant;
    for (int n = 0; fits && n < g->node_count; n++)
        for (int i = 0; i < g->node[n].input_count; i++)
            for (int k = 1; n != last && k < node->input_count; k++)
                fits &= g->node[n].input[i] != node->input[k];
    return fits ? VOUCH_OK
                : vouch_fail(j->ctx, VOUCH_ERR_UNSUPPORTED,
                             "ensemble: the network does not end in a dense layer (Gemm)");
}

static vouch_status copy_member(const joining *j)
{
    const vouch_graph *g = of(j);
    VOUCH_TRY(check_end(j));
    for (int v = 0; v < g->value_count; v++)
        j->now[j->at][v] = -1;
    j->now[j->at][g->input[0]] = vouch_graph_value(j->b, "x");
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        if (is_shared(j, n))
            j->now[j->at][node->output[0]] = j->now[0][j->member[0]->node[n].output[0]];
        else if (!g->value[node->output[0]].constant)
            VOUCH_TRY(copy_node(j, node));
    }
    return VOUCH_OK;
}

/* sum <- the next member's output and the sum so far */
static vouch_status add_up(const joining *j, int *sum)
{
    const int y = j->now[j->at][of(j)->output[0]];
    int *value = VOUCH_NEW_ARRAY(j->arena, int, 3);
    const bool whole = j->at == j->count - 1;
    const char *name = whole ? "y" : vouch_arena_print(j->arena, "sum%d", j->at);
    if (!value || !name)
        return out_of_memory(j->ctx);
    if (j->at == 0) {
        *sum = y;
        return VOUCH_OK;
    }
    value[0] = *sum;
    value[1] = y;
    value[2] = *sum = vouch_graph_value(j->b, name);
    return vouch_graph_add_node(j->b, &(vouch_node){.type = "Add",
                                                    .name = name,
                                                    .input_count = 2,
                                                    .input = value,
                                                    .output_count = 1,
                                                    .output = value + 2});
}

static vouch_status join(joining *j)
{
    const vouch_graph *first = j->member[0];
    int sum = -1;
    VOUCH_TRY(vouch_graph_add_input(j->b, "x", first->value[first->input[0]].dtype,
                                    &first->value[first->input[0]].shape));
    for (j->at = 0; j->at < j->count; j->at++) {
        j->now[j->at] = VOUCH_NEW_ARRAY(j->arena, int, of(j)->value_count);
        if (!j->now[j->at])
            return out_of_memory(j->ctx);
        VOUCH_TRY(copy_member(j));
        VOUCH_TRY(add_up(j, &sum));
    }
    return vouch_graph_add_output(j->b, "y");
}

vouch_status vouch_ensemble_build(vouch_context *ctx, vouch_graph *const *member, int count,
                                  vouch_graph **graph)
{
    joining j = {.ctx = ctx, .member = member, .count = count};
    *graph = NULL;
    j.b = vouch_graph_builder_new(ctx, "ensemble", member[0]->opset);
    if (!j.b)
        return VOUCH_ERR_MEMORY;
    j.arena = vouch_graph_builder_arena(j.b);
    j.now = VOUCH_NEW_ARRAY(j.arena, int *, count);
    const vouch_status status = j.now ? join(&j) : out_of_memory(ctx);
    if (status == VOUCH_OK)
        return vouch_graph_finish(j.b, graph);
    vouch_graph_builder_free(j.b);
    return status;
}
