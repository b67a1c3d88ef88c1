/* Members side by side (ensemble.h): values are copied under names of their member, "1/w0"; nodes that
 * do what those of the first member do give its values. */
#include "train/ensemble.h"

#include <string.h>

#include "graph/copy.h"

typedef struct joining {
    vouch_context *ctx;
    vouch_graph_builder *b;
    vouch_arena *arena;
    vouch_graph *const *member;
    int count, at;          /* members; the one being copied */
    vouch_graph_copy *copy; /* [members] */
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

/* The constants of the last layer, divided by the number of members. */
static vouch_status divide(const joining *j, const vouch_node *last)
{
    for (int k = 1; k < last->input_count; k++) {
        const vouch_tensor *from = of(j)->value[last->input[k]].constant;
        vouch_tensor *t = vouch_tensor_convert(j->arena, from, from->dtype);
        for (int64_t i = 0; t && i < t->count; i++)
            vouch_tensor_set(t, i, vouch_tensor_get(t, i) / j->count);
        VOUCH_TRY(vouch_graph_copy_constant(&j->copy[j->at], last->input[k], t));
    }
    return VOUCH_OK;
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
              : j->copy[j->at].now[x] < 0 || j->copy[j->at].now[x] != j->copy[0].now[y])
            return false;
    }
    return true;
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
    vouch_graph_copy *c = &j->copy[j->at];
    const char *prefix = vouch_arena_print(j->arena, "%d/", j->at);
    if (!prefix)
        return out_of_memory(j->ctx);
    VOUCH_TRY(vouch_graph_copy_begin(c, j->ctx, j->b, g, prefix));
    c->now[g->input[0]] = vouch_graph_value(j->b, "x");
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        if (is_last(g, node))
            VOUCH_TRY(divide(j, node));
        if (is_shared(j, n))
            c->now[node->output[0]] = j->copy[0].now[j->member[0]->node[n].output[0]];
        else if (!g->value[node->output[0]].constant)
            VOUCH_TRY(vouch_graph_copy_node(c, n));
    }
    return VOUCH_OK;
}

/* sum <- the next member's output and the sum so far */
static vouch_status add_up(const joining *j, int *sum)
{
    const int y = j->copy[j->at].now[of(j)->output[0]];
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
    j.copy = VOUCH_NEW_ARRAY(j.arena, vouch_graph_copy, count);
    const vouch_status status = j.copy ? join(&j) : out_of_memory(ctx);
    if (status == VOUCH_OK)
        return vouch_graph_finish(j.b, graph);
    vouch_graph_builder_free(j.b);
    return status;
}
