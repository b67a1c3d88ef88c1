/* Cross-entropy through a stable log-softmax: the greatest output is taken off first, so that no
 * power overflows and the sum is at least 1. */
#include "train/loss.h"

#include <math.h>

static int64_t greatest(int64_t n, const float *y)
{
    int64_t best = 0;
    for (int64_t j = 1; j < n; j++)
        best = y[j] > y[best] ? j : best;
    return best;
}

double vouch_loss_cross_entropy(int64_t count, int64_t classes, const float *y,
                                const int *label, float scale, float *d_y, int64_t *hits)
{
    double total = 0;
    int64_t right = 0;
    for (int64_t s = 0; s < count; s++, y += classes) {
        const int64_t best = greatest(classes, y);
        float sum = 0;
        right += best == label[s];
        for (int64_t j = 0; j < classes; j++)
            sum += expf(y[j] - y[best]);
        total += (double)(logf(sum) + y[best] - y[label[s]]);
        for (int64_t j = 0; d_y && j < classes; j++)
            d_y[s * classes + j] =
                scale * (expf(y[j] - y[best]) / sum - (j == label[s] ? 1.0F : 0.0F));
    }
    if (hits)
        *hits = right;
    return total;
}
