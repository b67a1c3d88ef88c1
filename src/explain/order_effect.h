/* Orders by effect: how much the margin falls when a feature takes other values. */
#ifndef VOUCH_EXPLAIN_ORDER_EFFECT_H
#define VOUCH_EXPLAIN_ORDER_EFFECT_H

#include "explain/strategy.h"

/* What input i becomes. */
typedef float vouch_effect_fn(const vouch_formal_problem *problem, int64_t i);

/* score[features] <- |margin at the point - margin with the feature changed|. */
vouch_status vouch_order_by_effect(vouch_inquiry *q, vouch_effect_fn *change, double *score);

#endif
