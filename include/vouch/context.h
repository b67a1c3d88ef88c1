/* The context: allocator, error text, cancellation and progress of one caller.
 *
 * The library holds no globals, never prints, exits or aborts. Everything a call needs from
 * its surroundings is on the context: where memory comes from (so that tests can make any
 * allocation fail), where the first error's text is kept, whether the caller asked to stop,
 * and whom to tell about progress. A context belongs to one thread; workers get children
 * (vouch_context_new_child) that share the parent's allocator and stop flag.
 */
#ifndef VOUCH_CONTEXT_H
#define VOUCH_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <vouch/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vouch_context vouch_context;

/* realloc-like: (user, NULL, n) allocates, (user, p, 0) frees and returns NULL. Must be safe to
 * call from several threads at once. Blocks are aligned as malloc aligns. */
typedef struct vouch_allocator {
    void *(*resize)(void *user, void *block, size_t size);
    void *user;
} vouch_allocator;

/* What a long computation reports from time to time. Any field may be unset (NaN or 0). */
typedef struct vouch_progress {
    const char *phase;       /* "load", "attack", "partition" ... */
    unsigned long long done; /* subproblems decided */
    unsigned long long open; /* subproblems waiting */
    double proved_share;     /* share of the input volume proved, 0..1 */
    double elapsed_s;        /* seconds since the computation began */
    double limit_s;          /* its time limit, or infinity */
} vouch_progress;

typedef void vouch_progress_fn(void *user, const vouch_progress *progress);

/* Makes a context. allocator NULL: the C library's. Returns NULL when out of memory. */
vouch_context *vouch_context_new(const vouch_allocator *allocator);
vouch_context *vouch_context_new_child(const vouch_context *parent);
void vouch_context_free(vouch_context *ctx);

/* The first error since the last clear: its status, and its text ("" when none). */
vouch_status vouch_context_status(const vouch_context *ctx);
const char *vouch_context_error(const vouch_context *ctx);
void vouch_context_clear_error(vouch_context *ctx);

/* Asks every computation on this context and its children to stop soon. Async-signal-safe. */
void vouch_context_cancel(vouch_context *ctx);
bool vouch_context_cancelled(const vouch_context *ctx);
void vouch_context_reset_cancel(vouch_context *ctx);

void vouch_context_set_progress(vouch_context *ctx, vouch_progress_fn *fn, void *user);

#ifdef __cplusplus
}
#endif

#endif
