/* What of a bound graph is used; see live.c. */
#ifndef VOUCH_OP_LIVE_H
#define VOUCH_OP_LIVE_H

#include "op/op_priv.h"

/* Marks a node's outputs partial where an input is. */
void vouch_op_spread_partial(const vouch_graph *g, const vouch_node *node);
/* Drops nodes that no output depends on, in place; refuses partial values read by others than
 * those who know them. */
vouch_status vouch_op_keep_live(vouch_context *ctx, vouch_graph *g);

#endif
