/* The frontier: batches waiting to be bounded, shared by the workers.
 *
 * Every worker has a stack of its own and works depth first, so that memory stays small and the
 * networks in use stay in its cache; one that runs dry steals the oldest, largest piece of
 * another. One lock guards all stacks: a batch takes tens of microseconds or more to bound.
 *
 * Invariant: `pending` = batches stacked + batches being worked on. The search is over when it
 * is zero, or when somebody called vouch_frontier_stop.
 */
#ifndef VOUCH_VERIFY_FRONTIER_H
#define VOUCH_VERIFY_FRONTIER_H

#include "bounds/engine.h"

typedef struct vouch_frontier vouch_frontier;

vouch_frontier *vouch_frontier_new(vouch_context *ctx, int workers);
/* Frees the batches left, too. */
void vouch_frontier_free(vouch_context *ctx, vouch_frontier *f, const vouch_engine_type *type);

/* Hands `count` batches over, to be taken in order by this worker. On failure they are freed.
 */
vouch_status vouch_frontier_push(vouch_context *ctx, vouch_frontier *f, int worker,
                                 const vouch_engine_type *type, vouch_batch **batch, int count);
/* Waits for a batch; NULL when the search is over. Each batch taken must be answered by one
 * vouch_frontier_done, after its children were pushed. */
vouch_batch *vouch_frontier_take(vouch_frontier *f, int worker);
void vouch_frontier_done(vouch_frontier *f);
void vouch_frontier_stop(vouch_frontier *f);
/* Boxes waiting (not those being worked on). */
uint64_t vouch_frontier_open(vouch_frontier *f);

#endif
