/* PNG pictures of 16 bits through libpng's full interface: the simplified one takes such numbers
 * for light and changes them by a gamma, and here they are data.
 *
 * libpng reports errors by longjmp, so that what must survive one lives in a struct, and nothing
 * of ours is between the jump and its landing but that.
 */
#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "io/png.h"

typedef struct reading {
    vouch_arena *arena;
    const char *source;
    const unsigned char *data;
    size_t size, at;
    int channels; /* wanted; 0: as the picture has */
    vouch_picture *picture;
    vouch_status status; /* of our own errors */
    char message[128];   /* of libpng's */
    unsigned char **row;
    int stored; /* channels of the rows, transparency among them */
} reading;

static void give(png_structp png, png_bytep to, size_t size)
{
    reading *r = png_get_io_ptr(png);

    if (size > r->size - r->at)
        png_error(png, "the file ends early");
    memcpy(to, r->data + r->at, size);
    r->at += size;
}

static void on_error(png_structp png, png_const_charp message)
{
    reading *r = png_get_error_ptr(png);
    const size_t length = strnlen(message, sizeof r->message - 1);

    memcpy(r->message, message, length);
    r->message[length] = '\0';
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static bool make_rows(reading *r, size_t bytes)
{
    const size_t height = (size_t)r->picture->height;
    unsigned char *all = vouch_arena_alloc(r->arena, height * bytes);

    r->row = VOUCH_NEW_ARRAY(r->arena, unsigned char *, r->picture->height);
    if (!all || !r->row)
        return false;
    for (size_t y = 0; y < height; y++)
        r->row[y] = all + y * bytes;
    return true;
}

/* Everything that may jump. */
static void decode(reading *r, png_structp png, png_infop info)
{
    png_set_read_fn(png, r, give);
    png_read_info(png, info);
    const png_uint_32 width = png_get_image_width(png, info),
                      height = png_get_image_height(png, info);
    const bool colour = png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR;
    if (width > VOUCH_PIXELS_MAX / height) {
        r->status = vouch_fail(vouch_arena_context(r->arena), VOUCH_ERR_LIMIT,
                               "%s: a picture of %u x %u pixels is too large", r->source, width,
                               height);
        png_error(png, "too large");
    }
    r->picture->width = (int)width;
    r->picture->height = (int)height;
    r->picture->channels = r->channels ? r->channels : colour ? 3 : 1;
    if (png_get_valid(png, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    if (colour && r->picture->channels == 1)
        png_set_rgb_to_gray_fixed(png, PNG_ERROR_ACTION_NONE, PNG_RGB_TO_GRAY_DEFAULT,
                                  PNG_RGB_TO_GRAY_DEFAULT);
    (void)png_set_interlace_handling(png);
    png_read_update_info(png, info);
    r->stored = png_get_channels(png, info);
    if (!make_rows(r, png_get_rowbytes(png, info))) {
        r->status = VOUCH_ERR_MEMORY;
        png_error(png, "no memory");
    }
    png_read_image(png, r->row);
    png_read_end(png, NULL);
}

static vouch_status read_rows(reading *r)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;

    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return vouch_fail(vouch_arena_context(r->arena), VOUCH_ERR_MEMORY,
                          "out of memory for a picture");
    }
    if (setjmp(png_jmpbuf(png)) == 0)
        decode(r, png, info);
    png_destroy_read_struct(&png, &info, NULL);
    if (r->status || !r->message[0])
        return r->status;
    return vouch_fail(vouch_arena_context(r->arena), VOUCH_ERR_PARSE,
                      "%s: not a readable PNG: %s", r->source, r->message);
}

static unsigned number(const unsigned char *raw) { return (unsigned)raw[0] << 8 | raw[1]; }

/* Rows to numbers: transparency on black, grey in every colour. */
static void gather(const reading *r, uint16_t *to)
{
    enum { MOST = UINT16_MAX };
    const vouch_picture *p = r->picture;
    const bool clear = r->stored == 2 || r->stored == 4;
    const int colours = r->stored - clear;

    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            const unsigned char *raw = r->row[y] + (size_t)x * (size_t)r->stored * 2;
            const unsigned long alpha = clear ? number(raw + (size_t)colours * 2) : MOST;
            for (int c = 0; c < p->channels; c++, to++) {
                const unsigned v = number(raw + (size_t)(c < colours ? c : 0) * 2);
                *to = (uint16_t)((v * alpha + MOST / 2) / MOST);
            }
        }
}

bool vouch_png_is_wide(const void *data, size_t size)
{
    enum { DEPTH = 24 }; /* SPEC: PNG, 11.2.1: where IHDR, the first chunk, has it */

    return size > DEPTH && png_sig_cmp(data, 0, 8) == 0 &&
           ((const unsigned char *)data)[DEPTH] == 16;
}

vouch_status vouch_png_parse_wide(vouch_arena *arena, const char *source, const void *data,
                                  size_t size, int channels, vouch_picture *picture)
{
    reading r = {.arena = arena,
                 .source = source,
                 .data = data,
                 .size = size,
                 .channels = channels,
                 .picture = picture};

    VOUCH_TRY(read_rows(&r));
    const int64_t count = (int64_t)picture->width * picture->height * picture->channels;
    uint16_t *wide = VOUCH_NEW_ARRAY(arena, uint16_t, count);
    if (!wide)
        return VOUCH_ERR_MEMORY;
    gather(&r, wide);
    picture->wide = wide;
    return VOUCH_OK;
}
