/* Composite operators as simpler ones; see decompose.h.
 *
 * Values and nodes are copied as they are, bound: states and constants belong to the original.
 * New nodes are written in the meaning of one opset, whatever the file's was, so the copy says
 * that it is of that opset; the nodes taken over have been read already and do not ask again.
 */
#include "lower/decompose.h"

#include <string.h>

enum { OPSET = 18 };

static void *copied(vouch_arena *arena, const void *from, int count, size_t size)
{
    void *to = vouch_arena_array(arena, (size_t)count + 1, size);
    if (to && count > 0)
        memcpy(to, from, (size_t)count * size);
    return to;
}

static vouch_graph *copy_graph(vouch_context *ctx, const vouch_graph *graph)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_graph *g = arena ? VOUCH_NEW(arena, vouch_graph) : NULL;
    if (!g) {
        vouch_arena_free(arena);
        return NULL;
    }
    *g = *graph;
    g->arena = arena;
    g->opset = OPSET;
    g->value = copied(arena, graph->value, graph->value_count, sizeof *g->value);
    g->node = copied(arena, graph->node, graph->node_count, sizeof *g->node);
    g->input = copied(arena, graph->input, graph->input_count, sizeof *g->input);
    g->output = copied(arena, graph->output, graph->output_count, sizeof *g->output);
    if (g->value && g->node && g->input && g->output)
        return g;
    vouch_graph_free(g);
    return NULL;
}

vouch_status vouch_lower_decompose(vouch_context *ctx, const vouch_graph *graph,
                                   vouch_graph **copy)
{
    vouch_graph *g = copy_graph(ctx, graph);
    *copy = NULL;
    if (!g)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory");
    const vouch_status status = vouch_op_decompose_nodes(ctx, g);
    if (status)
        vouch_graph_free(g);
    else
        *copy = g;
    return status;
}
