/* Numbers in double precision that remember what they were made from, so that derivatives of any of
 * them by all others follow, exact but for rounding. Derivatives can be such numbers themselves:
 * then they have derivatives too.
 *
 * A number is an index; what it was made from comes before it. There are only sums of products and
 * a few functions. Decisions (which side of a kink) are taken when a number is made and are held.
 *
 * What float32 gradients are checked against: nothing here knows how the engine goes about it.
 */
#ifndef VOUCH_TESTS_TRACE_H
#define VOUCH_TESTS_TRACE_H

#include <stdbool.h>
#include <stdint.h>

typedef int traced;
enum { TRACED_ZERO, TRACED_ONE }; /* always there */

typedef struct vouch_trace vouch_trace;

vouch_trace *vouch_trace_new(void);
void vouch_trace_free(vouch_trace *t);

/* A number made from nothing: a constant, or what derivatives are asked by. */
traced trace_number(vouch_trace *t, double x);
double trace_value(const vouch_trace *t, traced a);

/* The sum of a[i] b[i]. */
traced trace_dot(vouch_trace *t, int64_t count, const traced *a, const traced *b);
traced trace_sum(vouch_trace *t, int64_t count, const traced *a);
traced trace_add(vouch_trace *t, traced a, traced b);
traced trace_less(vouch_trace *t, traced a, traced b); /* a - b */
traced trace_times(vouch_trace *t, traced a, traced b);
traced trace_over(vouch_trace *t, traced a, traced b);
traced trace_scale(vouch_trace *t, traced a, double factor);
traced trace_exp(vouch_trace *t, traced a);
traced trace_log(vouch_trace *t, traced a);
traced trace_power(vouch_trace *t, traced a, double exponent);
traced trace_erfc(vouch_trace *t, traced a);

/* |a|, of what is known exactly: parameters and their differences. */
traced trace_size(vouch_trace *t, traced a);
/* Is a > 0? How near to 0 it was is noted. */
bool trace_positive(vouch_trace *t, traced a);
traced trace_ramp(vouch_trace *t, traced a); /* max(a, 0) */
traced trace_most(vouch_trace *t, traced a, traced b);
/* The least size of what trace_positive was asked about: less than float32's rounding, and the
 * engine may be on the other side of that kink. */
double trace_nearest(const vouch_trace *t);

/* d[a] <- derivatives of y by every number a <= y, which the caller frees. */
double *trace_derive(const vouch_trace *t, traced y);
/* to[i] <- the derivative of y by by[i], a number. */
void trace_differentiate(vouch_trace *t, traced y, int64_t count, const traced *by, traced *to);

#endif
