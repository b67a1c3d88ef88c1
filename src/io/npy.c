/* NumPy's .npy: a magic, a version, and a Python dictionary as text that says what follows.
 *
 * SPEC: numpy/lib/format, versions 1 to 3. The dictionary is always written in one shape by
 * NumPy, but any spacing and order is read:
 *
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
 *
 * Structured and object arrays are refused: the latter hold pickled code.
 */
#include <stdio.h>
#include <string.h>

#include "io/array.h"

enum { HEADER_MAX = 1 << 16 };

typedef struct header {
    const vouch_stream *stream;
    const char *at;
    bool has_descr, has_order, has_shape;
} header;

static vouch_status fail(const header *h, const char *problem)
{
    return vouch_fail(vouch_stream_context(h->stream), VOUCH_ERR_PARSE,
                      "%s: byte %zu: the header of an .npy array: %s",
                      vouch_stream_name(h->stream), vouch_stream_offset(h->stream), problem);
}

static void skip_blanks(header *h)
{
    while (*h->at == ' ' || *h->at == '\n' || *h->at == '\t')
        h->at++;
}

/* Takes the text, after blanks, if it comes next. */
static bool take(header *h, const char *text)
{
    const size_t length = strlen(text);

    skip_blanks(h);
    if (strncmp(h->at, text, length) != 0)
        return false;
    h->at += length;
    return true;
}

static vouch_status read_descr(header *h, vouch_element *e)
{
    static const char allowed[] = "b1 u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8 ";
    char wanted[4] = "", order = 0;

    if (!take(h, "'") || !*h->at)
        return fail(h, "its type is not one of plain numbers");
    order = *h->at++;
    const char *end = strchr(h->at, '\'');
    if (!end || end - h->at != 2 || !strchr("<>|=", order))
        return fail(h, "its type is not one of plain numbers");
    memcpy(wanted, h->at, 2);
    wanted[2] = ' ';
    if (!strstr(allowed, wanted))
        return fail(h, "its type is not b1, u1-u8, i1-i8, f2, f4 or f8");
    *e = (vouch_element){wanted[0], wanted[1] - '0', order == '>'};
    h->at = end + 1;
    h->has_descr = true;
    return VOUCH_OK;
}

static vouch_status read_order(header *h, bool *fortran)
{
    *fortran = take(h, "True");
    h->has_order = true;
    return *fortran || take(h, "False") ? VOUCH_OK : fail(h, "fortran_order is no truth");
}

static vouch_status read_shape(header *h, vouch_shape *shape)
{
    if (!take(h, "("))
        return fail(h, "its shape is no tuple");
    while (!take(h, ")")) {
        int64_t dim = 0;
        if (*h->at < '0' || *h->at > '9' || shape->rank == VOUCH_RANK_MAX)
            return fail(h, "its shape is none of up to 8 sizes");
        for (; *h->at >= '0' && *h->at <= '9'; h->at++) {
            if (dim > INT64_MAX / 10 - 1)
                return fail(h, "its shape is too large");
            dim = 10 * dim + (*h->at - '0');
        }
        shape->dim[shape->rank++] = dim;
        (void)take(h, "L"); /* Python 2 wrote long integers so */
        (void)take(h, ",");
    }
    h->has_shape = true;
    return VOUCH_OK;
}

static vouch_status read_dictionary(header *h, vouch_array *a)
{
    if (!take(h, "{"))
        return fail(h, "is no dictionary");
    while (!take(h, "}")) {
        if (take(h, "'descr':"))
            VOUCH_TRY(read_descr(h, &a->element));
        else if (take(h, "'fortran_order':"))
            VOUCH_TRY(read_order(h, &a->fortran));
        else if (!h->has_shape && take(h, "'shape':"))
            VOUCH_TRY(read_shape(h, &a->shape));
        else
            return fail(h, "has an entry that is not descr, fortran_order or shape");
        (void)take(h, ",");
    }
    return h->has_descr && h->has_order && h->has_shape ? VOUCH_OK : fail(h, "lacks an entry");
}

/* Magic, version, and the length of the dictionary. */
static vouch_status read_start(const header *h, vouch_stream *stream, size_t *length)
{
    unsigned char magic[8], size[4] = {0};

    VOUCH_TRY(vouch_stream_need(stream, magic, 8, "the header of an .npy array"));
    if (memcmp(magic, "\x93NUMPY", 6) != 0 || magic[6] < 1 || magic[6] > 3)
        return fail(h, "is not one of version 1 to 3");
    VOUCH_TRY(vouch_stream_need(stream, size, magic[6] == 1 ? 2 : 4, "the header"));
    *length =
        (size_t)size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
    return *length < HEADER_MAX ? VOUCH_OK : fail(h, "is too long");
}

static vouch_status read_header(vouch_arena *arena, vouch_array *a)
{
    header h = {.stream = a->stream};
    size_t length = 0;

    VOUCH_TRY(read_start(&h, a->stream, &length));
    char *text = vouch_arena_alloc(arena, length + 1);
    if (!text)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_stream_need(a->stream, text, length, "the header of an .npy array"));
    h.at = text;
    return read_dictionary(&h, a);
}

vouch_status vouch_array_open_npy(vouch_arena *arena, vouch_stream *stream, vouch_array *a)
{
    *a = (vouch_array){.stream = stream};
    vouch_status status = read_header(arena, a);
    if (!status)
        status = vouch_array_begin(arena, a);
    if (status)
        vouch_array_close(a);
    return status;
}

/* The data begins at a multiple of 64 bytes, as NumPy has it. */
vouch_status vouch_pack_npy(vouch_pack *pack, const char *descr, const vouch_shape *shape)
{
    enum { PREFIX = 10, ALIGN = 64, ROOM = 512 };
    char text[ROOM];
    int length =
        snprintf(text, ROOM, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);

    for (int d = 0; d < shape->rank; d++)
        length +=
            snprintf(text + length, (size_t)(ROOM - length), "%lld%s", (long long)shape->dim[d],
                     d + 1 < shape->rank ? ", "
                     : shape->rank == 1  ? ","
                                         : "");
    length += snprintf(text + length, (size_t)(ROOM - length), "), }");
    while ((PREFIX + length + 1) % ALIGN)
        text[length++] = ' ';
    text[length++] = '\n';
    const unsigned char prefix[PREFIX] = {0x93,
                                          'N',
                                          'U',
                                          'M',
                                          'P',
                                          'Y',
                                          1,
                                          0,
                                          (unsigned char)length,
                                          (unsigned char)(length >> 8)};
    VOUCH_TRY(vouch_pack_bytes(pack, prefix, PREFIX));
    return vouch_pack_bytes(pack, text, (size_t)length);
}
