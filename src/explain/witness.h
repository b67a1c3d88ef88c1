/* Witnesses: that a feature matters. */
#ifndef VOUCH_EXPLAIN_WITNESS_H
#define VOUCH_EXPLAIN_WITNESS_H

#include "explain/strategy.h"

/* Looks, for each of the `count` features that is open, for a point of the box of it and of the
 * irrelevant ones where another class wins, and replays it; what is found becomes relevant. */
vouch_status vouch_witness_look(vouch_inquiry *q, const int64_t *feature, int64_t count);
/* The feature becomes relevant by that point, which was replayed and has the class `rival`. */
vouch_status vouch_witness_keep(vouch_inquiry *q, int64_t feature, int rival, const float *x);

#endif
