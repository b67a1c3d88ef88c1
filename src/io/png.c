/* PNG through libpng's simplified interface, which needs no setjmp and reports errors as text.
 *
 * Palettes, lower bit depths and interlacing become bytes there (16 bits: png_wide.c); the size is checked before memory is
 * asked for it, since a few bytes can claim a picture of gigabytes.
 */
#include "io/png.h"

#include <string.h>

#include <png.h>

#include "io/io.h"

static vouch_status fail(vouch_context *ctx, const char *source, png_image *image)
{
    const vouch_status status =
        vouch_fail(ctx, VOUCH_ERR_PARSE, "%s: not a readable PNG: %s", source, image->message);
    png_image_free(image);
    return status;
}

static vouch_status decode(vouch_arena *arena, const char *source, png_image *image,
                           vouch_picture *picture)
{
    vouch_context *ctx = vouch_arena_context(arena);
    const png_color black = {0, 0, 0};

    if (image->width > VOUCH_PIXELS_MAX / image->height) {
        png_image_free(image);
        return vouch_fail(ctx, VOUCH_ERR_LIMIT, "%s: a picture of %u x %u pixels is too large",
                          source, image->width, image->height);
    }
    picture->width = (int)image->width;
    picture->height = (int)image->height;
    picture->pixel = vouch_arena_alloc(arena, PNG_IMAGE_SIZE(*image));
    if (!picture->pixel) {
        png_image_free(image);
        return VOUCH_ERR_MEMORY;
    }
    if (!png_image_finish_read(image, &black, picture->pixel, 0, NULL))
        return fail(ctx, source, image);
    return VOUCH_OK;
}

vouch_status vouch_png_parse(vouch_arena *arena, const char *source, const void *data,
                             size_t size, int channels, vouch_picture *picture)
{
    png_image image = {.version = PNG_IMAGE_VERSION};

    *picture = (vouch_picture){0};
    if (vouch_png_is_wide(data, size))
        return vouch_png_parse_wide(arena, source, data, size, channels, picture);
    if (!png_image_begin_read_from_memory(&image, data, size))
        return fail(vouch_arena_context(arena), source, &image);
    const bool colour = channels == 3 || (!channels && (image.format & PNG_FORMAT_FLAG_COLOR));
    image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    picture->channels = colour ? 3 : 1;
    return decode(arena, source, &image, picture);
}

vouch_status vouch_png_pack(vouch_pack *pack, const vouch_picture *picture)
{
    const bool colour = picture->channels == 3;
    const png_uint_32 bytes = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    const png_uint_32 words = colour ? PNG_FORMAT_LINEAR_RGB : PNG_FORMAT_LINEAR_Y;
    const void *numbers = picture->wide ? (const void *)picture->wide : picture->pixel;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)picture->width,
                       .height = (png_uint_32)picture->height,
                       .format = picture->wide ? words : bytes};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *data = vouch_alloc(pack->ctx, size);

    if (!data)
        return VOUCH_ERR_MEMORY;
    vouch_status status = VOUCH_OK;
    if (png_image_write_to_memory(&image, data, &size, 0, numbers, 0, NULL))
        status = vouch_pack_bytes(pack, data, size);
    else
        status = vouch_fail(pack->ctx, VOUCH_ERR_INTERNAL, "a picture: %s", image.message);
    vouch_release(pack->ctx, data);
    return status;
}

vouch_status vouch_png_write(vouch_context *ctx, const char *path, const vouch_picture *picture)
{
    vouch_pack pack = {.ctx = ctx};
    vouch_status status = vouch_png_pack(&pack, picture);
    if (!status)
        status = vouch_file_write(ctx, path, pack.data, pack.size);
    vouch_pack_free(&pack);
    return status;
}
