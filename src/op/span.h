/* Intervals of a few operations: bounds of one real number we cannot write down.
 *
 * Every operation returns an interval that contains all results for operands in theirs. Results
 * of the C library are widened by what glibc may err (op/directed.h).
 */
#ifndef VOUCH_OP_SPAN_H
#define VOUCH_OP_SPAN_H

#include "op/directed.h"

typedef struct vouch_span {
    double low, high;
} vouch_span;

static inline vouch_span vouch_span_of(double x) { return (vouch_span){x, x}; }

static inline vouch_span vouch_span_all(void)
{
    return (vouch_span){-(double)INFINITY, (double)INFINITY};
}

/* A NaN end makes that end unbounded. */
static inline vouch_span vouch_span_hull(vouch_span a, vouch_span b)
{
    return (vouch_span){a.low <= b.low  ? a.low
                        : b.low < a.low ? b.low
                                        : -(double)INFINITY,
                        a.high >= b.high  ? a.high
                        : b.high > a.high ? b.high
                                          : (double)INFINITY};
}

/* Cut to [low, high]; a NaN end becomes the limit. */
static inline vouch_span vouch_span_cut(vouch_span a, double low, double high)
{
    return (vouch_span){a.low > low ? fmin(a.low, high) : low,
                        a.high < high ? fmax(a.high, low) : high};
}

static inline vouch_span vouch_span_neg(vouch_span a) { return (vouch_span){-a.high, -a.low}; }

static inline vouch_span vouch_span_add(vouch_span a, vouch_span b)
{
    return (vouch_span){vouch_sum_down(a.low, b.low), vouch_sum_up(a.high, b.high)};
}

static inline vouch_span vouch_span_mul(vouch_span a, vouch_span b)
{
    if (a.low >= 0 && b.low >= 0)
        return (vouch_span){vouch_product_down(a.low, b.low), vouch_product_up(a.high, b.high)};
    const double x[4] = {a.low, a.low, a.high, a.high}, y[4] = {b.low, b.high, b.low, b.high};
    vouch_span r = {vouch_product_down(x[0], y[0]), vouch_product_up(x[0], y[0])};
    for (int i = 1; i < 4; i++) {
        r.low = fmin(r.low, vouch_product_down(x[i], y[i]));
        r.high = fmax(r.high, vouch_product_up(x[i], y[i]));
    }
    return r;
}

/* Unbounded where b may be zero. */
static inline vouch_span vouch_span_div(vouch_span a, vouch_span b)
{
    if (!(b.low > 0 || b.high < 0))
        return vouch_span_all();
    if (a.low >= 0 && b.low > 0)
        return (vouch_span){vouch_quotient_down(a.low, b.high),
                            vouch_quotient_up(a.high, b.low)};
    const double x[4] = {a.low, a.low, a.high, a.high}, y[4] = {b.low, b.high, b.low, b.high};
    vouch_span r = {vouch_quotient_down(x[0], y[0]), vouch_quotient_up(x[0], y[0])};
    for (int i = 1; i < 4; i++) {
        r.low = fmin(r.low, vouch_quotient_down(x[i], y[i]));
        r.high = fmax(r.high, vouch_quotient_up(x[i], y[i]));
    }
    return r;
}

/* x^2, tight where the interval holds 0. */
static inline vouch_span vouch_span_square(vouch_span a)
{
    const double least = a.low > 0 ? a.low : a.high < 0 ? -a.high : 0;
    const double most = fmax(-a.low, a.high);
    return (vouch_span){vouch_product_down(least, least), vouch_product_up(most, most)};
}

/* Around a result of the C library that errs by a few ulp. Infinite: beyond the doubles. */
static inline double vouch_library_down(double y)
{
    return isinf(y) ? (y > 0 ? DBL_MAX : y) : vouch_libm_down(y);
}
static inline double vouch_library_up(double y) { return -vouch_library_down(-y); }

static inline vouch_span vouch_span_library(double y)
{
    return (vouch_span){vouch_library_down(y), vouch_library_up(y)};
}

static inline vouch_span vouch_span_exp(vouch_span x)
{
    vouch_span r = {vouch_library_down(exp(x.low)), vouch_library_up(exp(x.high))};
    if (x.low == 0)
        r.low = 1;
    if (x.high == 0)
        r.high = 1;
    return vouch_span_cut(r, 0, (double)INFINITY);
}

#endif
