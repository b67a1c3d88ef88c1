#include "num/round.h"

/* n u / (1 - n u) for u = 2^-bits: n u and 1 - n u are exact where n < 2^bits <= 2^53, so the
 * division is the only operation that rounds. */
static double gamma_up(int64_t n, double u)
{
    if (n <= 0)
        return 0;
    const double nu = (double)n * u;
    if (!(nu < 1))
        return (double)INFINITY;
    return vouch_up(nu / (1 - nu));
}

double vouch_gamma64(int64_t n) { return gamma_up(n, VOUCH_U64); }

double vouch_gamma32(int64_t n) { return gamma_up(n, (double)VOUCH_U32); }

float vouch_float_down(double x)
{
    const float f = (float)x;
    return (double)f > x ? nextafterf(f, -INFINITY) : f;
}

float vouch_float_up(double x)
{
    const float f = (float)x;
    return (double)f < x ? nextafterf(f, INFINITY) : f;
}

/* A product with a zero is exact: widening it would lose its sign for nothing. A NaN may be
 * anything. */
static double product_down(double a, double b)
{
    const double p = a * b;
    if (isnan(a) || isnan(b))
        return -(double)INFINITY;
    return a == 0 || b == 0 ? 0 : vouch_down(p);
}

static double product_up(double a, double b) { return -product_down(-a, b); }

/* The extremes of a bilinear function over a box lie at its corners. */
void vouch_interval_mul(double al, double ah, double bl, double bh, double *low, double *high)
{
    const double a[4] = {al, al, ah, ah}, b[4] = {bl, bh, bl, bh};
    double least = product_down(al, bl), greatest = product_up(al, bl);
    for (int i = 1; i < 4; i++) {
        least = fmin(least, product_down(a[i], b[i]));
        greatest = fmax(greatest, product_up(a[i], b[i]));
    }
    *low = least;
    *high = greatest;
}
