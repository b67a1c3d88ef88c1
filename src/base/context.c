/* Contexts: allocator, first error, stop flag, deadline, progress.
 *
 * The error text has a fixed place in the context, so that running out of memory can be
 * reported without memory. Stop flag and meter of memory live in the root context; every child
 * points to them, which is why a child must not outlive its root. The flag is a lock-free atomic: setting it from a
 * signal handler or another thread is allowed, and it orders no other memory. The deadline is
 * copied to children at their birth: two computations on children of one root have each its own.
 */
#include "base/context.h"

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

enum { ERROR_TEXT = 1024 };

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "cancel must be async-signal-safe");

struct vouch_context {
    vouch_allocator allocator;
    atomic_int own_stop;
    atomic_int *stop; /* the root's own_stop */
    vouch_meter own_meter;
    vouch_meter *meter;      /* the root's own_meter */
    _Atomic double deadline; /* atomic: a child may be born on any thread */
    vouch_status status;
    char error[ERROR_TEXT];
    vouch_progress_fn *progress;
    void *progress_user;
};

static void *libc_resize(void *user, void *block, size_t size)
{
    (void)user;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

static vouch_context *make(const vouch_allocator *allocator)
{
    vouch_context *ctx = allocator->resize(allocator->user, NULL, sizeof *ctx);
    if (!ctx)
        return NULL;
    memset(ctx, 0, sizeof *ctx);
    ctx->allocator = *allocator;
    atomic_init(&ctx->own_stop, 0);
    ctx->stop = &ctx->own_stop;
    vouch_meter_start(&ctx->own_meter);
    ctx->meter = &ctx->own_meter;
    atomic_init(&ctx->deadline, (double)INFINITY);
    return ctx;
}

vouch_context *vouch_context_new(const vouch_allocator *allocator)
{
    const vouch_allocator libc = {libc_resize, NULL};
    return make(allocator ? allocator : &libc);
}

vouch_context *vouch_context_new_child(const vouch_context *parent)
{
    vouch_context *ctx = make(&parent->allocator);
    if (!ctx)
        return NULL;
    ctx->stop = parent->stop;
    ctx->meter = parent->meter;
    atomic_init(&ctx->deadline, atomic_load_explicit(&parent->deadline, memory_order_relaxed));
    return ctx;
}

void vouch_context_free(vouch_context *ctx)
{
    if (!ctx)
        return;
    vouch_allocator allocator = ctx->allocator; /* ctx dies in the call that uses it */
    allocator.resize(allocator.user, ctx, 0);
}

/* ---- errors ---------------------------------------------------------------------------- */

vouch_status vouch_context_status(const vouch_context *ctx) { return ctx->status; }

const char *vouch_context_error(const vouch_context *ctx) { return ctx->error; }

void vouch_context_clear_error(vouch_context *ctx)
{
    ctx->status = VOUCH_OK;
    ctx->error[0] = '\0';
}

/* An error is one line of a terminal or a log: names taken from a file must not break it. */
static void keep_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

vouch_status vouch_fail(vouch_context *ctx, vouch_status status, const char *format, ...)
{
    if (ctx->status != VOUCH_OK)
        return status;
    ctx->status = status;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ctx->error, sizeof ctx->error, format, args);
    va_end(args);
    keep_one_line(ctx->error);
    return status;
}

void vouch_error_prefix(vouch_context *ctx, const char *prefix)
{
    if (ctx->status == VOUCH_OK)
        return;
    char text[ERROR_TEXT];
    memcpy(text, ctx->error, sizeof text);
    (void)snprintf(ctx->error, sizeof ctx->error, "%.400s: %.600s", prefix, text);
    keep_one_line(ctx->error);
}

void vouch_context_adopt_error(vouch_context *parent, const vouch_context *child)
{
    if (parent->status != VOUCH_OK || child->status == VOUCH_OK)
        return;
    parent->status = child->status;
    memcpy(parent->error, child->error, sizeof parent->error);
}

/* ---- cancellation and progress ----------------------------------------------------------- */

void vouch_context_cancel(vouch_context *ctx)
{
    atomic_store_explicit(ctx->stop, 1, memory_order_relaxed);
}

bool vouch_context_cancelled(const vouch_context *ctx)
{
    return atomic_load_explicit(ctx->stop, memory_order_relaxed) != 0;
}

void vouch_context_reset_cancel(vouch_context *ctx)
{
    atomic_store_explicit(ctx->stop, 0, memory_order_relaxed);
}

void vouch_context_set_deadline(vouch_context *ctx, double wall_s)
{
    atomic_store_explicit(&ctx->deadline, wall_s, memory_order_relaxed);
}

bool vouch_context_stopped(const vouch_context *ctx)
{
    const double deadline = atomic_load_explicit(&ctx->deadline, memory_order_relaxed);
    return vouch_context_cancelled(ctx) || (isfinite(deadline) && vouch_wall_s() >= deadline);
}

vouch_status vouch_fail_stopped(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_CANCELLED, "stopped: %s",
                      vouch_context_cancelled(ctx) ? "by the caller" : "time limit reached");
}

vouch_status vouch_context_poll(vouch_context *ctx)
{
    return vouch_context_stopped(ctx) ? vouch_fail_stopped(ctx) : VOUCH_OK;
}

void vouch_context_set_progress(vouch_context *ctx, vouch_progress_fn *fn, void *user)
{
    ctx->progress = fn;
    ctx->progress_user = user;
}

bool vouch_has_progress(const vouch_context *ctx) { return ctx->progress != NULL; }

void vouch_report_progress(const vouch_context *ctx, const vouch_progress *progress)
{
    if (ctx->progress)
        ctx->progress(ctx->progress_user, progress);
}

void vouch_report_units(const vouch_context *ctx, const char *phase, int64_t done,
                        int64_t units, double begun_s)
{
    const vouch_progress p = {.phase = phase,
                              .done = (unsigned long long)done,
                              .open = (unsigned long long)(units - done),
                              .proved_share = (double)NAN,
                              .elapsed_s = vouch_wall_s() - begun_s,
                              .limit_s = (double)INFINITY};
    vouch_report_progress(ctx, &p);
}

void vouch_context_share_progress(vouch_context *child, const vouch_context *parent)
{
    vouch_context_set_progress(child, parent->progress, parent->progress_user);
}

/* ---- memory ------------------------------------------------------------------------------ */

const vouch_allocator *vouch_context_allocator(const vouch_context *ctx)
{
    return &ctx->allocator;
}

void *vouch_resize(vouch_context *ctx, void *block, size_t size)
{
    bool limited = false;
    /* Size 0 would free: give the smallest block instead. */
    void *p = vouch_meter_resize(ctx->meter, &ctx->allocator, block, size ? size : 1, &limited);
    if (!p)
        vouch_fail(ctx, VOUCH_ERR_MEMORY, "%s (%zu bytes wanted)",
                   limited ? "memory limit reached" : "out of memory", size);
    return p;
}

void *vouch_alloc(vouch_context *ctx, size_t size)
{
    void *p = vouch_resize(ctx, NULL, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void vouch_release(vouch_context *ctx, void *block)
{
    bool limited = false;
    if (block)
        vouch_meter_resize(ctx->meter, &ctx->allocator, block, 0, &limited);
}

void vouch_context_set_memory_limit(vouch_context *ctx, size_t bytes)
{
    atomic_store_explicit(&ctx->meter->limit, bytes, memory_order_relaxed);
    atomic_store_explicit(&ctx->meter->refused, false, memory_order_relaxed);
}

vouch_memory vouch_context_memory(const vouch_context *ctx)
{
    vouch_memory memory = {
        .used = atomic_load_explicit(&ctx->meter->used, memory_order_relaxed),
        .peak = atomic_load_explicit(&ctx->meter->peak, memory_order_relaxed),
        .limit = atomic_load_explicit(&ctx->meter->limit, memory_order_relaxed),
        .refused = atomic_load_explicit(&ctx->meter->refused, memory_order_relaxed)};
    memory.is_short = memory.used >= memory.limit - memory.limit / 8;
    return memory;
}
