/* @NAME@: what such a file is, and its source. Here: four bytes "zz\r\n", then records of a label
 * and 8 x 8 bytes.
 *
 * Steps for a new format (delete each as you finish it):
 *   1. recognise: by first bytes and name; it must not take the files of another format. The line
 *      in format.def stands above formats that would take these files for their own.
 *   2. open: shape, size, classes, scaling; count where it is known. next: in bounded memory.
 *   3. Parsers belong to src/io and name file and byte in every error.
 *   4. files (piece by piece) or write (a whole set): NULL where vouch does not write it. suffix: of files to be written.
 *   5. Tests on files that the test makes, malformed ones among them, and a fuzz target:
 *      docs/howto/add-a-data-format.md.
 */
#include <string.h>

#include "data/format.h"
#include "io/stream.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE, CLASSES = 10, MAGIC = 4 };
static const char magic[] = "zz\r\n";

static bool recognise(const vouch_data_place *place)
{
    return place->head_size >= MAGIC && memcmp(place->head, magic, MAGIC) == 0;
}

static vouch_status skip_magic(vouch_stream *stream)
{
    unsigned char bytes[MAGIC];
    return vouch_stream_need(stream, bytes, MAGIC, "the first bytes");
}

static vouch_status open_file(vouch_data_stream *s)
{
    vouch_stream *stream = NULL;
    VOUCH_TRY(vouch_stream_open(s->arena, s->place.path, &stream));
    s->state = stream;
    s->info.shape = (vouch_shape){.rank = 3, .dim = {1, SIDE, SIDE}};
    s->info.size = PIXELS;
    s->info.scaling = VOUCH_SCALING_BYTE;
    VOUCH_TRY(vouch_data_number_classes(s, CLASSES));
    return skip_magic(stream);
}

static vouch_status next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                         int64_t *got)
{
    vouch_stream *stream = s->state;
    for (*got = 0; *got < n; ++*got) {
        unsigned char pixel[PIXELS], class = 0;
        size_t read = 0;
        VOUCH_TRY(vouch_stream_read(stream, &class, 1, &read));
        if (read == 0)
            return VOUCH_OK;
        VOUCH_TRY(vouch_stream_need(stream, pixel, PIXELS, "a record"));
        if (class >= CLASSES)
            return vouch_fail(s->ctx, VOUCH_ERR_VALUE, "%s: byte %zu: the label %d is over %d",
                              vouch_stream_name(stream),
                              vouch_stream_offset(stream) - PIXELS - 1, class, CLASSES - 1);
        label[*got] = class;
        for (int i = 0; i < PIXELS; i++)
            x[*got * PIXELS + i] = (float)pixel[i] / 255.0f;
    }
    return VOUCH_OK;
}

static vouch_status rewind_file(vouch_data_stream *s)
{
    VOUCH_TRY(vouch_stream_rewind(s->state));
    return skip_magic(s->state);
}

static void close_file(vouch_data_stream *s) { vouch_stream_close(s->state); }

const vouch_data_format vouch_data_format_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list",
    .citation = "SPECIFICATION",
    .recognise = recognise,
    .open = open_file,
    .next = next,
    .rewind = rewind_file,
    .close = close_file,
};
