/* A decision of a tiny network to be explained: the network, a point, a ball around it, groups of
 * inputs and the settings of formal explanations. What every explanation must keep is judged by the
 * rationals of support/tiny.h and by exact replay.
 *
 *     vouch_test_decision_open(&shape, &random, feature, &d);   x, low, high are zeros
 *     d.x[i] = ...; d.high[i] = ...; d.ball.eps = ...;
 *     vouch_test_decision_state(&d, "value");                   groups, settings, label
 */
#ifndef VOUCH_TESTS_DECISION_H
#define VOUCH_TESTS_DECISION_H

#include "explain/formal.h"
#include "support/tiny.h"

typedef struct vouch_test_decision {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_tiny net;
    vouch_victim_plan *plan;
    float x[VOUCH_TINY_WIDTH], low[VOUCH_TINY_WIDTH], high[VOUCH_TINY_WIDTH];
    vouch_rules rules;
    vouch_ball ball;
    vouch_groups groups;
    vouch_formal_problem problem; /* points into the decision, which stays where it is */
    vouch_formal_settings settings;
} vouch_test_decision;

/* A random network of that shape, in a ball of no bound. feature: [inputs] of a table, or NULL. */
void vouch_test_decision_open(const vouch_tiny_shape *shape, vouch_random *r,
                              const vouch_feature *feature, vouch_test_decision *d);
/* The question: what of the point, as it is now, makes its class? One thread, no long searches. */
void vouch_test_decision_state(vouch_test_decision *d, const char *grouping);
/* Of the question as it stands: tests change settings and problem. */
vouch_status vouch_test_decision_explain(const vouch_test_decision *d, vouch_explanation *e);
void vouch_test_decision_close(vouch_test_decision *d);

/* By the oracle of support/tiny.h: has no point of the ball around x another class than the
 * decision's? net: its network, or a part of it. */
bool vouch_test_decision_is_safe(const vouch_test_decision *d, const vouch_tiny *net,
                                 const vouch_ball *ball, const float *x);
/* The witness of a relevant feature lies in the ball, moves that feature and irrelevant ones alone,
 * and has the class it is said to have. */
void vouch_test_decision_witness(const vouch_test_decision *d, const vouch_explanation *e,
                                 int feature);

#endif
