/* What the two files of convolutional layers share. */
#ifndef VOUCH_GRAD_LAYER_CONV_H
#define VOUCH_GRAD_LAYER_CONV_H

#include "grad/net_weights.h"

/* How a convolution goes backward (layer_conv_back.c). */
typedef enum conv_way { CONV_PHASES, CONV_COLUMNS, CONV_TAPS } conv_way;

typedef struct conv_layer {
    int64_t kernel[2], stride[2], pad[4]; /* pads: top, left, bottom, right */
    int64_t group;                        /* samples of a product; tables are for so many */
    net_product forward, by_weight;
    net_product *backward; /* [product_count] */
    int product_count;
    conv_way way;
    int64_t *position; /* [group][out positions] of the adjoint's image */
    int64_t
        *corner; /* [group][out positions] where in the input's adjoint their columns begin */
} conv_layer;

/* Rows of the group's other samples, behind those of the first one: steps from sample to sample. */
void vouch_layer_conv_repeat(const conv_layer *c, net_product *q, int64_t row, int64_t at,
                             int64_t gate);
/* Chooses the way, and the margins of adjoints that it asks for. */
void vouch_layer_conv_choose(const vouch_net *net, net_layer *l, net_margins *m);
vouch_status vouch_layer_conv_plan_back(const net_planning *p, net_layer *l);
/* For up to `group` samples. */
void vouch_layer_conv_back(const net_job *job);
void vouch_layer_conv_refresh(vouch_net *net, const net_layer *l, int64_t unit);

#endif
