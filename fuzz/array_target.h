/* What the fuzz targets of numeric arrays share: any bytes give finite numbers or one error that
 * names the file. */
#ifndef VOUCH_FUZZ_ARRAY_TARGET_H
#define VOUCH_FUZZ_ARRAY_TARGET_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/array.h"

typedef vouch_status array_open_fn(vouch_arena *arena, vouch_stream *stream,
                                   vouch_array *array);

enum { ENTRY_MAX = 1 << 16, ENTRIES_MAX = 256 };

static inline vouch_status array_read(vouch_arena *arena, vouch_array *a)
{
    float *x = VOUCH_NEW_ARRAY(arena, float, a->entry + 1);
    int64_t got = 1;
    vouch_status status = VOUCH_OK;

    for (int i = 0; i < ENTRIES_MAX && !status && got; i++) {
        status = vouch_array_next(a, 1, x, &got);
        for (int64_t k = 0; !status && got && k < a->entry; k++)
            if (!isfinite(x[k]))
                abort();
    }
    return status;
}

static inline int array_target(const uint8_t *data, size_t size, array_open_fn *open)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_stream *stream = NULL;
    vouch_array a = {0};

    vouch_status status = vouch_stream_from_memory(arena, "a.bin", data, size, &stream);
    if (!status)
        status = open(arena, stream, &a);
    if (!status && a.entry < ENTRY_MAX)
        status = array_read(arena, &a);
    vouch_array_close(&a);
    if (status != vouch_context_status(ctx) ||
        (status && strncmp(vouch_context_error(ctx), "a.bin:", 6) != 0))
        abort();
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return 0;
}

#endif
