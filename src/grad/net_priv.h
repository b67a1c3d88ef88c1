/* What the files of a net share: its layers, and the products that its passes consist of. */
#ifndef VOUCH_GRAD_NET_PRIV_H
#define VOUCH_GRAD_NET_PRIV_H

#include "grad/net.h"
#include "num/indirect.h"

/* How a value of one sample lies in memory: pixel by pixel, channels innermost, in a border of
 * zeros. A flat value is one pixel. */
typedef struct net_image {
    int64_t h, w, c; /* c with filling: a multiple of 16, but for the net's input */
    int64_t top, left, bottom, right;
    int64_t pitch, stride; /* floats of a line with its border; from sample to sample */
} net_image;

/* A product of num/indirect.h but for its operands. */
typedef struct net_product {
    int64_t m, n;
    int64_t *row, *at, *gate_at;
    int64_t run_count;
    vouch_run *run;
    int64_t a_step, b_step, b_panel, c_panel;
    int64_t weights; /* where B begins in `back` (backward) */
} net_product;

/* How a convolution goes backward: a product for each phase of the stride; one product into
 * columns that are then added up; a product for each tap of the kernel, added where it belongs.
 * (net_plan.c) */
typedef enum net_way { NET_PHASES, NET_COLUMNS, NET_TAPS } net_way;

typedef struct net_layer {
    bool conv, relu;
    int64_t kernel[2], stride[2], pad[4]; /* pads: top, left, bottom, right */
    int64_t in_real[3];                   /* channels, height, width as the graph has them */
    int64_t out_real;                     /* channels or outputs */
    int64_t n, depth;                     /* outputs with filling; terms of a sum */
    int64_t weight, bias;                 /* where they begin among the parameters */
    int weight_value, bias_value;         /* of the graph; bias -1: none */
    bool transposed;                      /* dense weights are [outputs][inputs] in the graph */
    const vouch_tensor *norm[4];          /* scale, bias, mean, variance; NULL: none */
    double epsilon;
    net_product forward, by_weight;
    net_product *backward; /* [product_count] */
    int product_count;
    net_way way;
    int64_t *position; /* [out positions] of the adjoint's image; convolutions */
    int64_t *corner;   /* [out positions] where in the input's adjoint their columns begin */
} net_layer;

struct vouch_net {
    int layer_count, dense_from; /* layers from here on are dense */
    net_layer *layer;
    net_image *value; /* [layer_count + 1] activations */
    net_image *image; /* [layer_count + 1] adjoints of one sample, as convolutions read them */
    int64_t inputs, outputs, size, back_size, columns;
    float *parameters, *back;
    float *scale, *shift; /* [channels of the input]: the normalisation */
};

static inline int64_t net_fill(int64_t n)
{
    return (n + VOUCH_LANE - 1) / VOUCH_LANE * VOUCH_LANE;
}

static inline int64_t net_panels(int64_t n) { return (n + VOUCH_PANEL - 1) / VOUCH_PANEL; }

static inline int64_t net_at(const net_image *image, int64_t y, int64_t x)
{
    return (y + image->top) * image->pitch + (x + image->left) * image->c;
}

/* Where the graph's weight (output, element k of the layer's sums) is among the parameters. */
static inline int64_t net_weight(const net_layer *l, int64_t output, int64_t k)
{
    return l->weight + (output / VOUCH_PANEL * l->depth + k) * VOUCH_PANEL +
           output % VOUCH_PANEL;
}

/* Finds layers in the graph; false in *fits where it is no chain (net_read.c). */
vouch_status vouch_net_read(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                            vouch_net *net, bool *fits);
/* Lays out values, parameters and products (net_plan.c). */
vouch_status vouch_net_plan(vouch_context *ctx, vouch_arena *arena, vouch_net *net);
/* Parameters from the graph's constants (net_read.c). */
void vouch_net_load(vouch_net *net, const vouch_graph *graph);

#endif
