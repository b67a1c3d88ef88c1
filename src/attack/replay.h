/* Replaying a claim: is a point that a float32 network gets wrong wrong over the reals?
 *
 * The same decision as behind a verdict `sat` (falsify.h): outward intervals at the point, and
 * exact rationals where they do not decide and the network allows it.
 */
#ifndef VOUCH_ATTACK_REPLAY_H
#define VOUCH_ATTACK_REPLAY_H

#include "attack/objective.h"
#include "op/op.h"

/* graph: with logits for outputs (victim.h). *proved: at exactly x the network over the reals
 * prefers *predicted to the label, or the aim's target to all other classes. */
vouch_status vouch_attack_replay(vouch_context *ctx, vouch_arena *scratch,
                                 const vouch_graph *graph, const vouch_aim *aim, const float *x,
                                 int *predicted, bool *proved);

#endif
