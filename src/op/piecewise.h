/* Continuous piecewise linear curves: LeakyRelu, Abs, Clip share everything but their values.
 *
 * The state of such a node is its curve: breaks b_0 < b_1 < ..., and piece i, an exact line, on
 * [b_{i-1}, b_i].
 */
#ifndef VOUCH_OP_PIECEWISE_H
#define VOUCH_OP_PIECEWISE_H

#include "op/pointwise.h"

typedef struct vouch_curve {
    int breaks;
    double at[4];
    vouch_line piece[5];
} vouch_curve;

/* State and output of a node with that curve. */
vouch_status vouch_piecewise_prepare(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                     const vouch_curve *curve, const void **state);
vouch_status vouch_piecewise_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                                  vouch_tensor *const *d_in);
vouch_status vouch_piecewise_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                   const vouch_tensor *const *high,
                                   vouch_tensor *const *out_low, vouch_tensor *const *out_high);
vouch_status vouch_piecewise_relax(const vouch_graph *graph, const vouch_node *node, double low,
                                   double high, vouch_relaxation *out);
vouch_status vouch_piecewise_lines(const vouch_graph *graph, const vouch_node *node, double low,
                                   double high, vouch_lines *below, vouch_lines *above);
double vouch_piecewise_split_point(const vouch_graph *graph, const vouch_node *node, double low,
                                   double high);
void vouch_piecewise_slopes(const vouch_graph *graph, const vouch_node *node, double low,
                            double high, double *slope_low, double *slope_high);
int vouch_piecewise_pieces(const vouch_graph *graph, const vouch_node *node,
                           double breakpoint[4], vouch_line piece[5]);

#endif
