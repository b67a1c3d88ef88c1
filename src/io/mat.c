/* Matlab files of level 5: a header of 128 bytes, then elements, each a matrix or, deflated by
 * zlib, the same bytes packed.
 *
 * An element begins with a tag (type, size), so those before the wanted one are passed over
 * without unpacking them, and the wanted one is a stream of its own: memory does not depend on
 * its size. What a tag promises is compared with the file before anything is read.
 *
 * Source: MathWorks, "MAT-File Format", chapter 1, level 5.
 */
#include "io/mat.h"

#include <string.h>
#include <sys/stat.h>

#include "io/io_priv.h"

enum { HEADER = 128, TAG = 8, NAME_MAX_SIZE = 63, AXES_MAX = 32 };
enum { INT8 = 1, INT32 = 5, UINT32 = 6, MATRIX = 14, COMPRESSED = 15 };
enum { FIRST_NUMERIC = 6, LAST_NUMERIC = 15, COMPLEX = 0x08 }; /* classes; a flag */

/* SPEC: MAT-File Format, table 1-1: data types */
static const struct type {
    unsigned code;
    vouch_element element;
} types[] = {
    {1, {'i', 1, false}},  {2, {'u', 1, false}},  {3, {'i', 2, false}}, {4, {'u', 2, false}},
    {5, {'i', 4, false}},  {6, {'u', 4, false}},  {7, {'f', 4, false}}, {9, {'f', 8, false}},
    {12, {'i', 8, false}}, {13, {'u', 8, false}},
};

typedef struct tag {
    unsigned type;
    size_t size, padding; /* bytes of data; those after them */
} tag;

typedef struct matrix {
    int class;
    bool is_complex;
    char name[NAME_MAX_SIZE + 1];
    int axes;
    int64_t axis[AXES_MAX]; /* the first innermost */
} matrix;

static unsigned word(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16 | (unsigned)p[3] << 24;
}

static vouch_status fail(const vouch_stream *s, const char *what)
{
    return vouch_fail(vouch_stream_context(s), VOUCH_ERR_PARSE, "%s: byte %zu: %s",
                      vouch_stream_name(s), vouch_stream_offset(s), what);
}

/* ---- parts of a matrix -------------------------------------------------------------------- */

/* A tag of 8 bytes, or the small one of 4 with up to 4 bytes of data after it. */
static vouch_status read_tag(vouch_stream *s, tag *t)
{
    unsigned char raw[4];

    VOUCH_TRY(vouch_stream_need(s, raw, sizeof raw, "a tag"));
    const unsigned first = word(raw);
    if (first >> 16) {
        *t = (tag){first & 0xffff, first >> 16, 4 - (first >> 16)};
        return t->size <= 4 ? VOUCH_OK : fail(s, "a small element of more than 4 bytes");
    }
    VOUCH_TRY(vouch_stream_need(s, raw, sizeof raw, "a tag"));
    *t = (tag){first, word(raw), (TAG - word(raw) % TAG) % TAG};
    return VOUCH_OK;
}

/* A part of the header that is of this type and fits into room. */
static vouch_status read_part(vouch_stream *s, unsigned type, void *data, size_t room,
                              size_t *size)
{
    unsigned char padding[TAG];
    tag t;

    VOUCH_TRY(read_tag(s, &t));
    if (t.type != type || t.size > room)
        return fail(s, "is not the header of a matrix");
    VOUCH_TRY(vouch_stream_need(s, data, t.size, "the header of a matrix"));
    VOUCH_TRY(vouch_stream_need(s, padding, t.padding, "the header of a matrix"));
    *size = t.size;
    return VOUCH_OK;
}

static vouch_status read_axes(vouch_stream *s, matrix *m)
{
    unsigned char raw[4 * AXES_MAX];
    size_t size = 0;

    VOUCH_TRY(read_part(s, INT32, raw, sizeof raw, &size));
    m->axes = (int)(size / 4);
    for (int d = 0; d < m->axes; d++) {
        m->axis[d] = word(raw + (size_t)4 * (size_t)d);
        if (m->axis[d] > INT32_MAX)
            return fail(s, "an axis of negative length");
    }
    return VOUCH_OK;
}

/* What comes before the numbers; of an object of Matlab's, which has no name, the class. */
static vouch_status read_header(vouch_stream *s, matrix *m)
{
    unsigned char flags[8] = {0};
    size_t size = 0;
    tag t;

    *m = (matrix){0};
    VOUCH_TRY(read_tag(s, &t));
    if (t.type != MATRIX)
        return fail(s, "is not a matrix");
    if (t.size == 0)
        return VOUCH_OK;
    VOUCH_TRY(read_part(s, UINT32, flags, sizeof flags, &size));
    m->class = flags[0];
    m->is_complex = flags[1] & COMPLEX;
    if (m->class > LAST_NUMERIC)
        return VOUCH_OK;
    VOUCH_TRY(read_axes(s, m));
    return read_part(s, INT8, m->name, NAME_MAX_SIZE, &size);
}

/* ---- as an array -------------------------------------------------------------------------- */

static vouch_status set_shape(const vouch_stream *s, const matrix *m, int rank,
                              vouch_shape *shape)
{
    int spare = m->axes - rank; /* axes to be left out; below 0, to be put in front */

    *shape = (vouch_shape){0};
    for (; spare < 0; spare++)
        shape->dim[shape->rank++] = 1;
    for (int d = m->axes - 1; d >= 0; d--) {
        if (spare > 0 && m->axis[d] == 1)
            spare--;
        else if (shape->rank == rank)
            return vouch_fail(vouch_stream_context(s), VOUCH_ERR_SHAPE,
                              "%s: %s has %d axes instead of %d", vouch_stream_name(s), m->name,
                              m->axes, rank);
        else
            shape->dim[shape->rank++] = m->axis[d];
    }
    return VOUCH_OK;
}

/* The stream is at the numbers from here on. */
static vouch_status set_numbers(vouch_array *a)
{
    const int64_t count = vouch_shape_count(&a->shape);
    tag t;

    VOUCH_TRY(read_tag(a->stream, &t));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].code == t.type)
            a->element = types[i].element;
    if (!a->element.kind)
        return fail(a->stream, "is not an element of numbers");
    if (count < 0 || t.size % (size_t)a->element.bytes ||
        (int64_t)t.size / a->element.bytes != count)
        return fail(a->stream, "the numbers are not as many as the axes say");
    a->padding = t.padding;
    return VOUCH_OK;
}

static vouch_status open_matrix(vouch_arena *arena, const matrix *m, int rank, vouch_array *a)
{
    if (m->class < FIRST_NUMERIC || m->is_complex)
        return vouch_fail(vouch_stream_context(a->stream), VOUCH_ERR_UNSUPPORTED,
                          "%s: %s is not a full matrix of real numbers (class %d%s)",
                          vouch_stream_name(a->stream), m->name, m->class,
                          m->is_complex ? ", complex" : "");
    VOUCH_TRY(set_shape(a->stream, m, rank, &a->shape));
    VOUCH_TRY(set_numbers(a));
    return vouch_array_begin(arena, a);
}

/* ---- the file ----------------------------------------------------------------------------- */

typedef struct mat {
    vouch_context *ctx;
    const char *path;
    size_t size;
} mat;

static vouch_status open_file(vouch_arena *arena, const char *path, mat *f)
{
    struct stat info;
    void *data = NULL;

    *f = (mat){.ctx = vouch_arena_context(arena), .path = path};
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return vouch_fail(f->ctx, VOUCH_ERR_IO, "%s: is not a regular file", path);
    f->size = (size_t)info.st_size;
    VOUCH_TRY(vouch_file_read_range(arena, path, 0, HEADER, &data));
    const unsigned char *h = data;
    if (memcmp(h + 126, "MI", 2) == 0)
        return vouch_fail(f->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: byte 126: the most significant byte comes first (big-endian): "
                          "not read",
                          path);
    if (memcmp(h + 126, "IM", 2) != 0)
        return vouch_fail(f->ctx, VOUCH_ERR_PARSE,
                          "%s: byte 126: is not a Matlab file of level 5; gzipped ones must be "
                          "unpacked first",
                          path);
    if (h[125] == 1)
        return VOUCH_OK;
    return vouch_fail(f->ctx, VOUCH_ERR_UNSUPPORTED,
                      "%s: byte 124: version %d of the format instead of 1: save it with -v7",
                      path, h[125]);
}

/* The element at a byte, as a stream that begins with the tag of a matrix; *next: the byte after
 * it. */
static vouch_status open_element(vouch_arena *arena, const mat *f, size_t at, size_t *next,
                                 vouch_stream **stream)
{
    void *raw = NULL;

    VOUCH_TRY(vouch_file_read_range(arena, f->path, at, TAG, &raw));
    const unsigned type = word(raw);
    const size_t size = word((const unsigned char *)raw + 4);
    if (type != MATRIX && type != COMPRESSED)
        return vouch_fail(f->ctx, VOUCH_ERR_PARSE,
                          "%s: byte %zu: an element of type %u where a matrix should be",
                          f->path, at, type);
    *next = at + TAG + size;
    if (*next > f->size)
        return vouch_fail(f->ctx, VOUCH_ERR_PARSE,
                          "%s: byte %zu: the file ends early: the matrix that begins at byte "
                          "%zu has %zu bytes",
                          f->path, f->size, at, size);
    const bool packed = type == COMPRESSED;
    const vouch_stream_part part = {
        .name = vouch_arena_print(arena, "%s(element at byte %zu)", f->path, at),
        .start = packed ? at + TAG : at,
        .size = packed ? SIZE_MAX : TAG + size,
        .deflated = packed,
        .is_zlib = packed,
        .has_no_crc = true};
    return part.name ? vouch_stream_open_part(arena, f->path, &part, stream) : VOUCH_ERR_MEMORY;
}

/* array->stream NULL: the element has another name. */
static vouch_status try_element(vouch_arena *arena, const char *name, int rank, vouch_array *a)
{
    matrix m;
    vouch_status status = read_header(a->stream, &m);
    const bool found = !status && strcmp(m.name, name) == 0;

    if (found)
        status = open_matrix(arena, &m, rank, a);
    if (status || !found)
        vouch_array_close(a);
    return status;
}

vouch_status vouch_mat_open(vouch_arena *arena, const char *path, const char *name, int rank,
                            vouch_array *a)
{
    mat f;

    *a = (vouch_array){0};
    VOUCH_TRY(open_file(arena, path, &f));
    for (size_t at = HEADER, next = 0; at < f.size; at = next) {
        const vouch_arena_mark mark = vouch_arena_get_mark(arena);
        VOUCH_TRY(open_element(arena, &f, at, &next, &a->stream));
        VOUCH_TRY(try_element(arena, name, rank, a));
        if (a->stream)
            return VOUCH_OK;
        vouch_arena_reset(arena, mark);
    }
    return vouch_fail(f.ctx, VOUCH_ERR_VALUE, "%s: there is no matrix '%s'", path, name);
}
