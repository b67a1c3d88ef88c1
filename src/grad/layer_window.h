/* Windows that slide over an image: what both kinds of pooling share. */
#ifndef VOUCH_GRAD_LAYER_WINDOW_H
#define VOUCH_GRAD_LAYER_WINDOW_H

#include "grad/net_priv.h"

typedef struct net_window {
    int64_t kernel[2], stride[2], pad[4];
} net_window;

/* Pixels [from, to) down and across that a window meets, and its size as if the image were
 * larger. */
typedef struct net_spot {
    int64_t from[2], to[2];
} net_spot;

/* Adds a layer with the node's window over the image that it takes; false: does not fit. What is
 * its own has `own_size` bytes, a net_window first. */
bool vouch_layer_window_read(net_reading *r, size_t own_size);
net_spot vouch_layer_window_spot(const net_window *w, const net_image *in, int64_t y,
                                 int64_t x);
/* The adjoint of what the layer takes becomes 0, unless it is added to. */
void vouch_layer_window_clear(const net_job *job);

#endif
