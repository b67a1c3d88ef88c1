/* Arenas: a list of blocks, filled one after the other.
 *
 * Invariant: blocks before the current one are full or passed over, the current one holds
 * `used` bytes, blocks after it are free (left by a reset). A new allocation takes the current
 * block, else the first free block it fits in, which is moved next to the current one; else a
 * new block as large as all held so far, within limits. So the number of blocks is logarithmic,
 * and a loop that allocates the same way each round finds its blocks again.
 *
 * A mark names a block and a fill level. Blocks are moved only within the free part, which no
 * live mark names, so marks stay valid.
 *
 * Under the address sanitizer free memory is poisoned: a read of what was reset is reported.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define VOUCH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VOUCH_ASAN 1
#endif
#endif
#ifdef VOUCH_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 64, BLOCK_MIN = 8 << 10, BLOCK_MAX = 64 << 20 };

typedef struct block {
    struct block *next;
    unsigned char *data; /* aligned; right behind this header */
    size_t size;
} block;

struct vouch_arena {
    vouch_context *ctx;
    block none; /* head of the list, holds nothing */
    block *current;
    size_t used; /* of current */
    size_t held; /* from the allocator */
};

vouch_arena *vouch_arena_new(vouch_context *ctx)
{
    vouch_arena *arena = vouch_alloc(ctx, sizeof *arena);
    if (!arena)
        return NULL;
    arena->ctx = ctx;
    arena->current = &arena->none;
    arena->held = sizeof *arena;
    return arena;
}

void vouch_arena_free(vouch_arena *arena)
{
    if (!arena)
        return;
    for (block *b = arena->none.next; b;) {
        block *next = b->next;
        UNPOISON(b->data, b->size);
        vouch_release(arena->ctx, b);
        b = next;
    }
    vouch_release(arena->ctx, arena);
}

vouch_context *vouch_arena_context(const vouch_arena *arena) { return arena->ctx; }

size_t vouch_arena_bytes(const vouch_arena *arena) { return arena->held; }

static size_t clamp(size_t x, size_t low, size_t high)
{
    return x < low ? low : x > high ? high : x;
}

static block *new_block(vouch_arena *arena, size_t need)
{
    size_t size = clamp(arena->held, BLOCK_MIN, BLOCK_MAX);
    size = size < need ? need : size & ~(size_t)(ALIGN - 1);
    const size_t total = sizeof(block) + ALIGN + size;
    block *b = vouch_resize(arena->ctx, NULL, total);
    if (!b)
        return NULL;
    uintptr_t start = (uintptr_t)(b + 1);
    b->data = (unsigned char *)(b + 1) + ((ALIGN - start % ALIGN) % ALIGN);
    b->size = size;
    b->next = NULL;
    POISON(b->data, size);
    arena->held += total;
    return b;
}

/* Makes a block with room for `need` bytes the current one. */
static bool advance(vouch_arena *arena, size_t need)
{
    block **link = &arena->current->next;
    while (*link && (*link)->size < need)
        link = &(*link)->next;
    block *b = *link;
    if (b)
        *link = b->next;
    else if (!(b = new_block(arena, need)))
        return false;
    b->next = arena->current->next;
    arena->current->next = b;
    arena->current = b;
    arena->used = 0;
    return true;
}

void *vouch_arena_alloc_raw(vouch_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        vouch_fail(arena->ctx, VOUCH_ERR_MEMORY, "out of memory (%zu bytes wanted)", size);
        return NULL;
    }
    const size_t step = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
    if (arena->current->size - arena->used < step && !advance(arena, step))
        return NULL;
    unsigned char *p = arena->current->data + arena->used;
    arena->used += step;
    UNPOISON(p, size);
    return p;
}

void *vouch_arena_alloc(vouch_arena *arena, size_t size)
{
    void *p = vouch_arena_alloc_raw(arena, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void *vouch_arena_array(vouch_arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        vouch_fail(arena->ctx, VOUCH_ERR_MEMORY, "out of memory (%zu times %zu bytes wanted)",
                   count, size);
        return NULL;
    }
    return vouch_arena_alloc(arena, count * size);
}

char *vouch_arena_text_n(vouch_arena *arena, const char *text, size_t length)
{
    char *copy = vouch_arena_alloc(arena, length + 1);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *vouch_arena_text(vouch_arena *arena, const char *text)
{
    return vouch_arena_text_n(arena, text, strlen(text));
}

char *vouch_arena_print(vouch_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : vouch_arena_alloc(arena, (size_t)length + 1);
    if (text)
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    else
        vouch_fail(arena->ctx, VOUCH_ERR_INTERNAL, "cannot format '%s'", format);
    va_end(again);
    return text;
}

vouch_arena_mark vouch_arena_get_mark(const vouch_arena *arena)
{
    return (vouch_arena_mark){arena->current, arena->used};
}

void vouch_arena_reset(vouch_arena *arena, vouch_arena_mark mark)
{
    block *kept = mark.block;
    size_t used = mark.used;
    for (block *b = kept;; b = b->next, used = 0) {
        if (b->size > used)
            POISON(b->data + used, b->size - used);
        if (b == arena->current || !b->next)
            break;
    }
    arena->current = kept;
    arena->used = mark.used;
}

void vouch_arena_trim(vouch_arena *arena)
{
    for (block *b = arena->current->next; b;) {
        block *next = b->next;
        UNPOISON(b->data, b->size);
        arena->held -= sizeof(block) + ALIGN + b->size;
        vouch_release(arena->ctx, b);
        b = next;
    }
    arena->current->next = NULL;
}
