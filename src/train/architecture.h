/* Networks from a line of text: "conv16k4s2p1 relu conv32k4s2p1 relu flatten fc100 relu fc10".
 *
 *   convC[kK][sS][pP]   C channels, kernel K x K (3), stride S (1), padding P (0)
 *   fcN                 N outputs; an image is flattened first
 *   bn, ln              batch normalisation; layer normalisation over all of a sample
 *   dropoutP            P per cent of the elements are dropped, while training
 *   maxpool, avgpool    over windows [K][sS][pP]: K x K (2), stride S (K), padding P (0)
 *   gap                 global average pooling
 *   protoP              greatest similarities of components to P prototypes
 *   relu, leakyrelu, elu, sigmoid, tanh, softplus, silu, gelu
 *   flatten
 *   res( A )            A, and what it takes added to it
 *   res( A | B )        the sum of two branches
 *   gate( A | B )       their product, element by element
 *   NAME, NAME/8        a preset (preset.def), its widths divided by 8
 */
#ifndef VOUCH_TRAIN_ARCHITECTURE_H
#define VOUCH_TRAIN_ARCHITECTURE_H

#include "graph/graph.h"
#include "train/initial.h"

typedef struct vouch_architecture {
    const char *text;
    int64_t channels, height, width; /* of an image; a table's row: 1, 1, features */
    double mean, deviation;          /* inputs become (x - mean) / deviation */
    uint64_t seed;                   /* of the weights */
    const vouch_initial *initial;    /* what they are drawn from; NULL: uniform */
} vouch_architecture;

/* A graph, not bound yet. Errors name the word that does not fit. */
vouch_status vouch_architecture_build(vouch_context *ctx, const vouch_architecture *a,
                                      vouch_graph **graph);

#endif
