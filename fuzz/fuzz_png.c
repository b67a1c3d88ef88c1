/* The PNG reader: any bytes give a picture or one error that names the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/png.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_picture picture;
    vouch_status status = vouch_png_parse(arena, "p.png", data, size, 0, &picture);

    if (status != vouch_context_status(ctx) ||
        (status && strncmp(vouch_context_error(ctx), "p.png:", 6) != 0))
        abort();
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return 0;
}
