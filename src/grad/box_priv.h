/* What interval passes (box.c) and linear forms on top of them (form.c) share. */
#ifndef VOUCH_GRAD_BOX_PRIV_H
#define VOUCH_GRAD_BOX_PRIV_H

#include "grad/cut.h"
#include "grad/net_priv.h"

/* Of all samples, laid out as the value is: bounds before its ReLU, and adjoints of them that the
 * next backward pass adds and sets to 0. */
typedef struct box_kept {
    float *centre, *radius, *d_centre, *d_radius;
} box_kept;

struct vouch_box_tape {
    const vouch_net *net;
    vouch_tape *centre, *radius;
    const net_layer *last; /* elided */
    int64_t terms;         /* of a sum of the last layer */
    float *middle, *half;  /* [inputs] */
    const int *label;
    box_kept *kept;           /* [values]; NULL: not wanted */
    float *weight, *d_weight; /* [outputs][terms] of the last layer */
};

#endif
