/* Worker threads for one call: start n, run the same function in each, join.
 *
 * Invariant: workers see only their own child context; at the join the error of the
 * lowest-numbered failing worker becomes the caller's, so what is reported does not depend on
 * timing. Worker 0 runs in the calling thread and may report progress; one worker alone starts
 * no thread. Either all workers run or none does, so they may wait for one another.
 */
#ifndef VOUCH_BASE_WORKERS_H
#define VOUCH_BASE_WORKERS_H

#include "base/context.h"

typedef vouch_status vouch_worker_fn(vouch_context *ctx, void *shared, int worker);

/* Runs fn(child, shared, 0..count-1) and waits for all. */
vouch_status vouch_workers_run(vouch_context *ctx, int count, vouch_worker_fn *fn,
                               void *shared);
/* Cores this process may use. */
int vouch_workers_available(void);

#endif
