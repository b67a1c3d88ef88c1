/* Witnesses: that a feature matters. */
#ifndef VOUCH_EXPLAIN_WITNESS_H
#define VOUCH_EXPLAIN_WITNESS_H

#include "explain/strategy.h"

/* Looks for a point of that set's box where another class wins, and replays it; of tables among
 * their records. found->witness: [inputs], the caller's. */
vouch_status vouch_witness_of_set(vouch_inquiry *q, const bool *free, vouch_found *found);
/* Looks, for each of the `count` features that is open, for a point of the box of it and of the
 * irrelevant ones where another class wins, and replays it; what is found becomes relevant. */
vouch_status vouch_witness_look(vouch_inquiry *q, const int64_t *feature, int64_t count);
/* The same with vouch_witness_of_set, one feature after the other. */
vouch_status vouch_witness_each(vouch_inquiry *q, const int64_t *feature, int64_t count);
/* The feature becomes relevant by that point, which was replayed and has the class `rival`; NULL:
 * over the reals some point shows it. */
vouch_status vouch_witness_keep(vouch_inquiry *q, int64_t feature, int rival, const float *x);

#endif
