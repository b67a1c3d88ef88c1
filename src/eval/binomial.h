/* Statistics of counts: exact binomial bounds and tests, Wilson's interval, the normal quantile. */
#ifndef VOUCH_EVAL_BINOMIAL_H
#define VOUCH_EVAL_BINOMIAL_H

#include <stdint.h>

/* The regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1. */
double vouch_incomplete_beta(double a, double b, double x);

/* Clopper and Pearson's one-sided lower bound of a probability of which k of n trials hit: it
 * fails with probability at most alpha. Never above the exact value. */
double vouch_binomial_lower(int64_t k, int64_t n, double alpha);

/* How likely counts at least as unequal as k and n - k are where both are equally probable
 * (two-sided). */
double vouch_binomial_test(int64_t k, int64_t n);

/* Wilson's interval of a share at 95 %. */
void vouch_wilson(int64_t hits, int64_t of, double end[2]);

/* The x with P(N(0,1) <= x) = p, for 0 < p < 1; for p above a half never above the exact one. */
double vouch_normal_quantile(double p);

#endif
