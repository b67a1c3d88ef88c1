/* Latent explanations of a network: its head, and what its encoder gives at a point (latent.h).
 *
 * The head is that of the word protoP of architectures: prototypes (grad/prototype.h), the greatest
 * similarity over all components, and one dense layer whose outputs are the logits. The encoder is
 * whatever comes before.
 */
#ifndef VOUCH_EXPLAIN_LATENT_NET_H
#define VOUCH_EXPLAIN_LATENT_NET_H

#include "attack/ball.h"
#include "explain/latent.h"
#include "grad/prototype.h"

typedef struct vouch_latent_net {
    const vouch_graph *graph;
    vouch_graph *encoder; /* up to the latent map */
    vouch_prototypes chain;
    int64_t height, width, classes; /* of the map; of the net */
    const double *prototype, *weight, *bias;
} vouch_latent_net;

/* Which latent maps are meant. */
typedef struct vouch_latent_scope {
    const vouch_ball *ball; /* those of the inputs around the point, linf; NULL: of any input */
    bool anywhere;          /* any numbers at all, what the last activation can give or not */
    double slack;           /* distances may differ by that much from what was observed */
} vouch_latent_scope;

/* graph: bound, with logits for outputs; it must outlive the net. Refuses other networks. */
vouch_status vouch_latent_net_open(vouch_context *ctx, vouch_arena *arena,
                                   const vouch_graph *graph, vouch_latent_net *net);
void vouch_latent_net_close(vouch_latent_net *net);

/* x [inputs]; arrays of the problem are the arena's and the net's. The label is the caller's. */
vouch_status vouch_latent_net_at(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_latent_net *net, const float *x,
                                 const vouch_latent_scope *scope,
                                 vouch_latent_problem *problem);

#endif
