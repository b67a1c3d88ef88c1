/* Losses of a part of the samples: those with the greatest losses, or all others. */
#ifndef VOUCH_TRAIN_TAIL_H
#define VOUCH_TRAIN_TAIL_H

#include "train/loss.h"

typedef struct vouch_tail {
    double share;  /* of the chunk's samples that are its tail */
    int64_t steps; /* of PGD before */
} vouch_tail;

/* The settings' rows. */
#define VOUCH_TAIL_ROWS(about, otherwise)                                                      \
    VOUCH_LOSS_REAL(vouch_tail, share, about, otherwise, 0, 1),                                \
        VOUCH_LOSS_INT(vouch_tail, steps,                                                      \
                       "of PGD before, of a quarter radius; 0: samples as they are", 0, 0,     \
                       1e6)

/* As vouch_loss.prepare. */
vouch_status vouch_tail_prepare(const vouch_loss_place *place, void **scratch);
/* The mean cross-entropy of the tail, or of all others, by the job's settings, into part 0 with its
 * gradient. A sample on the edge counts by its share. */
void vouch_tail_classify(const vouch_loss_job *job, bool others);

#endif
