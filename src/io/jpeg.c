/* JPEG through libjpeg (Debian's is libjpeg-turbo).
 *
 * The library reports errors by a function that must not return: ours keeps the text and jumps back
 * to setjmp. All that must outlive the jump is in one struct; nothing between holds a resource but
 * the library's own, which its destructor frees. Damage that the library would paint over, such as
 * the end of a file cut short, it reports as a warning: those are errors here, but for the ones that
 * leave every pixel as it was written. A few bytes can claim a picture of gigabytes, or thousands of
 * passes over one: both are refused before the work is done.
 */
#include "io/jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

enum { SCANS_MAX = 100 }; /* of a progressive picture; encoders write about ten */

typedef struct decoding {
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr progress;
    struct jpeg_decompress_struct jpeg;
    jmp_buf back;
    char text[JMSG_LENGTH_MAX]; /* of the library's error */
    vouch_arena *arena;
    vouch_picture *picture;
    vouch_status status; /* of an error of ours */
} decoding;

static decoding *of(j_common_ptr jpeg) { return (decoding *)jpeg->client_data; }

static _Noreturn void give_up(j_common_ptr jpeg)
{
    decoding *d = of(jpeg);

    jpeg->err->format_message(jpeg, d->text);
    longjmp(d->back, 1);
}

static bool is_harmless(int code)
{
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR;
}

/* Level -1 is a warning; others are traces. */
static void hear(j_common_ptr jpeg, int level)
{
    if (level < 0 && !is_harmless(jpeg->err->msg_code))
        give_up(jpeg);
}

static void count_scans(j_common_ptr jpeg)
{
    decoding *d = of(jpeg);

    if (d->jpeg.input_scan_number <= SCANS_MAX)
        return;
    (void)snprintf(d->text, sizeof d->text, "more than %d scans", SCANS_MAX);
    longjmp(d->back, 1);
}

static void begin(decoding *d)
{
    d->jpeg.err = jpeg_std_error(&d->manager);
    d->manager.error_exit = give_up;
    d->manager.emit_message = hear;
    d->jpeg.client_data = d;
}

/* The library turns grey into colour and colour into grey, but knows no way from CMYK. */
static bool choose_colours(decoding *d, int channels)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    const bool grey = channels ? channels == 1 : jpeg->jpeg_color_space == JCS_GRAYSCALE;

    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK) {
        (void)snprintf(d->text, sizeof d->text, "four inks (CMYK) are not read");
        return false;
    }
    jpeg->out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    d->picture->channels = grey ? 1 : 3;
    return true;
}

static bool make_room(decoding *d)
{
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    vouch_picture *p = d->picture;

    if (jpeg->image_width > VOUCH_PIXELS_MAX / jpeg->image_height) {
        (void)snprintf(d->text, sizeof d->text, "%u x %u pixels are too many",
                       jpeg->image_width, jpeg->image_height);
        d->status = VOUCH_ERR_LIMIT;
        return false;
    }
    p->width = (int)jpeg->image_width;
    p->height = (int)jpeg->image_height;
    p->pixel =
        vouch_arena_alloc(d->arena, (size_t)p->width * (size_t)p->height * (size_t)p->channels);
    d->status = p->pixel ? VOUCH_OK : VOUCH_ERR_MEMORY;
    return p->pixel != NULL;
}

/* The slow transform, which is the exact one, whatever the processor. */
static bool decode(decoding *d, const void *data, size_t size, int channels)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;

    if (setjmp(d->back))
        return false;
    jpeg_create_decompress(jpeg);
    d->progress.progress_monitor = count_scans;
    jpeg->progress = &d->progress;
    jpeg_mem_src(jpeg, data, (unsigned long)size);
    (void)jpeg_read_header(jpeg, TRUE);
    if (!choose_colours(d, channels) || !make_room(d))
        return false;
    jpeg->dct_method = JDCT_ISLOW;
    (void)jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = d->picture->pixel + (size_t)jpeg->output_scanline *
                                               (size_t)d->picture->width *
                                               (size_t)d->picture->channels;
        (void)jpeg_read_scanlines(jpeg, &row, 1);
    }
    (void)jpeg_finish_decompress(jpeg);
    return true;
}

bool vouch_jpeg_is(const void *data, size_t size)
{
    return size >= 3 && memcmp(data, "\xFF\xD8\xFF", 3) == 0;
}

vouch_status vouch_jpeg_parse(vouch_arena *arena, const char *source, const void *data,
                              size_t size, int channels, vouch_picture *picture)
{
    vouch_context *ctx = vouch_arena_context(arena);
    decoding *d = VOUCH_NEW(arena, decoding);

    *picture = (vouch_picture){0};
    if (!d)
        return VOUCH_ERR_MEMORY;
    d->arena = arena;
    d->picture = picture;
    d->status = VOUCH_ERR_PARSE;
    begin(d);
    const bool done = decode(d, data, size, channels);
    jpeg_destroy_decompress(&d->jpeg);
    if (done)
        return VOUCH_OK;
    *picture = (vouch_picture){0};
    if (d->status == VOUCH_ERR_MEMORY)
        return VOUCH_ERR_MEMORY;
    return vouch_fail(ctx, d->status ? d->status : VOUCH_ERR_PARSE,
                      "%s: not a readable JPEG: %s", source, d->text);
}
