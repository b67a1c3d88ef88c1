/* Arenas: memory that is given back all at once.
 *
 * One arena per analysis, a mark per subproblem: algorithms allocate as they go and never free;
 * who opened the mark resets to it. Blocks grow geometrically, are kept on reset and reused, so
 * a loop over subproblems allocates nothing after its first rounds. Memory comes zeroed and
 * aligned to 64 bytes (a cache line, and the widest vector).
 *
 * Invariant: everything allocated after a mark is dead after the reset to that mark.
 */
#ifndef VOUCH_BASE_ARENA_H
#define VOUCH_BASE_ARENA_H

#include "base/context.h"

typedef struct vouch_arena vouch_arena;

typedef struct vouch_arena_mark {
    void *block;
    size_t used;
} vouch_arena_mark;

/* Makes an arena that reports allocation failures on ctx. NULL when out of memory. */
vouch_arena *vouch_arena_new(vouch_context *ctx);
void vouch_arena_free(vouch_arena *arena);
vouch_context *vouch_arena_context(const vouch_arena *arena);

/* size bytes, zeroed; NULL when out of memory (recorded on the context). */
void *vouch_arena_alloc(vouch_arena *arena, size_t size);
/* The same, not zeroed: large blocks whose user fills them. */
void *vouch_arena_alloc_raw(vouch_arena *arena, size_t size);
/* count * size with overflow check. */
void *vouch_arena_array(vouch_arena *arena, size_t count, size_t size);
char *vouch_arena_text(vouch_arena *arena, const char *text);
char *vouch_arena_text_n(vouch_arena *arena, const char *text, size_t length);
/* printf into the arena */
char *vouch_arena_print(vouch_arena *arena, const char *format, ...) VOUCH_PRINTF(2, 3);

#define VOUCH_NEW(arena, type) ((type *)vouch_arena_alloc((arena), sizeof(type)))
#define VOUCH_NEW_ARRAY(arena, type, count)                                                    \
    ((type *)vouch_arena_array((arena), (size_t)(count), sizeof(type)))

vouch_arena_mark vouch_arena_get_mark(const vouch_arena *arena);
void vouch_arena_reset(vouch_arena *arena, vouch_arena_mark mark);
/* Gives what is held in reserve after a reset back to the allocator. */
void vouch_arena_trim(vouch_arena *arena);
size_t vouch_arena_bytes(const vouch_arena *arena); /* held from the allocator */

#endif
