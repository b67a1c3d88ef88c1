/* Memory is counted where it is asked for, so that a limit is met before the system's own.
 *
 * Every counted block has a header with its size, as malloc has but does not tell. One atomic
 * addition reserves the bytes before the allocator is asked; what passes the limit is given back
 * and refused. So the sum of all blocks never passes the limit, whatever threads do, and a
 * request can be refused though another thread frees at that moment: who asks must be able to
 * go on without.
 *
 * The counters order no other memory: relaxed.
 */
#include "base/memory.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"

enum { HEADER = 16 };

_Static_assert(HEADER >= sizeof(size_t) && HEADER % _Alignof(max_align_t) == 0,
               "a header keeps the alignment of malloc");

void vouch_meter_start(vouch_meter *meter)
{
    atomic_init(&meter->used, 0);
    atomic_init(&meter->peak, 0);
    atomic_init(&meter->limit, SIZE_MAX);
    atomic_init(&meter->refused, false);
}

static bool take(vouch_meter *meter, size_t bytes)
{
    const size_t before = atomic_fetch_add_explicit(&meter->used, bytes, memory_order_relaxed);
    const size_t limit = atomic_load_explicit(&meter->limit, memory_order_relaxed);
    if (before > limit || bytes > limit - before) {
        atomic_fetch_sub_explicit(&meter->used, bytes, memory_order_relaxed);
        atomic_store_explicit(&meter->refused, true, memory_order_relaxed);
        return false;
    }
    const size_t now = before + bytes;
    size_t peak = atomic_load_explicit(&meter->peak, memory_order_relaxed);
    while (now > peak &&
           !atomic_compare_exchange_weak_explicit(&meter->peak, &peak, now,
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
    return true;
}

static void give_back(vouch_meter *meter, size_t bytes)
{
    atomic_fetch_sub_explicit(&meter->used, bytes, memory_order_relaxed);
}

static size_t size_of(const char *raw)
{
    size_t size = 0;
    if (raw)
        memcpy(&size, raw, sizeof size);
    return size;
}

void *vouch_meter_resize(vouch_meter *meter, const vouch_allocator *allocator, void *block,
                         size_t size, bool *limited)
{
    char *raw = block ? (char *)block - HEADER : NULL;
    const size_t old = size_of(raw);
    if (size == 0) {
        give_back(meter, old);
        return allocator->resize(allocator->user, raw, 0);
    }
    if (size > SIZE_MAX / 2)
        return NULL;
    const size_t more = size > old ? size - old : 0;
    *limited = !take(meter, more);
    if (*limited)
        return NULL;
    char *grown = allocator->resize(allocator->user, raw, size + HEADER);
    if (!grown) {
        give_back(meter, more);
        return NULL;
    }
    give_back(meter, old > size ? old - size : 0);
    memcpy(grown, &size, sizeof size);
    return grown + HEADER;
}

/* ---- the machine's ------------------------------------------------------------------------ */

/* The limit of the container this runs in; SIZE_MAX where there is none. */
static size_t container_memory(void)
{
    static const char *const files[] = {"/sys/fs/cgroup/memory.max",
                                        "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char text[32] = "", *end = text;
        FILE *file = fopen(files[i], "re");
        if (!file)
            continue;
        const unsigned long long bytes =
            fgets(text, sizeof text, file) ? strtoull(text, &end, 10) : 0;
        if (end != text && bytes < least) /* no limit is the word "max" */
            least = (size_t)bytes;
        (void)fclose(file);
    }
    return least;
}

size_t vouch_machine_memory(void)
{
    const size_t container = container_memory();
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    const size_t machine = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
    return machine < container ? machine : container;
}
