/* The JPEG reader: any bytes give a picture or one error that names the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/jpeg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_picture picture;
    const int channels = size % 3 == 2 ? 3 : (int)(size % 3); /* 0, 1, 3 */
    vouch_status status = vouch_jpeg_parse(arena, "p.jpg", data, size, channels, &picture);

    if (status != vouch_context_status(ctx) || !status != (picture.pixel != NULL) ||
        (status && strncmp(vouch_context_error(ctx), "p.jpg:", 6) != 0))
        abort();
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return 0;
}
