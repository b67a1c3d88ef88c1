/* Sums over rows, in an order that keeps several additions in flight. */
#ifndef VOUCH_NUM_SUM_H
#define VOUCH_NUM_SUM_H

#include <math.h>
#include <stddef.h>

/* sum_i |a_i| b_i for b >= 0 and n a multiple of 8; within gamma_{n/8 + 8} of exact. */
static inline double vouch_sum_magnitudes(size_t n, const double *a, const double *b)
{
    double part[8] = {0}, sum = 0;
    for (size_t at = 0; at < n; at += 8)
        for (size_t i = 0; i < 8; i++)
            part[i] += fabs(a[at + i]) * b[at + i];
    for (size_t i = 0; i < 8; i++)
        sum += part[i];
    return sum;
}

#endif
