/* Robustness as a property: no point of the ball is classified otherwise. */
#ifndef VOUCH_ATTACK_BALL_SPEC_H
#define VOUCH_ATTACK_BALL_SPEC_H

#include "attack/ball.h"
#include "op/op.h"
#include "spec/spec.h"

/* The property whose unsafe region is: x' in the L-infinity ball around x, and another class's
 * output at least the label's. Exact: the box of the property is that of the reals whose points
 * vouch_ball_contains admits. Rules of tables are relaxed: categories may take any mixture,
 * whole numbers any number between. Freed by vouch_spec_free, before the
 * arena, in which its text lies. */
vouch_status vouch_ball_spec(vouch_arena *arena, const vouch_graph *graph,
                             const vouch_ball *ball, const float *x, int label,
                             vouch_spec **spec);

#endif
