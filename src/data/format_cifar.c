/* CIFAR-10 and CIFAR-100 in their binary form: records without a header, of one label (CIFAR-10)
 * or a coarse and a fine one (CIFAR-100), and 3 x 32 x 32 bytes, channel after channel.
 *
 * Nothing in such a file says what it is: its name ends in .bin, and its size must be a multiple
 * of the record's. Where both fit (once in 9 million records) it is CIFAR-10.
 */
#include <string.h>

#include "data/format.h"
#include "io/stream.h"

enum { PIXELS = 3 * 32 * 32, CLASSES_10 = 10, COARSE = 20, FINE = 100 };

typedef struct cifar {
    vouch_stream *stream;
    int labels, used; /* labels of a record, and which one counts */
    int64_t records;  /* read so far */
    unsigned char record[2 + PIXELS];
} cifar;

static bool fits(const vouch_data_place *place, int labels)
{
    return vouch_data_place_ends(place, ".bin") && place->file_size != SIZE_MAX &&
           place->file_size % ((size_t)labels + PIXELS) == 0;
}

static bool recognise_10(const vouch_data_place *place) { return fits(place, 1); }
static bool recognise_100(const vouch_data_place *place) { return fits(place, 2); }

static vouch_status open_cifar(vouch_data_stream *s, int labels)
{
    cifar *c = VOUCH_NEW(s->arena, cifar);

    if (!c)
        return VOUCH_ERR_MEMORY;
    s->state = c;
    c->labels = labels;
    c->used = labels - 1;
    VOUCH_TRY(vouch_stream_open(s->arena, s->place.path, &c->stream));
    if (s->place.file_size != SIZE_MAX)
        s->info.count = (int64_t)(s->place.file_size / ((size_t)labels + PIXELS));
    s->info.shape = (vouch_shape){.rank = 3, .dim = {3, 32, 32}};
    s->info.size = PIXELS;
    s->info.scaling = VOUCH_SCALING_BYTE;
    return VOUCH_OK;
}

static vouch_status open_10(vouch_data_stream *s)
{
    static const char *const names[CLASSES_10] = {"airplane", "automobile", "bird", "cat",
                                                  "deer",     "dog",        "frog", "horse",
                                                  "ship",     "truck"};
    s->info.classes = CLASSES_10;
    s->info.class_name = names;
    return open_cifar(s, 1);
}

static vouch_status open_100(vouch_data_stream *s)
{
    const char *labels = s->place.settings.labels;
    const bool coarse = labels && strcmp(labels, "coarse") == 0;

    if (labels && !coarse && strcmp(labels, "fine") != 0)
        return vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT, "%s: labels are fine or coarse, not '%s'",
                          s->place.text, labels);
    VOUCH_TRY(open_cifar(s, 2));
    ((cifar *)s->state)->used = coarse ? 0 : 1;
    return vouch_data_number_classes(s, coarse ? COARSE : FINE);
}

/* *end: there is no further record. */
static vouch_status read_record(vouch_data_stream *s, cifar *c, bool *end)
{
    const size_t size = (size_t)c->labels + PIXELS, start = vouch_stream_offset(c->stream);
    size_t got = 0;

    VOUCH_TRY(vouch_stream_read(c->stream, c->record, size, &got));
    *end = got == 0;
    if (got != 0 && got < size)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE,
                          "%s: byte %zu: the file ends within record %lld",
                          vouch_stream_name(c->stream), start + got, (long long)c->records);
    if (!*end && c->record[c->used] >= s->info.classes)
        return vouch_fail(s->ctx, VOUCH_ERR_VALUE,
                          "%s: byte %zu: the label %d of record %lld is over %d",
                          vouch_stream_name(c->stream), start + (size_t)c->used,
                          c->record[c->used], (long long)c->records, s->info.classes - 1);
    c->records++;
    return VOUCH_OK;
}

static vouch_status next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                         int64_t *got)
{
    cifar *c = s->state;

    for (*got = 0; *got < n; ++*got) {
        bool end = false;
        VOUCH_TRY(read_record(s, c, &end));
        if (end)
            return VOUCH_OK;
        label[*got] = c->record[c->used];
        for (int i = 0; i < PIXELS; i++)
            x[*got * PIXELS + i] = (float)c->record[c->labels + i] / 255.0f;
    }
    return VOUCH_OK;
}

static vouch_status rewind_cifar(vouch_data_stream *s)
{
    cifar *c = s->state;

    c->records = 0;
    return vouch_stream_rewind(c->stream);
}

static void close_cifar(vouch_data_stream *s)
{
    const cifar *c = s->state;

    vouch_stream_close(c ? c->stream : NULL);
}

const vouch_data_format vouch_data_format_cifar10 = {
    .name = "cifar10",
    .summary = "CIFAR-10 binary records",
    .citation = "Krizhevsky 2009",
    .recognise = recognise_10,
    .open = open_10,
    .next = next,
    .rewind = rewind_cifar,
    .close = close_cifar,
};

const vouch_data_format vouch_data_format_cifar100 = {
    .name = "cifar100",
    .summary = "CIFAR-100 binary records (labels=fine or coarse)",
    .citation = "Krizhevsky 2009",
    .recognise = recognise_100,
    .open = open_100,
    .next = next,
    .rewind = rewind_cifar,
    .close = close_cifar,
};
