/* Directed rounding of single operations, tight: an exact result is not widened.
 *
 * The rounding error of a sum is itself a double (Knuth's two-sum), that of a product too
 * unless it underflows (fused multiply-add). Its sign says whether the rounded result lies
 * above or below the real one. Exactness matters where bounds of constants are folded, and
 * keeps zeros zero. An infinite end means "unbounded", so 0 * infinity is 0.
 */
#ifndef VOUCH_OP_DIRECTED_H
#define VOUCH_OP_DIRECTED_H

#include "num/round.h"

static inline double vouch_sum_down(double a, double b)
{
    const double s = a + b;
    if (!isfinite(s))
        return isfinite(a) && isfinite(b) ? vouch_down(s) : isnan(s) ? -(double)INFINITY : s;
    const double bb = s - a, error = (a - (s - bb)) + (b - bb);
    return error >= 0 ? s : vouch_down(s); /* an overflowing bb gives NaN: rounded down */
}

static inline double vouch_sum_up(double a, double b) { return -vouch_sum_down(-a, -b); }

static inline double vouch_product_down(double a, double b)
{
    if (a == 0 || b == 0)
        return 0;
    const double p = a * b;
    if (isnan(p))
        return -(double)INFINITY;
    if (isinf(p))
        return isfinite(a) && isfinite(b) ? vouch_down(p) : p;
    if (fabs(p) < 1e-280) /* the error of the product may be no double */
        return vouch_down(p);
    return fma(a, b, -p) >= 0 ? p : vouch_down(p);
}

static inline double vouch_product_up(double a, double b) { return -vouch_product_down(-a, b); }

/* b must not be 0 */
static inline double vouch_quotient_down(double a, double b)
{
    const double q = a / b;
    if (a == 0 || isnan(q))
        return a == 0 ? 0 : -(double)INFINITY;
    if (!isfinite(q) && !isfinite(a))
        return q;
    if (isfinite(q) && isfinite(b) && fabs(q) > 1e-280 && fabs(a) > 1e-280 &&
        fma(q, b, -a) == 0)
        return q;
    return vouch_down(q);
}

static inline double vouch_quotient_up(double a, double b)
{
    return -vouch_quotient_down(-a, b);
}

/* Bounds of a result of exp, tanh, atanh: the C library does not round them correctly. glibc
 * states errors of 1 to 2 ulp for them; 4 ulp are allowed for. */
static inline double vouch_libm_up(double x)
{
    return vouch_up(x + fabs(x) * (4 * DBL_EPSILON) + 4 * DBL_TRUE_MIN);
}

static inline double vouch_libm_down(double x) { return -vouch_libm_up(-x); }

#endif
