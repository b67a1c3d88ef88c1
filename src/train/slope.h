/* Gradients of the cross-entropy by the inputs, and how they change with the parameters: what
 * regularisers of gradients are made of. */
#ifndef VOUCH_TRAIN_SLOPE_H
#define VOUCH_TRAIN_SLOPE_H

#include "train/loss.h"

typedef struct vouch_slope {
    vouch_tape *tangents;
    float *direction; /* [capacity][inputs] */
    float *y, *d_y;   /* [capacity][classes] of the tangents */
    float *before;    /* [capacity][inputs] a term's own */
} vouch_slope;

/* As vouch_loss.prepare, for losses that call the following. */
vouch_status vouch_slope_prepare(const vouch_loss_place *place, void **scratch);

/* job->d_x <- gradients of each sample's cross-entropy at x. */
void vouch_slope_at(const vouch_loss_job *job, const float *x);
/* Into part p: the gradient by the parameters of the sum of direction^T d_x, where d_x is that of
 * the last vouch_slope_at and the directions are held. */
void vouch_slope_backward(const vouch_loss_job *job, int p);

#endif
