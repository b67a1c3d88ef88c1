/* Weights in panels, and products with them: what dense and convolutional layers share.
 *
 * Weights are panels of outputs, [panel][term][VOUCH_PANEL]: the layout of B for forward passes
 * and of C for gradients. Terms are (place, channel) where the graph has (channel, place); places
 * are those of the kernel, or the pixels of a flattened image. A batch normalisation after the
 * layer is folded in when parameters are read.
 */
#ifndef VOUCH_GRAD_NET_WEIGHTS_H
#define VOUCH_GRAD_NET_WEIGHTS_H

#include "grad/net_priv.h"
#include "num/update.h"

/* A product of num/indirect.h but for its operands. */
typedef struct net_product {
    int64_t m, n;
    int64_t *row, *at, *gate_at;
    int64_t run_count;
    vouch_run *run;
    int64_t a_step, b_step, b_panel, c_panel;
    int64_t weights; /* where B begins in `back` (backward) */
} net_product;

typedef struct net_weights {
    int64_t out_real;             /* channels or outputs */
    int64_t real_terms, places;   /* of an output's sum in the graph; places among them */
    int64_t channels;             /* of what is taken, with filling */
    int64_t n, depth;             /* outputs with filling; terms of a sum */
    int64_t weight, bias;         /* where they begin among the parameters */
    int weight_value, bias_value; /* of the graph; bias -1: none */
    bool output_first;            /* in the graph; otherwise terms are */
    bool late_bias;               /* a node after the layer may give the bias */
    const vouch_tensor *norm[4];  /* scale, bias, mean, variance; NULL: none */
    double epsilon;
} net_weights;

/* Where the graph's weight (output, element k of the layer's sums) is among the parameters. */
static inline int64_t net_weight(const net_weights *w, int64_t output, int64_t k)
{
    return w->weight + (output / VOUCH_PANEL * w->depth + k) * VOUCH_PANEL +
           output % VOUCH_PANEL;
}

/* Input 2 of the node is absent, or a constant bias that fits. */
bool vouch_net_bias_fits(const net_reading *r, int64_t outputs);
/* Weights of the layer, with the sizes of what it takes: places and channels. */
void vouch_net_set_weights(net_reading *r, net_layer *l, net_weights w);
/* Places among the parameters. */
void vouch_net_place_weights(vouch_net *net, net_weights *w);
void vouch_net_load_weights(vouch_net *net, const net_layer *l, const vouch_graph *graph);
vouch_status vouch_net_store_weights(vouch_context *ctx, const vouch_net *net,
                                     const net_layer *l, vouch_graph *graph);

/* A tensor like the graph's constant `value`, in its place. */
vouch_status vouch_net_renew(vouch_context *ctx, vouch_graph *graph, int value,
                             vouch_tensor **t);

/* Tables of m rows and `runs` runs, all 0; steps as forward and backward products have them. */
vouch_status vouch_net_new_product(const net_planning *p, int64_t m, int64_t runs,
                                   net_product *q);
/* A product with n columns whose B is derived from the weights: one run over all outputs. */
vouch_status vouch_net_new_back(const net_planning *p, const net_layer *l, int64_t m, int64_t n,
                                net_product *q);
/* Room for `columns` columns of B, b_panel floats each panel. */
void vouch_net_place_back(const net_planning *p, net_product *q);
vouch_indirect vouch_net_operands(const net_product *q);
/* Of products by the weights, by what `back` has of them, and of the weights' gradient, for the
 * plane of the job's tape. The caller sets A and C; of the gradient A and B. */
vouch_indirect vouch_net_forward_operands(const net_job *job, const net_product *q);
vouch_indirect vouch_net_back_operands(const net_job *job, const net_product *q);
vouch_indirect vouch_net_gradient_operands(const net_job *job, const net_product *q);
/* For each output a line of B: elements [k, k + count) of its weights. */
void vouch_net_turn(const vouch_net *net, const net_weights *w, int64_t k, int64_t count,
                    float *to);
/* Gradient by the bias: the sum of the rows of an adjoint; of tangents 0, of radii nothing is
 * added. */
void vouch_net_by_bias(const net_job *job, const vouch_row_sums *rows);

#endif
