/* Random networks and boxes for property tests: seeded, small, of every operator class.
 *
 * A network is a chain of random blocks over one current value: dense layers, convolutions,
 * residual sums, concatenations, curves, pooling, normalisation, products of two branches,
 * softmax. Only operators that the table knows are drawn. The same (seed, index) always gives
 * the same network as long as the table is the same.
 */
#ifndef VOUCH_TESTS_RANDOM_GRAPH_H
#define VOUCH_TESTS_RANDOM_GRAPH_H

#include "op/op.h"
#include "support/support.h"

typedef enum vouch_test_kind {
    VOUCH_TEST_ANY,   /* all blocks */
    VOUCH_TEST_DENSE, /* dense layers with Relu only */
    VOUCH_TEST_IMAGES /* convolutions and what goes with them, on images of some size */
} vouch_test_kind;

/* Bound; freed by vouch_graph_free. The test fails where it cannot be built. */
vouch_graph *vouch_test_random_graph(vouch_context *ctx, vouch_test_kind kind, uint64_t seed,
                                     uint64_t index);

/* A box of n dimensions: widths from 0 to huge, some dimensions of width zero. */
void vouch_test_random_box(vouch_random *r, int64_t n, double *low, double *high);
/* A point of the box: a corner, an inner point or a mixture. */
void vouch_test_random_point(vouch_random *r, int64_t n, const double *low, const double *high,
                             double *point);

#endif
