/* Prototypes in a graph: similarity of the parts of a latent map to learnt vectors.
 *
 * The latent map z [1, d, h, w] has a component of d numbers at each of its h w places. With
 * prototypes p_j [d] the graph computes
 *
 *   D_lj = |z_l - p_j|^2,    s_lj = log((D_lj + 1) / (D_lj + e))
 *
 * by nodes that every runtime knows and that intervals go through without loss, since D stands in
 * them once:
 *
 *   Reshape [-1, 1, d, h w]; Sub p [P, d, 1]; Mul by itself; ReduceSum over d: [1, P, 1, h w];
 *   Add e; Reciprocal; Mul (1 - e); Add 1; Log
 *
 * Source: Chen et al. 2019, "This looks like that", whose similarity this is.
 */
#ifndef VOUCH_GRAD_PROTOTYPE_H
#define VOUCH_GRAD_PROTOTYPE_H

#include "graph/graph.h"

enum { VOUCH_PROTOTYPE_NODES = 9 };

typedef struct vouch_prototypes {
    int node[VOUCH_PROTOTYPE_NODES];
    int latent, constant, distance, similarity; /* values; constant: the prototypes */
    int64_t count, dimension, components;
    double offset[2], factor; /* s = log(factor / (D + offset[0]) + offset[1]) */
} vouch_prototypes;

/* Do such nodes begin at that node of a bound graph? */
bool vouch_prototypes_at(const vouch_graph *graph, int node, vouch_prototypes *out);

#endif
