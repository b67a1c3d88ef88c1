/* The greatest (or least) of several, as ReLUs.
 *
 * max(a, b) = a + Relu(b - a), min(a, b) = a - Relu(a - b): exact over the reals, and the Relu
 * can be split. Several elements are compared in pairs, as in a tournament, so that no bound
 * runs through more than log n of them.
 */
#ifndef VOUCH_OP_GREATEST_H
#define VOUCH_OP_GREATEST_H

#include "op/expansion.h"

/* As vouch_op.window. */
typedef int64_t (*vouch_window_of)(const vouch_graph *graph, const vouch_node *node, int64_t i,
                                   int64_t *element);

/* max(a, b), or min where `least`, of two values under broadcasting. */
int vouch_greatest_pair(struct vouch_op_expansion *into, bool least, int a, int b, int output);
/* Output i of the node: the greatest (least) of the elements that window(i) lists. */
vouch_status vouch_greatest_tree(struct vouch_op_expansion *into, const vouch_node *node,
                                 vouch_window_of window, bool least);

#endif
