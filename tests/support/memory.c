/* Counting and failing memory. Each block has a header that holds its size. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 16 }; /* keeps malloc's alignment */

static bool must_fail(vouch_test_memory *m)
{
    const long n = atomic_fetch_add(&m->requests, 1) + 1;
    return m->fail_at && (n == m->fail_at || (m->fail_on && n > m->fail_at));
}

static void count_bytes(vouch_test_memory *m, long change)
{
    const long now = atomic_fetch_add(&m->bytes, change) + change;
    long peak = atomic_load(&m->peak);
    while (now > peak && !atomic_compare_exchange_weak(&m->peak, &peak, now))
        continue;
}

static size_t size_of(const char *raw)
{
    size_t size = 0;
    if (raw)
        memcpy(&size, raw, sizeof size);
    return size;
}

static void *test_resize(void *user, void *block, size_t size)
{
    vouch_test_memory *m = user;
    char *raw = block ? (char *)block - HEADER : NULL;
    const size_t old = size_of(raw);
    if (size == 0) {
        atomic_fetch_sub(&m->live, raw ? 1 : 0);
        count_bytes(m, -(long)old);
        free(raw);
        return NULL;
    }
    if (must_fail(m))
        return NULL;
    char *grown = realloc(raw, size + HEADER);
    if (!grown)
        return NULL;
    memcpy(grown, &size, sizeof size);
    if (!raw)
        memset(grown + HEADER, 0xa5, size); /* nobody may count on zeros */
    atomic_fetch_add(&m->live, raw ? 0 : 1);
    count_bytes(m, (long)size - (long)old);
    return grown + HEADER;
}

vouch_allocator vouch_test_allocator(vouch_test_memory *memory)
{
    return (vouch_allocator){test_resize, memory};
}

vouch_context *vouch_test_context(void)
{
    vouch_context *ctx = vouch_context_new(NULL);
    assert_non_null(ctx);
    return ctx;
}

/* One round: allocation k fails. Returns true where fn needed fewer than k. */
static bool round_passes(vouch_test_fn *fn, void *user, long k, bool fail_on)
{
    vouch_test_memory memory = {.fail_on = fail_on};
    const vouch_allocator allocator = vouch_test_allocator(&memory);
    vouch_context *ctx = vouch_context_new(&allocator);
    assert_non_null(ctx);
    memory.fail_at = memory.requests + k;
    const vouch_status s = fn(ctx, user);
    const bool reached = memory.requests >= memory.fail_at;
    if (s != (reached ? VOUCH_ERR_MEMORY : VOUCH_OK))
        fail_msg("allocation %ld %s: status '%s', text '%s'", k,
                 reached ? "failed" : "was not reached", vouch_status_name(s),
                 vouch_context_error(ctx));
    if (reached) {
        assert_int_equal(vouch_context_status(ctx), VOUCH_ERR_MEMORY);
        assert_string_not_equal(vouch_context_error(ctx), "");
    }
    vouch_context_free(ctx);
    if (memory.live != 0)
        fail_msg("allocation %ld %s: %ld blocks leaked", k,
                 reached ? "failed" : "was not reached", (long)memory.live);
    return !reached;
}

static void fail_allocations(vouch_test_fn *fn, void *user, long tries)
{
    for (int on = 0; on < 2; on++) {
        long k = 1, done = 0;
        while (!round_passes(fn, user, k, on == 1)) {
            done++;
            k += tries && done > tries / 2 ? 1 + k * 8 / tries : 1;
        }
    }
}

void vouch_test_every_allocation_fails(vouch_test_fn *fn, void *user)
{
    fail_allocations(fn, user, 0);
}

void vouch_test_some_allocations_fail(vouch_test_fn *fn, void *user, long tries)
{
    fail_allocations(fn, user, tries);
}
