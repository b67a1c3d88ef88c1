/* Inputs of which only the step they stand on matters.
 *
 * Where a network reads an input only through casts to an integer (a place in an image), or only
 * through Floor, it is constant between jumps. Let s be that step: it never falls, and
 * s(s(x)) = s(x). Cutting such an input's interval [l, h] at a point leaves a jump in one half or
 * a sliver of a step in both; cutting between values of s, [l, m] and [m + 1, h], loses no value
 * of the network: f(x) = f(x with the input replaced by s(x), held within [l, h]), since for every
 * value k that s takes on [l, h], s(k held within [l, h]) = k. A search that cuts so ends at
 * points.
 */
#ifndef VOUCH_LOWER_INTEGRAL_H
#define VOUCH_LOWER_INTEGRAL_H

#include "op/op.h"

enum {
    VOUCH_INTEGRAL_UNREAD = -2, /* nothing depends on the input */
    VOUCH_INTEGRAL_RAW = -1     /* more than a step of it matters */
};

/* step[i] of every input element, in the order of vouch_op_eval_graph: the number of a node
 * (of class STEP) through which alone it is read, or through others of the same operator; or one
 * of the above. */
vouch_status vouch_lower_integral(vouch_context *ctx, const vouch_graph *graph, int *step);

/* The values that a step takes on [low, high], finite: the whole numbers first .. last. */
vouch_status vouch_integral_values(vouch_context *ctx, const vouch_graph *graph, int step,
                                   double low, double high, double *first, double *last);

#endif
