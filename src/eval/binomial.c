/* Exact statistics of counts, to nearly all digits and for any count.
 *
 * P(Bin(n, p) >= k) = I_p(k, n - k + 1). The incomplete beta function is a continued fraction
 * [DLMF 8.17.22] times a factor that is a binomial density; this is where logarithms of
 * factorials would cancel, so the density is Loader's saddle-point form [Loader 2000], which
 * has no large terms. Its inverse and the normal quantile are bisections down to neighbouring
 * doubles: monotone functions, a few dozen evaluations, nothing to tune.
 *
 * The bounds certify, so what rounding there is goes the safe way: alpha is lowered by far more
 * than the relative error of the functions here, and of the two ends left the lower is taken.
 */
#include "eval/binomial.h"

#include <math.h>
#include <stdbool.h>

/* Relative; the functions here are good to about 1e-12 (tests/eval/test_binomial.c). */
static const double SAFETY = 1e-9;

static const double TWO_PI = 6.283185307179586;

/* What Stirling's formula leaves of log(n!). */
static double stirling_error(double n)
{
    const double s = 1 / (n * n);
    if (n < 16)
        return lgamma(n + 1) - (n + .5) * log(n) + n - .5 * log(TWO_PI);
    return (1. / 12 - s * (1. / 360 - s * (1. / 1260 - s * (1. / 1680 - s / 1188)))) / n;
}

/* x log(x / m) + m - x without cancellation. */
static double deviance(double x, double m)
{
    const double v = (x - m) / (x + m);
    if (fabs(x - m) >= .1 * (x + m))
        return x * log(x / m) + m - x;
    double sum = (x - m) * v, term = 2 * x * v;
    for (int k = 3; k < 100; k += 2) {
        const double before = sum;
        term *= v * v;
        sum += term / k;
        if (sum == before)
            break;
    }
    return sum;
}

/* binomial(n, k) p^k q^(n - k), n = a + b, k = a; a and b need not be whole. */
static double density(double a, double b, double p, double q)
{
    const double n = a + b;
    const double log_part = stirling_error(n) - stirling_error(a) - stirling_error(b) -
                            deviance(a, n * p) - deviance(b, n * q);
    return exp(log_part) * sqrt(n / (TWO_PI * a * b));
}

/* The continued fraction by Lentz's method; fast for x below (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x)
{
    enum { MOST = 1000000 };
    double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), value = d;
    for (int i = 1; i < MOST; i++) {
        const double m = i;
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        value *= c * d;
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        value *= c * d;
        if (fabs(c * d - 1) < 0x1p-51)
            break;
    }
    return value;
}

double vouch_incomplete_beta(double a, double b, double x)
{
    if (!(x > 0))
        return 0;
    if (x >= 1)
        return 1;
    const double front = density(a, b, x, 1 - x) * a * b / (a + b);
    if (x < (a + 1) / (a + b + 2))
        return front * fraction(a, b, x) / a;
    return 1 - front * fraction(b, a, 1 - x) / b;
}

/* THM: Clopper and Pearson 1934: the p at which k hits or more have probability alpha. */
double vouch_binomial_lower(int64_t k, int64_t n, double alpha)
{
    double low = 0, high = n > 0 ? (double)k / (double)n : 0;
    alpha *= 1 - SAFETY;
    if (k <= 0)
        return 0;
    for (;;) {
        const double p = low + (high - low) / 2;
        if (p <= low || p >= high)
            return low;
        if (vouch_incomplete_beta((double)k, (double)(n - k) + 1, p) <= alpha)
            low = p;
        else
            high = p;
    }
}

double vouch_binomial_test(int64_t k, int64_t n)
{
    const int64_t most = k > n - k ? k : n - k;
    if (2 * most == n)
        return 1;
    return fmin(1, 2 * vouch_incomplete_beta((double)most, (double)(n - most) + 1, .5));
}

/* [Wilson 1927] */
void vouch_wilson(int64_t hits, int64_t of, double end[2])
{
    const double z = 1.959963984540054, n = of > 0 ? (double)of : 1, share = (double)hits / n;
    const double centre = (share + z * z / (2 * n)) / (1 + z * z / n);
    const double half =
        z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    end[0] = fmax(0, centre - half);
    end[1] = fmin(1, centre + half);
}

/* The x >= 0 whose upper tail has that probability, rounded toward 0. */
static double upper_tail(double tail)
{
    double low = 0, high = 40; /* where tails of doubles end */
    for (;;) {
        const double x = low + (high - low) / 2;
        if (x <= low || x >= high)
            return low;
        if (erfc(x / sqrt(2)) / 2 >= tail * (1 + SAFETY))
            low = x;
        else
            high = x;
    }
}

double vouch_normal_quantile(double p) { return p >= .5 ? upper_tail(1 - p) : -upper_tail(p); }
