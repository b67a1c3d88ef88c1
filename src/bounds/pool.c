/* Recycled buffers: matrices of linear forms come and go while a pass walks the graph, and an
 * arena frees nothing before its reset. Sizes are rounded up to 2^k or 3 2^(k-1), and each such
 * class has a list of buffers given back: taking and giving are a few instructions. */
#include "bounds/bounds_priv.h"

enum { HEADER_SIZE = 64 }; /* keeps the data on a cache line of its own */

struct vouch_buffer {
    vouch_buffer *next;
    int class;
};

_Static_assert(sizeof(vouch_buffer) <= HEADER_SIZE, "the header fits in front of the data");

/* The doubles of a class: 8, 12, 16, 24, 32 ... */
static size_t class_size(int class) { return (size_t)(class % 2 ? 12 : 8) << (class / 2); }

/* The least class that holds so many; -1: none does. */
static int class_of(size_t size)
{
    int class = 0;

    while (class < VOUCH_POOL_CLASSES && class_size(class) < size)
        class ++;
    return class < VOUCH_POOL_CLASSES ? class : -1;
}

double *vouch_pool_take(vouch_pool *pool, int64_t count)
{
    int class = count < 0 ? -1 : class_of((size_t)count);
    vouch_buffer *buffer;

    if (class < 0) {
        vouch_fail(vouch_arena_context(pool->arena), VOUCH_ERR_MEMORY,
                   "linear forms: %lld coefficients are too many", (long long)count);
        return NULL;
    }
    buffer = pool->free[class];
    if (buffer) {
        pool->free[class] = buffer->next;
    } else {
        buffer = vouch_arena_alloc_raw(pool->arena,
                                       HEADER_SIZE + class_size(class) * sizeof(double));
        if (!buffer)
            return NULL;
        buffer->class = class;
    }
    return (double *)(void *)((char *)buffer + HEADER_SIZE);
}

void vouch_pool_give(vouch_pool *pool, double *data)
{
    vouch_buffer *buffer;

    if (!data)
        return;
    buffer = (vouch_buffer *)(void *)((char *)data - HEADER_SIZE);
    buffer->next = pool->free[buffer->class];
    pool->free[buffer->class] = buffer;
}
