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

/* The sum of the exponentials of y - most. In double precision, as all here: losses are subtracted
 * from each other, and a share of almost 1 from 1. */
static double sum_of(int64_t classes, const float *y, double most)
{
    double sum = 0;
    for (int64_t j = 0; j < classes; j++)
        sum += exp((double)y[j] - most);
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
        const double top = (double)y[best], sum = sum_of(classes, y, top), all = log(sum) + top;
        right += best == label;
        if (!target)
            total += all - (double)y[label];
        for (int64_t j = 0; target && j < classes; j++)
            total += (double)target[j] * (all - (double)y[j]);
        for (int64_t j = 0; d_y && j < classes; j++) {
            const double share = target ? (double)target[j] : j == label;
            d_y[s * classes + j] =
                (float)((double)scale * (exp((double)y[j] - top) / sum - share));
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
    for (int64_t s = 0; s < count; s++, p += classes, q += classes) {
        const double top[2] = {(double)p[greatest(classes, p)],
                               (double)q[greatest(classes, q)]};
        const double sum[2] = {sum_of(classes, p, top[0]), sum_of(classes, q, top[1])};
        const double shift = top[1] + log(sum[1]) - top[0] - log(sum[0]);
        double mean = 0; /* of the difference of logarithms */
        for (int64_t j = 0; j < classes; j++)
            mean += exp((double)p[j] - top[0]) / sum[0] * ((double)p[j] - (double)q[j] + shift);
        for (int64_t j = 0; j < classes; j++) {
            const double share = exp((double)p[j] - top[0]) / sum[0];
            const double off = (double)p[j] - (double)q[j] + shift - mean;
            const double other = exp((double)q[j] - top[1]) / sum[1];
            d_p[s * classes + j] += (float)((double)scale * share * off);
            d_q[s * classes + j] = (float)((double)scale * (other - share));
        }
        total += mean;
    }
    return total;
}

void vouch_entropy_softmax(int64_t count, int64_t classes, const float *y, float *share)
{
    for (int64_t s = 0; s < count; s++, y += classes, share += classes) {
        const double most = (double)y[greatest(classes, y)], sum = sum_of(classes, y, most);
        for (int64_t j = 0; j < classes; j++)
            share[j] = (float)(exp((double)y[j] - most) / sum);
    }
}
