/* Losses of a part of the samples: those with the greatest losses, or all others. */
#ifndef VOUCH_TRAIN_TAIL_H
#define VOUCH_TRAIN_TAIL_H

#include "train/loss.h"

typedef struct vouch_tail {
    double share; /* of the chunk's samples that are its tail */
    bool others;  /* what is not the tail counts */
} vouch_tail;

/* As vouch_loss.prepare. */
vouch_status vouch_tail_prepare(const vouch_loss_place *place, void **scratch);
/* The mean cross-entropy at rows x of the part that counts, into part 0 with its gradient. A sample
 * on the edge counts by its share. */
void vouch_tail_classify(const vouch_loss_job *job, const float *x, const vouch_tail *tail);

#endif
