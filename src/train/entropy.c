/* Cross-entropy and divergence (entropy.h); the greatest output is taken off first, so that no
 * exponential overflows. */
#include "train/entropy.h"

#include <math.h>
#include <stddef.h>

static int64_t greatest(int64_t classes, const float *y)
{
    int64_t best = 0;
    for (int64_t j = 1; j < classes; j++)
        best = y[j] > y[best] ? j : best;
    return best;
}

/* The sum of the exponentials of y - most. */
static float sum_of(int64_t classes, const float *y, float most)
{
    float sum = 0;
    for (int64_t j = 0; j < classes; j++)
        sum += expf(y[j] - most);
    return sum;
}

double vouch_entropy_cross(const vouch_aim_at *at, const float *y, float scale, float *d_y,
                           int64_t *hits)
{
    const int64_t classes = at->classes;
    double total = 0;
    int64_t right = 0;
    for (int64_t s = 0; s < at->count; s++, y += classes) {
        const float *target = at->target ? at->target + s * classes : NULL;
        const int label = at->label[s];
        const int64_t best = greatest(classes, y);
        const float sum = sum_of(classes, y, y[best]), most = logf(sum) + y[best];
        right += best == label;
        if (!target)
            total += (double)(most - y[label]);
        for (int64_t j = 0; target && j < classes; j++)
            total += (double)(target[j] * (most - y[j]));
        for (int64_t j = 0; d_y && j < classes; j++) {
            const float share = target ? target[j] : j == label ? 1.0F : 0.0F;
            d_y[s * classes + j] = scale * (expf(y[j] - y[best]) / sum - share);
        }
    }
    if (hits)
        *hits = right;
    return total;
}

double vouch_entropy_divergence(int64_t count, int64_t classes, const float *p, const float *q,
                                float scale, float *d_p, float *d_q)
{
    double total = 0;
    for (int64_t s = 0; s < count; s++) {
        const float *a = p + s * classes, *b = q + s * classes;
        const float top[2] = {a[greatest(classes, a)], b[greatest(classes, b)]};
        const float sum[2] = {sum_of(classes, a, top[0]), sum_of(classes, b, top[1])};
        const float shift = top[1] + logf(sum[1]) - top[0] - logf(sum[0]);
        float mean = 0; /* of the difference of logarithms */
        for (int64_t j = 0; j < classes; j++)
            mean += expf(a[j] - top[0]) / sum[0] * (a[j] - b[j] + shift);
        for (int64_t j = 0; j < classes; j++) {
            const float share = expf(a[j] - top[0]) / sum[0];
            d_p[s * classes + j] += scale * share * (a[j] - b[j] + shift - mean);
            d_q[s * classes + j] = scale * (expf(b[j] - top[1]) / sum[1] - share);
        }
        total += (double)mean;
    }
    return total;
}

void vouch_entropy_softmax(int64_t count, int64_t classes, const float *y, float *share)
{
    for (int64_t s = 0; s < count; s++, y += classes, share += classes) {
        const float most = y[greatest(classes, y)], sum = sum_of(classes, y, most);
        for (int64_t j = 0; j < classes; j++)
            share[j] = expf(y[j] - most) / sum;
    }
}
