/* The geometry of a convolution's passes, in both directions; see conv_pass.c.
 *
 * Along a dimension, target j of `count` reads, for tap t,
 *
 *     forward   o = j:                         x[j stride + (t dilation - pad)]
 *     backward  p = first + j stride, for one residue of p + pad modulo the stride at a time:
 *               only taps t with t dilation = p + pad (mod stride) reach p, and read
 *               y[j + (first + pad - t dilation) / stride]
 *
 * so that both are "j step + start[t]". A phase are the targets with the same taps: forward
 * there is one, backward as many as strides multiply to.
 */
#ifndef VOUCH_OP_CONV_PHASE_H
#define VOUCH_OP_CONV_PHASE_H

#include "op/affine.h"
#include "op/conv_pass.h"

enum { VOUCH_CONV_DIMS = VOUCH_WINDOW_DIMS };

/* One dimension. */
typedef struct vouch_conv_axis {
    int64_t count, step; /* targets; source steps between them */
    int64_t first, gap;  /* target j is position first + j gap */
    int64_t taps;
    const int64_t *start; /* [taps] source position of target 0 */
    const int64_t *tap;   /* [taps] index along the kernel */
} vouch_conv_axis;

/* The targets that have the same taps. */
typedef struct vouch_conv_phase {
    vouch_conv_axis a[VOUCH_CONV_DIMS];
    int64_t source[VOUCH_CONV_DIMS], target[VOUCH_CONV_DIMS]; /* extents */
    int64_t source_size, target_size;                         /* of one channel */
    int64_t in_channels, out_channels;                        /* of a group */
    int64_t taps, depth, rows, positions; /* depth: taps x channels; rows of a[2].count */
    bool dense;                           /* targets are all positions, in order */
    bool direct;                          /* the source is the columns */
} vouch_conv_phase;

int64_t vouch_conv_phases(const vouch_conv_call *call);
/* The phase of number n, in the call's scratch memory. False when out of memory. */
bool vouch_conv_phase_make(const vouch_conv_call *call, int64_t n, vouch_conv_phase *p);
/* Weights [out_channels][depth] of a group, in the phase's order of taps; .data NULL when out of
 * memory (scratch). */
vouch_matrix vouch_conv_weights(const vouch_conv_call *call, const vouch_conv_phase *p,
                                int64_t group);
/* Row of the source (over the first two dimensions) that target row r reads for tap t; -1 in the
 * padding. Row of the target that r is. */
int64_t vouch_conv_source_row(const vouch_conv_phase *p, int64_t r, int64_t t);
int64_t vouch_conv_target_row(const vouch_conv_phase *p, int64_t r);

/* Many images at once (conv_batch.c): the way of vouch_conv_apply where images are not few. */
vouch_status vouch_conv_apply_batch(const vouch_conv_call *call);

#endif
