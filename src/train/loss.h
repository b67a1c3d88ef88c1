/* Losses of a classifier's outputs, and their gradients. */
#ifndef VOUCH_TRAIN_LOSS_H
#define VOUCH_TRAIN_LOSS_H

#include <stdint.h>

/* Cross-entropy of `count` samples: y [count][classes], label [count] in 0..classes-1. Returns
 * the sum of the losses; d_y (may be NULL) becomes scale times their gradients; *hits (may be
 * NULL) how many samples have their greatest output, the first of equals, at their label. */
double vouch_loss_cross_entropy(int64_t count, int64_t classes, const float *y,
                                const int *label, float scale, float *d_y, int64_t *hits);

#endif
