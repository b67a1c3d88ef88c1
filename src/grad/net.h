/* Networks of known layers in float32, forward and backward: the engine of attacks and of
 * training.
 *
 * A net is read from a bound graph whose nodes are an affine normalisation of the inputs and
 * layers of the kinds in layer.def. Its parameters are one array, in the layout the layers want,
 * so an optimiser steps over it without knowing them. A tape, one per thread, holds the
 * activations of some samples; passes allocate nothing. ReLUs are part of the layer before them,
 * forward and backward.
 *
 * What a sample gives does not depend on the samples beside it, bit for bit; gradients of
 * parameters are sums over the samples of a pass in their order. Gradients guide searches;
 * nothing sound may rest on them. Other graphs: grad/grad.h.
 */
#ifndef VOUCH_GRAD_NET_H
#define VOUCH_GRAD_NET_H

#include "op/op.h"

typedef struct vouch_net vouch_net;
typedef struct vouch_tape vouch_tape;

/* *net NULL, and no error, where the graph has other nodes. In the arena; the graph
 * must outlive it. */
vouch_status vouch_net_new(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                           vouch_net **net);
/* A net to be trained: no layer's parameters are folded into another's. */
vouch_status vouch_net_new_to_train(vouch_context *ctx, vouch_arena *arena,
                                    const vouch_graph *graph, vouch_net **net);
int64_t vouch_net_inputs(const vouch_net *net);
int64_t vouch_net_outputs(const vouch_net *net);
/* The parameters, some of them filling that is 0 and stays so, as its gradients are 0. */
int64_t vouch_net_size(const vouch_net *net);
float *vouch_net_parameters(vouch_net *net);
/* Where the parameters after those of the first `layers` layers with weights begin: a layer's
 * lie together, in the order of the layers. */
int64_t vouch_net_after(const vouch_net *net, int64_t layers);
/* Where the stretch of parameters that `at` is in ends: weights of one layer, or what lies between
 * such weights (biases, scales and shifts of normalisations). */
int64_t vouch_net_stretch_end(const vouch_net *net, int64_t at, bool *weights);
/* After parameters have changed: part `part` of `parts` of what derives from them. */
void vouch_net_refresh(vouch_net *net, int part, int parts);
/* Puts the parameters into the graph, in place of its constants. */
vouch_status vouch_net_store(vouch_context *ctx, const vouch_net *net, vouch_graph *graph);

/* For at most `capacity` samples a pass. */
vouch_status vouch_tape_new(vouch_context *ctx, vouch_arena *arena, const vouch_net *net,
                            int64_t capacity, vouch_tape **tape);
/* y = f(x): x [count][inputs] as the graph has them, y [count][outputs]. */
void vouch_tape_forward(vouch_tape *tape, int64_t count, const float *x, float *y);
/* d_x = J^T d_y at the samples of the last forward pass, and the parameters' gradient, summed
 * over them. Either may be NULL; both are set, not added to. */
void vouch_tape_backward(vouch_tape *tape, const float *d_y, float *d_x, float *d_parameters);

/* ---- training mode ------------------------------------------------------------------------- */

/* Statistics of batches (means and variances of batch normalisations) that passes left. */
typedef struct vouch_net_passes {
    int64_t count;
    const float *const *statistics; /* [count] */
    const int64_t *samples;         /* [count] of each pass; 0: left out */
    bool anew;                      /* nothing remains of the running ones */
    int64_t batch;                  /* samples of a whole batch; 0: these are one */
} vouch_net_passes;

/* In training mode layers that know it differ: batch normalisation takes the statistics of the
 * samples of each pass, so that samples do depend on each other; dropout drops. Of nets to be
 * trained. */
void vouch_tape_train(vouch_tape *tape, bool on);
/* Names of the samples of passes to come, for layers that draw at random: sample s of a pass is
 * number s modulo `count`. They must live as long. */
void vouch_tape_name(vouch_tape *tape, uint64_t seed, int64_t count, const uint64_t *sample);
/* Those of the last forward pass in training mode; [vouch_net_statistics]. */
const float *vouch_tape_statistics(const vouch_tape *tape);
int64_t vouch_net_statistics(const vouch_net *net);
/* The running ones, [vouch_net_statistics]. */
float *vouch_net_running(vouch_net *net);
/* Moves the running statistics, a tenth of the way or all of it, to those of the passes' samples
 * together; by less where these are a part of a batch alone. */
void vouch_net_absorb(vouch_net *net, const vouch_net_passes *passes);
/* Fewest samples of a pass in training mode that layers can learn from. */
int64_t vouch_net_least_samples(const vouch_net *net);

/* Makes a tape hold derivatives along directions at the points of another one of the same net:
 * forward takes directions v [count][inputs] and gives J v; backward is that of the points, but the
 * parameters' gradient becomes that of d_y^T J v as if what is curved were not. The points' last
 * forward pass must be of as many samples. */
vouch_status vouch_tape_follow(vouch_context *ctx, vouch_tape *tangents,
                               const vouch_tape *points);
/* Backward of tangents from d_y and of their points from d_points together: d_parameters becomes
 * the gradient of d_y^T J v + d_points^T f, d_y, v and d_points held. With d_points = H J v (H:
 * second derivatives of a loss by the outputs, d_y its first ones) that is the gradient of
 * v^T (gradient of the loss by the inputs). */
void vouch_tape_backward_bent(vouch_tape *tangents, const float *d_y, const float *d_points,
                              float *d_parameters);

#endif
