/* Inputs of which only the integer part matters; see integral.h.
 *
 * Walking backwards, an element of a value is *raw* if something other than a cut to an integer
 * depends on it: outputs are; through an affine node go the elements that |A|^T finds under the
 * raw ones; a step from float to int64 (Cast) passes nothing back, any other node everything.
 */
#include "lower/integral.h"

#include <string.h>

typedef struct walk {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_graph *graph;
    bool *varying;
    double **raw; /* [value_count][elements] 0 or more; NULL: none yet */
} walk;

static int64_t count_of(const walk *w, int v)
{
    return vouch_shape_count(&w->graph->value[v].shape);
}

/* raw[v] += mask, or 1 everywhere without one. */
static vouch_status mark(walk *w, int v, const double *mask)
{
    if (!w->raw[v])
        w->raw[v] = VOUCH_NEW_ARRAY(w->arena, double, count_of(w, v) + 1);
    if (!w->raw[v])
        return vouch_fail(w->ctx, VOUCH_ERR_MEMORY, "out of memory");
    for (int64_t i = 0; i < count_of(w, v); i++)
        if (!mask || mask[i] != 0)
            w->raw[v][i] = 1;
    return VOUCH_OK;
}

static bool is_cut(const walk *w, const vouch_node *node, vouch_op_class c)
{
    return c == VOUCH_OP_STEP && w->graph->value[node->output[0]].dtype == VOUCH_I64 &&
           w->graph->value[node->input[0]].dtype != VOUCH_I64;
}

static vouch_status through_affine(walk *w, const vouch_node *node, int which)
{
    const int v = node->input[which];
    double *mask = VOUCH_NEW_ARRAY(w->arena, double, count_of(w, v) + 1);
    if (!mask)
        return vouch_fail(w->ctx, VOUCH_ERR_MEMORY, "out of memory");
    const vouch_linear_call call = {.ctx = w->ctx,
                                    .scratch = w->arena,
                                    .graph = w->graph,
                                    .node = node,
                                    .which = which,
                                    .mode = VOUCH_LINEAR_ABS_TRANSPOSED,
                                    .batch = 1,
                                    .in = w->raw[node->output[0]],
                                    .out = mask};
    VOUCH_TRY(node->op->linear(&call));
    return mark(w, v, mask);
}

static vouch_status visit(walk *w, const vouch_node *node)
{
    const vouch_op_class c = vouch_op_node_class(w->graph, node, w->varying);
    bool read = false;
    for (int k = 0; k < node->output_count; k++)
        read = read || (node->output[k] >= 0 && w->raw[node->output[k]]);
    for (int i = 0; read && i < node->input_count; i++) {
        if (node->input[i] < 0 || !w->varying[node->input[i]] || is_cut(w, node, c))
            continue;
        VOUCH_TRY(c == VOUCH_OP_AFFINE ? through_affine(w, node, i)
                                       : mark(w, node->input[i], NULL));
    }
    return VOUCH_OK;
}

static vouch_status run(walk *w, bool *integral)
{
    const vouch_graph *g = w->graph;
    w->varying = VOUCH_NEW_ARRAY(w->arena, bool, g->value_count + 1);
    w->raw = VOUCH_NEW_ARRAY(w->arena, double *, g->value_count + 1);
    if (!w->varying || !w->raw)
        return vouch_fail(w->ctx, VOUCH_ERR_MEMORY, "out of memory");
    vouch_op_varying(g, w->varying);
    for (int i = 0; i < g->output_count; i++)
        VOUCH_TRY(mark(w, g->output[i], NULL));
    for (int n = g->node_count - 1; n >= 0; n--)
        VOUCH_TRY(visit(w, &g->node[n]));
    for (int i = 0; i < g->input_count; i++) {
        const double *raw = w->raw[g->input[i]];
        for (int64_t k = 0; k < count_of(w, g->input[i]); k++)
            *integral++ = !raw || raw[k] == 0;
    }
    return VOUCH_OK;
}

vouch_status vouch_lower_integral(vouch_context *ctx, const vouch_graph *graph, bool *integral)
{
    walk w = {.ctx = ctx, .arena = vouch_arena_new(ctx), .graph = graph};
    if (!w.arena)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory");
    const vouch_status status = run(&w, integral);
    vouch_arena_free(w.arena);
    return status;
}
