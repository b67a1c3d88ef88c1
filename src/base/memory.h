/* Counting memory against a limit: what stands between a context and its allocator. */
#ifndef VOUCH_BASE_MEMORY_H
#define VOUCH_BASE_MEMORY_H

#include <stdatomic.h>

#include <vouch/context.h>

/* Of a root context; its children count here too. */
typedef struct vouch_meter {
    atomic_size_t used, peak, limit;
    atomic_bool refused;
} vouch_meter;

void vouch_meter_start(vouch_meter *meter);

/* realloc of a counted block: block NULL allocates, size 0 frees (and returns NULL). NULL also
 * where the allocator has no more, or where the limit would be passed: then *limited. */
void *vouch_meter_resize(vouch_meter *meter, const vouch_allocator *allocator, void *block,
                         size_t size, bool *limited);

#endif
