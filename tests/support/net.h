/* Small networks and properties for tests, built in memory. */
#ifndef VOUCH_TESTS_NET_H
#define VOUCH_TESTS_NET_H

#include "op/op.h"
#include "spec/spec.h"
#include "support/support.h"

enum { VOUCH_TEST_NET_LAYERS = 8 };

/* A dense ReLU network: size[0] inputs, size[layers] outputs, ReLU after every layer but the
 * last. */
typedef struct vouch_test_net {
    int layers;
    int size[VOUCH_TEST_NET_LAYERS + 1];
    float *weight[VOUCH_TEST_NET_LAYERS]; /* [size[l]][size[l+1]] */
    float *bias[VOUCH_TEST_NET_LAYERS];   /* [size[l+1]] */
    vouch_graph *graph;                   /* bound; Gemm and Relu nodes */
} vouch_test_net;

/* parameters: for each layer its weights, then its biases. The test fails where it cannot be
 * built. */
void vouch_test_net_new(vouch_context *ctx, vouch_dtype dtype, int layers, const int *size,
                        const float *parameters, vouch_test_net *net);
/* Parameters drawn from about [-1, 1]; some weights are 0. */
void vouch_test_net_random(vouch_context *ctx, vouch_dtype dtype, int layers, const int *size,
                           vouch_random *r, vouch_test_net *net);
void vouch_test_net_free(vouch_test_net *net);

/* y = f(x) in rationals, straight from the definition; y holds initialised rationals. */
void vouch_test_net_exact(const vouch_test_net *net, const double *x, mpq_t *y);

/* Does case k of the property hold at x, in rationals, box and strictness included? An input that
 * the property fixes is taken at its decimal. */
bool vouch_test_net_holds(const vouch_test_net *net, const vouch_spec *spec, int k,
                          const double *x);

/* y <- outputs of the graph at `count` points x by the engine of training, which must read it. */
void vouch_test_outputs(vouch_context *ctx, const vouch_graph *graph, int64_t count,
                        const float *x, float *y);

/* The property given as VNN-LIB assertions; declarations are put before them. Freed by
 * vouch_spec_free. */
vouch_spec *vouch_test_spec(vouch_context *ctx, const vouch_graph *graph,
                            const char *assertions);

#endif
