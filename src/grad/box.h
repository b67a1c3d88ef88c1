/* Interval bounds of a net, forward and backward: what certified training is made of.
 *
 * A box of inputs goes through the layers as centres c and radii r >= 0:
 *
 *   affine:  c' = W c + b,  r' = |W| r          ReLU:  [max(c - r, 0), max(c + r, 0)]
 *
 * and through curves, pooling by maxima, products by their exact ranges.
 *
 * The last layer, which must be dense, is *elided*: margins of the label's output over the others
 * are bounded from the differences of its weights,
 *
 *   margin_j = (W_y - W_j) c + b_y - b_j - |W_y - W_j| r  <=  z_y - z_j,
 *
 * which is tighter than bounds of z apart. Backward gives the gradient of any function of the
 * margins by the parameters. Float32, not rounded outward: for training, never for verdicts.
 * Batch normalisation in a net for training takes the statistics of the centres of the pass,
 * dropout drops the same elements as points of that name (vouch_box_name).
 *
 * Source: Gowal et al. 2018, "On the effectiveness of interval bound propagation".
 */
#ifndef VOUCH_GRAD_BOX_H
#define VOUCH_GRAD_BOX_H

#include "grad/net.h"

typedef struct vouch_box_tape vouch_box_tape;

/* For at most `capacity` boxes a pass. Refuses a net with a layer that has no interval pass, and
 * one whose last layer is not dense. */
vouch_status vouch_box_tape_new(vouch_context *ctx, vouch_arena *arena, const vouch_net *net,
                                int64_t capacity, vouch_box_tape **tape);
/* low, high [count][inputs]; margin [count][outputs] with 0 at the label. */
void vouch_box_forward(vouch_box_tape *tape, int64_t count, const float *low, const float *high,
                       const int *label, float *margin);
/* From d_margin [count][outputs], whose entries at labels count for nothing, at the boxes of the
 * last forward pass: d_parameters is set, not added to. */
void vouch_box_backward(vouch_box_tape *tape, const float *d_margin, float *d_parameters);

/* As vouch_tape_name. */
void vouch_box_name(vouch_box_tape *tape, uint64_t seed, int64_t count, const uint64_t *sample);

/* The sum over outputs of |W_n| ... |W_1| r, r [inputs] >= 0: neither biases nor activations, batch
 * normalisation divides by its running deviation without a scale, and a maximum counts as the sum
 * of its window. It is linear in r, so one pass over the sum of many boxes' radii serves them all.
 * The source, De Palma, Durand et al. 2025, calls it ForwAbs. */
double vouch_box_spread(vouch_box_tape *tape, const float *r);
/* Refuses nets with layers that have no such pass. */
vouch_status vouch_box_spread_check(vouch_context *ctx, const vouch_net *net);
/* Adds `scale` times the gradient of the last spread to d_parameters. */
void vouch_box_spread_backward(vouch_box_tape *tape, float scale, float *d_parameters);

#endif
