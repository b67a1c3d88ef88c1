/* Parts of one graph in another that is being built.
 *
 *     vouch_graph_copy c;
 *     VOUCH_TRY(vouch_graph_copy_begin(&c, ctx, builder, from, "2/"));
 *     c.now[from->input[0]] = x;                  the new graph's value of the input
 *     for (int n = 0; n < from->node_count; n++)
 *         VOUCH_TRY(vouch_graph_copy_node(&c, n));
 *
 * Copies share nothing with what they were copied from. Names begin with the prefix.
 */
#ifndef VOUCH_GRAPH_COPY_H
#define VOUCH_GRAPH_COPY_H

#include "graph/graph.h"

typedef struct vouch_graph_copy {
    vouch_context *ctx;
    vouch_graph_builder *builder;
    vouch_arena *arena; /* the builder's */
    const vouch_graph *from;
    const char *prefix;
    int *now; /* [from's values] which of the new graph it is; -1: none yet */
} vouch_graph_copy;

vouch_status vouch_graph_copy_begin(vouch_graph_copy *c, vouch_context *ctx,
                                    vouch_graph_builder *builder, const vouch_graph *from,
                                    const char *prefix);
/* A constant in the place of value v, under its name. */
vouch_status vouch_graph_copy_constant(vouch_graph_copy *c, int v, const vouch_tensor *t);
/* Node n, with those of its values that have no place yet. */
vouch_status vouch_graph_copy_node(vouch_graph_copy *c, int n);
/* All nodes but those that have been folded into constants. */
vouch_status vouch_graph_copy_nodes(vouch_graph_copy *c);

#endif
