/* Rounding-safe arithmetic: outward neighbours and running error bounds.
 *
 * Problem: bounds must be theorems over the reals though we compute in floating point.
 * Method: no process-wide rounding mode. A single operation is bracketed by the neighbours of
 * its rounded result: fl(a op b) is within half an ulp, so down(fl) <= a op b <= up(fl).
 * A sum of n products computed in any order (with or without fused multiply-add) satisfies
 *     |fl(sum a_i b_i) - sum a_i b_i| <= gamma_n sum |a_i||b_i| + n eta,
 *     gamma_n = n u / (1 - n u)                      [Higham 2002, sec. 3.1]
 * with u half an ulp of one and eta the smallest normal number (covers underflow, with or
 * without flush to zero).
 */
#ifndef VOUCH_NUM_ROUND_H
#define VOUCH_NUM_ROUND_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* False only in the build that measures what soundness costs (bench/rounding.sh): it leaves the
 * error terms out. Nothing may rely on that build's answers. */
#ifdef VOUCH_UNSOUND
enum { VOUCH_SOUND = 0 };
#else
enum { VOUCH_SOUND = 1 };
#endif

#define VOUCH_U64 (DBL_EPSILON / 2) /* unit roundoff of double */
#define VOUCH_U32 (FLT_EPSILON / 2) /* unit roundoff of float, a float constant */

/* Next double above / below; NaN stays. Both bracket an overflow too: down(inf) is the greatest
 * finite double, up(inf) stays. */
static inline double vouch_up(double x)
{
    int64_t bits;
    if (!(x < (double)INFINITY)) /* a NaN, too */
        return x;
    if (x == 0)
        return DBL_TRUE_MIN;
    memcpy(&bits, &x, sizeof bits); /* neighbours have neighbouring bits, sign and magnitude */
    bits += x > 0 ? 1 : -1;
    memcpy(&x, &bits, sizeof bits);
    return x;
}
static inline double vouch_down(double x) { return -vouch_up(-x); }

static inline double vouch_add_up(double a, double b) { return vouch_up(a + b); }
static inline double vouch_add_down(double a, double b) { return vouch_down(a + b); }
static inline double vouch_mul_up(double a, double b) { return vouch_up(a * b); }
static inline double vouch_mul_down(double a, double b) { return vouch_down(a * b); }
static inline double vouch_div_up(double a, double b) { return vouch_up(a / b); }
static inline double vouch_div_down(double a, double b) { return vouch_down(a / b); }

/* Upper bound of gamma_n for doubles / floats; infinite when n is absurd. */
double vouch_gamma64(int64_t n);
double vouch_gamma32(int64_t n);

/* Nearest float not above / not below x. */
float vouch_float_down(double x);
float vouch_float_up(double x);

/* Interval product: [*low, *high] contains a*b for all a in [al, ah], b in [bl, bh].
 * 0 * inf counts as 0; a NaN end makes the product unbounded. */
void vouch_interval_mul(double al, double ah, double bl, double bh, double *low, double *high);

#endif
