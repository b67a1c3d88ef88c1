/* Recycled buffers: matrices of linear forms come and go while a pass walks the graph, and an
 * arena frees nothing before its reset. Given-back buffers wait in a list; a request takes the
 * smallest that fits and is not wasteful. */
#include "bounds/bounds_priv.h"

enum { HEADER_SIZE = 64 }; /* keeps the data on a cache line of its own */

struct vouch_buffer {
    vouch_buffer *next;
    size_t size; /* doubles */
};

_Static_assert(sizeof(vouch_buffer) <= HEADER_SIZE, "the header fits in front of the data");

static vouch_buffer **find_fit(vouch_pool *pool, size_t size)
{
    vouch_buffer **best = NULL;

    for (vouch_buffer **at = &pool->free; *at; at = &(*at)->next)
        if ((*at)->size >= size && (*at)->size / 4 <= size &&
            (!best || (*at)->size < (*best)->size))
            best = at;
    return best;
}

double *vouch_pool_take(vouch_pool *pool, int64_t count)
{
    size_t size = (size_t)count;
    vouch_buffer **fit = find_fit(pool, size);
    vouch_buffer *buffer;

    if (fit) {
        buffer = *fit;
        *fit = buffer->next;
    } else {
        if (size > (SIZE_MAX - HEADER_SIZE) / sizeof(double)) {
            vouch_fail(vouch_arena_context(pool->arena), VOUCH_ERR_MEMORY,
                       "linear forms: %zu coefficients are too many", size);
            return NULL;
        }
        buffer = vouch_arena_alloc(pool->arena, HEADER_SIZE + size * sizeof(double));
        if (!buffer)
            return NULL;
        buffer->size = size;
    }
    return (double *)(void *)((char *)buffer + HEADER_SIZE);
}

void vouch_pool_give(vouch_pool *pool, double *data)
{
    vouch_buffer *buffer;

    if (!data)
        return;
    buffer = (vouch_buffer *)(void *)((char *)data - HEADER_SIZE);
    buffer->next = pool->free;
    pool->free = buffer;
}
