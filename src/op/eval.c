/* Evaluating a whole graph, planned once.
 *
 * Values live in slots: a value's slot is free again after its last use, so memory is bounded
 * by the values alive at once, not by the depth of the network. Constants are used as stored
 * (an operator converts what it needs in scratch memory that is reset after every node).
 */
#include "op/op_priv.h"

struct vouch_evaluator {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_graph *graph;
    vouch_dtype dtype;
    vouch_tensor **value;    /* [value_count]; NULL for constants and unused values */
    const vouch_tensor **in; /* one node's inputs, then the next one's ... */
    vouch_tensor **out;
    int *slot; /* [value_count] -1 = none */
};

typedef struct slots {
    int count;
    size_t *size; /* bytes */
    bool *taken;
} slots;

static vouch_dtype run_dtype(const vouch_evaluator *e, const vouch_value *v)
{
    return vouch_op_is_float(v->dtype) ? e->dtype : v->dtype;
}

static size_t value_bytes(const vouch_evaluator *e, int v)
{
    const vouch_value *value = &e->graph->value[v];
    return (size_t)vouch_shape_count(&value->shape) * vouch_dtype_size(run_dtype(e, value));
}

/* The free slot whose size fits best, or a new one. */
static int take_slot(slots *s, size_t size)
{
    int best = -1;
    for (int i = 0; i < s->count; i++) {
        if (s->taken[i])
            continue;
        if (best < 0)
            best = i;
        const bool fits = s->size[i] >= size, best_fits = s->size[best] >= size;
        const bool smaller = s->size[i] < s->size[best];
        if ((fits && (!best_fits || smaller)) || (!fits && !best_fits && !smaller))
            best = i;
    }
    if (best < 0)
        best = s->count++;
    if (s->size[best] < size)
        s->size[best] = size;
    s->taken[best] = true;
    return best;
}

/* last[v]: index of the last node that reads v; the node count where the caller does. */
static void find_last_uses(const vouch_graph *g, int *last)
{
    for (int v = 0; v < g->value_count; v++)
        last[v] = -1;
    for (int n = 0; n < g->node_count; n++) {
        for (int i = 0; i < g->node[n].input_count; i++)
            if (g->node[n].input[i] >= 0)
                last[g->node[n].input[i]] = n;
        for (int k = 0; k < g->node[n].output_count; k++)
            if (g->node[n].output[k] >= 0)
                last[g->node[n].output[k]] = n;
    }
    for (int i = 0; i < g->output_count; i++)
        last[g->output[i]] = g->node_count;
}

static void plan_node(vouch_evaluator *e, const vouch_node *node, int n, const int *last,
                      slots *s)
{
    for (int k = 0; k < node->output_count; k++)
        if (node->output[k] >= 0)
            e->slot[node->output[k]] = take_slot(s, value_bytes(e, node->output[k]));
    for (int i = 0; i < node->input_count; i++)
        if (node->input[i] >= 0 && e->slot[node->input[i]] >= 0 && last[node->input[i]] == n)
            s->taken[e->slot[node->input[i]]] = false;
    for (int k = 0; k < node->output_count; k++)
        if (node->output[k] >= 0 && last[node->output[k]] == n)
            s->taken[e->slot[node->output[k]]] = false;
}

static bool allocate_values(vouch_evaluator *e, const slots *s)
{
    void **data = VOUCH_NEW_ARRAY(e->arena, void *, s->count + 1);
    for (int i = 0; data && i < s->count; i++) {
        data[i] = vouch_arena_alloc(e->arena, s->size[i]);
        if (!data[i])
            return false;
    }
    for (int v = 0; data && v < e->graph->value_count; v++) {
        if (e->slot[v] < 0)
            continue;
        const vouch_value *value = &e->graph->value[v];
        vouch_tensor *t = VOUCH_NEW(e->arena, vouch_tensor);
        if (!t)
            return false;
        *t = (vouch_tensor){.dtype = run_dtype(e, value),
                            .shape = value->shape,
                            .count = vouch_shape_count(&value->shape),
                            .data = data[e->slot[v]]};
        e->value[v] = t;
    }
    return data != NULL;
}

/* Operands of all nodes, one after the other. */
static bool collect_operands(vouch_evaluator *e)
{
    const vouch_graph *g = e->graph;
    int in = 0, out = 0;
    for (int n = 0; n < g->node_count; n++) {
        in += g->node[n].input_count;
        out += g->node[n].output_count;
    }
    e->in = VOUCH_NEW_ARRAY(e->arena, const vouch_tensor *, in + 1);
    e->out = VOUCH_NEW_ARRAY(e->arena, vouch_tensor *, out + 1);
    if (!e->in || !e->out)
        return false;
    in = out = 0;
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        for (int i = 0; i < node->input_count; i++, in++)
            if (node->input[i] >= 0)
                e->in[in] = g->value[node->input[i]].constant
                                ? g->value[node->input[i]].constant
                                : e->value[node->input[i]];
        for (int k = 0; k < node->output_count; k++, out++)
            if (node->output[k] >= 0)
                e->out[out] = e->value[node->output[k]];
    }
    return true;
}

static bool make_plan(vouch_evaluator *e)
{
    const vouch_graph *g = e->graph;
    int *last = VOUCH_NEW_ARRAY(e->arena, int, g->value_count + 1);
    slots s = {.size = VOUCH_NEW_ARRAY(e->arena, size_t, g->value_count + 1),
               .taken = VOUCH_NEW_ARRAY(e->arena, bool, g->value_count + 1)};
    e->slot = VOUCH_NEW_ARRAY(e->arena, int, g->value_count + 1);
    e->value = VOUCH_NEW_ARRAY(e->arena, vouch_tensor *, g->value_count + 1);
    if (!last || !s.size || !s.taken || !e->slot || !e->value)
        return false;
    find_last_uses(g, last);
    for (int v = 0; v < g->value_count; v++)
        e->slot[v] = -1;
    for (int i = 0; i < g->input_count; i++)
        e->slot[g->input[i]] = take_slot(&s, value_bytes(e, g->input[i]));
    for (int n = 0; n < g->node_count; n++)
        plan_node(e, &g->node[n], n, last, &s);
    return allocate_values(e, &s) && collect_operands(e);
}

vouch_evaluator *vouch_evaluator_new(vouch_context *ctx, const vouch_graph *graph,
                                     vouch_dtype dtype)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_evaluator *e = arena ? VOUCH_NEW(arena, vouch_evaluator) : NULL;
    if (!e) {
        vouch_arena_free(arena);
        return NULL;
    }
    e->ctx = ctx;
    e->arena = arena;
    e->graph = graph;
    e->dtype = dtype;
    if (make_plan(e))
        return e;
    vouch_arena_free(arena);
    return NULL;
}

void vouch_evaluator_free(vouch_evaluator *e)
{
    if (e)
        vouch_arena_free(e->arena);
}

static vouch_status run_nodes(vouch_evaluator *e)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(e->arena);
    const vouch_tensor **in = e->in;
    vouch_tensor **out = e->out;
    for (int n = 0; n < e->graph->node_count; n++) {
        const vouch_node *node = &e->graph->node[n];
        const vouch_op_call call = {.ctx = e->ctx,
                                    .scratch = e->arena,
                                    .graph = e->graph,
                                    .node = node,
                                    .in = in,
                                    .out = out};
        VOUCH_TRY(node->op->eval(&call));
        vouch_arena_reset(e->arena, mark);
        in += node->input_count;
        out += node->output_count;
    }
    return VOUCH_OK;
}

/* tensor <- x, rounded to its type; returns what follows. */
static const double *load(vouch_tensor *t, const double *x)
{
    if (t->dtype == VOUCH_F64)
        memcpy(t->f64, x, (size_t)t->count * sizeof *x);
    else
        for (int64_t i = 0; i < t->count; i++)
            vouch_tensor_set(t, i, x[i]);
    return x + t->count;
}

vouch_status vouch_evaluator_run(vouch_evaluator *e, const double *input, double *output)
{
    const vouch_graph *g = e->graph;
    for (int i = 0; i < g->input_count; i++)
        input = load(e->value[g->input[i]], input);
    VOUCH_TRY(run_nodes(e));
    for (int i = 0; i < g->output_count; i++) {
        const vouch_tensor *t = g->value[g->output[i]].constant;
        if (!t)
            t = e->value[g->output[i]];
        for (int64_t k = 0; k < t->count; k++)
            *output++ = vouch_tensor_get(t, k);
    }
    return VOUCH_OK;
}

vouch_status vouch_op_eval_graph(vouch_context *ctx, const vouch_graph *graph,
                                 vouch_dtype dtype, const double *input, double *output)
{
    vouch_evaluator *e = vouch_evaluator_new(ctx, graph, dtype);
    if (!e)
        return vouch_op_no_memory(ctx);
    const vouch_status status = vouch_evaluator_run(e, input, output);
    vouch_evaluator_free(e);
    return status;
}

static int64_t total_size(const vouch_graph *graph, const int *values, int count)
{
    int64_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += vouch_shape_count(&graph->value[values[i]].shape);
    return sum;
}

int64_t vouch_op_input_size(const vouch_graph *graph)
{
    return total_size(graph, graph->input, graph->input_count);
}

int64_t vouch_op_output_size(const vouch_graph *graph)
{
    return total_size(graph, graph->output, graph->output_count);
}
