/* Cross-entropies of a classifier's outputs, divergences between outputs, and their gradients. */
#ifndef VOUCH_TRAIN_ENTROPY_H
#define VOUCH_TRAIN_ENTROPY_H

#include <stdint.h>

/* What outputs are held against: labels, or shares of all classes where `target` is not NULL
 * (smoothed labels, mixed samples, another network's answer). */
typedef struct vouch_aim_at {
    int64_t count, classes;
    const int *label; /* [count] in 0..classes-1 */
    const float
        *target; /* [count][classes], each row sums to 1; NULL: all of it at the label */
} vouch_aim_at;

/* Returns the sum of -sum_j target_j log softmax(y)_j over y [count][classes]; d_y (may be NULL)
 * becomes scale times its gradients; *hits (may be NULL) how many samples have their greatest
 * output, the first of equals, at their label. */
double vouch_entropy_cross(const vouch_aim_at *at, const float *y, float scale, float *d_y,
                           int64_t *hits);

/* Divergence from the softmax of p to that of q, both outputs [count][classes]: sum of
 * p_j (log p_j - log q_j). d_p gains, and d_q becomes, scale times the gradients by p and q. */
double vouch_entropy_divergence(int64_t count, int64_t classes, const float *p, const float *q,
                                float scale, float *d_p, float *d_q);
/* share [count][classes] <- softmax of the outputs. */
void vouch_entropy_softmax(int64_t count, int64_t classes, const float *y, float *share);

#endif
