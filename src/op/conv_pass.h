/* Convolution as a linear map, in both directions, of any number of images: what Conv and
 * ConvTranspose share (each is the other's transposed map).
 *
 * An image x has c channels a group on the positions w.in, its map y = W x has m on w.out; the
 * weights are [groups][m][c][kernel]. Padding reads zeros.
 */
#ifndef VOUCH_OP_CONV_PASS_H
#define VOUCH_OP_CONV_PASS_H

#include "op/window.h"

typedef struct vouch_conv {
    vouch_window w;                    /* its batch and channels are those of x */
    int64_t groups, c, m;              /* c, m: channels of a group of x and of y */
    const vouch_tensor *weight, *bias; /* bias: of the operator's output, or NULL */
} vouch_conv;

typedef struct vouch_conv_call {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_conv *conv;
    const vouch_tensor *weight;
    vouch_dtype dtype; /* of in and out */
    bool absolute;     /* |weights| */
    bool backward;     /* x = W^T y, else y = W x */
    bool add;          /* out += */
    int64_t images;
    const void *in;
    void *out;
} vouch_conv_call;

vouch_status vouch_conv_apply(const vouch_conv_call *call);
/* d_weight += what d_y and x give; call->in is x (backward, out and add are not read). */
vouch_status vouch_conv_grad_weight(const vouch_conv_call *call, const void *d_y,
                                    void *d_weight);

#endif
