/* Inputs of which only the integer part matters.
 *
 * Where a network reads an input only through casts to an integer (a place in an image), it is
 * constant between integers, and steps there. Cutting such an input's interval [l, h] at a point
 * p leaves the step at p in both halves; cutting between integers, [l, m] and [m + 1, h], loses
 * no value of the network: f(x) = f(x with the input cut towards zero). A search that does so
 * ends at points.
 */
#ifndef VOUCH_LOWER_INTEGRAL_H
#define VOUCH_LOWER_INTEGRAL_H

#include "op/op.h"

/* integral[i] of every input element, in the order of vouch_op_eval_graph. */
vouch_status vouch_lower_integral(vouch_context *ctx, const vouch_graph *graph, bool *integral);

#endif
