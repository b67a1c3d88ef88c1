/* The geometry of a sliding window: convolutions and pooling, one to three spatial dimensions.
 *
 * Images of fewer dimensions are seen as having leading dimensions of size 1, so that one loop
 * nest serves all. Output position o looks at input positions o*stride - pad + k*dilation.
 */
#ifndef VOUCH_OP_WINDOW_H
#define VOUCH_OP_WINDOW_H

#include "op/op_priv.h"

enum { VOUCH_WINDOW_DIMS = 3 };

typedef struct vouch_window {
    int spatial; /* true number of spatial dimensions */
    int64_t batch, channels;
    int64_t in[VOUCH_WINDOW_DIMS], out[VOUCH_WINDOW_DIMS];
    int64_t kernel[VOUCH_WINDOW_DIMS], stride[VOUCH_WINDOW_DIMS], dilation[VOUCH_WINDOW_DIMS];
    int64_t pad[VOUCH_WINDOW_DIMS], pad_end[VOUCH_WINDOW_DIMS];
    int64_t in_size, out_size, kernel_size; /* products over the spatial dimensions */
} vouch_window;

/* Reads strides, pads, dilations, auto_pad, ceil_mode; kernel: [spatial] sizes, NULL to read
 * the attribute kernel_shape. Input 0 is [batch, channels, spatial...]. */
vouch_status vouch_window_prepare(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, const int64_t *kernel,
                                  vouch_window *w);
/* The window whose transposed map a ConvTranspose is: its `out` is input 0, its `in` the output,
 * sized by output_padding, output_shape, auto_pad. The channels are left to the caller. */
vouch_status vouch_window_prepare_transposed(vouch_context *ctx, const vouch_graph *g,
                                             const vouch_node *node, const int64_t *kernel,
                                             vouch_window *w);
/* The positions of `in` that the patch y of `out` looks at, and those of `out` that look at the
 * patch x of `in`; at least one. False: not one image. */
bool vouch_window_back(const vouch_window *w, const vouch_patch *y, int64_t channels,
                       vouch_patch *x);
bool vouch_window_ahead(const vouch_window *w, const vouch_patch *x, int64_t channels,
                        vouch_patch *y);
/* The window between a patch of `in` and one of `out`. */
void vouch_window_between(const vouch_window *w, const vouch_patch *in, const vouch_patch *out,
                          vouch_window *part);
/* [batch, channels, out...] in the node's true rank. */
vouch_shape vouch_window_output(const vouch_window *w, int64_t channels);

#endif
