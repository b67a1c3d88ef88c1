/* What the library's own code does with a context: report errors, allocate, show progress.
 *
 * Errors: the first one wins. A function that fails calls vouch_fail(ctx, status, format, ...)
 * once, where it knows best what is wrong, and everyone above returns the status unchanged:
 *
 *     vouch_status s = vouch_graph_load(...);
 *     if (s) return s;                           // or VOUCH_TRY(vouch_graph_load(...));
 */
#ifndef VOUCH_BASE_CONTEXT_H
#define VOUCH_BASE_CONTEXT_H

#include <stdint.h>

#include <vouch/context.h>

#if defined(__GNUC__)
#define VOUCH_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define VOUCH_PRINTF(fmt, args)
#endif

/* Returns from the calling function with the status of expr unless it is VOUCH_OK. */
#define VOUCH_TRY(expr)                                                                        \
    do {                                                                                       \
        vouch_status vouch_try_status_ = (expr);                                               \
        if (vouch_try_status_ != VOUCH_OK)                                                     \
            return vouch_try_status_;                                                          \
    } while (0)

/* Records the error unless one is recorded already; returns status. The text needs no newline
 * and begins with the place: "net.onnx: node 'conv1' (Conv): ...", "p.vnnlib:12: ...". */
vouch_status vouch_fail(vouch_context *ctx, vouch_status status, const char *format, ...)
    VOUCH_PRINTF(3, 4);

/* Puts "prefix: " before the recorded text (a file name known only to an outer caller). */
void vouch_error_prefix(vouch_context *ctx, const char *prefix);

/* Copies a child's error to its parent if the parent has none (join in worker order). */
void vouch_context_adopt_error(vouch_context *parent, const vouch_context *child);

/* Raw memory of the context's allocator. NULL when out of memory, recorded as an error.
 * vouch_alloc of size 0 gives a valid block. vouch_alloc zeroes what it gives. */
void *vouch_alloc(vouch_context *ctx, size_t size);
void *vouch_resize(vouch_context *ctx, void *block, size_t size);
void vouch_release(vouch_context *ctx, void *block);
const vouch_allocator *vouch_context_allocator(const vouch_context *ctx);

/* Memory has a limit, which a root context and its children share (SIZE_MAX, none, at birth).
 * All that comes from the functions above, and so from arenas, counts; what libraries take for
 * themselves does not. Two steps, so that a long computation degrades and never dies:
 *
 *   is_short    an eighth or less is left. Polled (a few loads) where work can be had for less:
 *               a search goes depth-first, drops warm starts and makes smaller batches; an arena
 *               gives back what it holds in reserve (vouch_arena_trim).
 *   the limit   a request beyond it fails like any other that does, with VOUCH_ERR_MEMORY, and
 *               `refused` stays set until a limit is set anew. Who set the limit (vouch_verify
 *               does) thereby tells it from a machine without memory: it is a verdict `unknown`.
 */
typedef struct vouch_memory {
    size_t used, peak, limit; /* bytes: now, at most so far, allowed */
    bool is_short, refused;
} vouch_memory;

vouch_memory vouch_context_memory(const vouch_context *ctx);
void vouch_context_set_memory_limit(vouch_context *ctx, size_t bytes);
size_t vouch_machine_memory(void); /* bytes: of the machine, or of the container we are in */

/* A computation with a time limit sets the deadline (vouch_wall_s; INFINITY: none) on its context
 * and takes it back at its end; children born in between have it too. What polls
 * vouch_context_stopped (which reads a clock: per node or chunk, not per number) then returns
 * VOUCH_ERR_CANCELLED, and who set the deadline tells it from a cancellation. */
void vouch_context_set_deadline(vouch_context *ctx, double wall_s);
bool vouch_context_stopped(const vouch_context *ctx); /* cancelled, or past the deadline */
vouch_status vouch_fail_stopped(vouch_context *ctx);  /* VOUCH_ERR_CANCELLED, with a text */
vouch_status vouch_context_poll(vouch_context *ctx);  /* that where stopped, else VOUCH_OK */

void vouch_report_progress(const vouch_context *ctx, const vouch_progress *progress);
/* So many of so many units are done, in work that began then (vouch_wall_s) and has no limit. */
void vouch_report_units(const vouch_context *ctx, const char *phase, int64_t done,
                        int64_t units, double begun_s);
bool vouch_has_progress(const vouch_context *ctx);
/* Lets the child report to the parent's function: only where both live on one thread. Children
 * are born silent. */
void vouch_context_share_progress(vouch_context *child, const vouch_context *parent);

#endif
