/* Bytes of a file, one after the other.
 *
 * Method: a chunk of the file is in memory (vouch_input); what is compressed goes through zlib's
 * window, so the memory needed does not depend on the size of the file. A member of an archive
 * is checked against its size and CRC when its last byte has been read: nothing that was read
 * from it may be believed before.
 */
#include "io/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "io/io_priv.h"

struct vouch_stream {
    vouch_context *ctx;
    const char *name;
    vouch_input in; /* fd -1: memory */
    vouch_gunzip *gunzip;
    size_t used;                /* of in.chunk, where nothing is compressed */
    size_t offset;              /* bytes given out */
    const unsigned char *bytes; /* of memory */
    size_t size;                /* of memory */
    bool is_part;
    vouch_stream_part part;
    unsigned long crc; /* of the part, so far */
};

/* ---- opening ------------------------------------------------------------------------------ */

static vouch_stream *new_stream(vouch_arena *arena, const char *name)
{
    vouch_stream *s = VOUCH_NEW(arena, vouch_stream);

    if (!s)
        return NULL;
    s->ctx = vouch_arena_context(arena);
    s->name = vouch_arena_text(arena, name);
    s->in = (vouch_input){.ctx = s->ctx, .fd = -1};
    return s->name ? s : NULL;
}

/* Reads the first chunk and finds out how to go on from there. */
static vouch_status start(vouch_stream *s)
{
    s->used = 0;
    s->offset = 0;
    s->crc = crc32(0, NULL, 0);
    s->in.offset = s->is_part ? s->part.start : 0;
    s->in.size = 0;
    VOUCH_TRY(vouch_input_next(&s->in));
    if (s->is_part)
        return s->part.deflated
                   ? vouch_gunzip_open(&s->in,
                                       s->part.is_zlib ? VOUCH_PACKING_ZLIB : VOUCH_PACKING_ZIP,
                                       &s->gunzip)
                   : VOUCH_OK;
    if (s->in.size >= 2 && s->in.chunk[0] == 0x1f && s->in.chunk[1] == 0x8b)
        return vouch_gunzip_open(&s->in, VOUCH_PACKING_GZIP, &s->gunzip);
    return VOUCH_OK;
}

static vouch_status seek(vouch_stream *s, size_t place)
{
    if (lseek(s->in.fd, (off_t)place, SEEK_SET) >= 0)
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_IO, "%s: cannot be read from another place: %s",
                      s->name, strerror(errno));
}

static vouch_status open_file(vouch_arena *arena, vouch_stream *s, const char *path)
{
    s->in.path = path;
    VOUCH_TRY(vouch_input_open(arena, &s->in.path, &s->in.fd));
    s->in.chunk = vouch_arena_alloc(arena, VOUCH_CHUNK);
    if (!s->in.chunk)
        return VOUCH_ERR_MEMORY;
    if (s->is_part)
        VOUCH_TRY(seek(s, s->part.start));
    return start(s);
}

static vouch_status open_at(vouch_arena *arena, const char *path, const vouch_stream_part *part,
                            vouch_stream **stream)
{
    vouch_stream *s = new_stream(arena, part ? part->name : path);

    *stream = NULL;
    if (!s)
        return VOUCH_ERR_MEMORY;
    s->is_part = part != NULL;
    if (part)
        s->part = *part;
    const char *kept = part ? vouch_arena_text(arena, path) : s->name;
    vouch_status status = kept ? open_file(arena, s, kept) : VOUCH_ERR_MEMORY;
    if (status) {
        vouch_stream_close(s);
        return status;
    }
    if (!part)
        s->name = s->in.path; /* with .gz, where that was opened */
    *stream = s;
    return VOUCH_OK;
}

vouch_status vouch_stream_open(vouch_arena *arena, const char *path, vouch_stream **stream)
{
    return open_at(arena, path, NULL, stream);
}

vouch_status vouch_stream_open_part(vouch_arena *arena, const char *path,
                                    const vouch_stream_part *part, vouch_stream **stream)
{
    return open_at(arena, path, part, stream);
}

vouch_status vouch_stream_from_memory(vouch_arena *arena, const char *name, const void *data,
                                      size_t size, vouch_stream **stream)
{
    vouch_stream *s = new_stream(arena, name);

    *stream = s;
    if (!s)
        return VOUCH_ERR_MEMORY;
    s->bytes = data;
    s->size = size;
    return VOUCH_OK;
}

vouch_status vouch_stream_rewind(vouch_stream *s)
{
    if (s->in.fd < 0) {
        s->offset = 0;
        return VOUCH_OK;
    }
    vouch_gunzip_close(s->gunzip);
    s->gunzip = NULL;
    VOUCH_TRY(seek(s, s->is_part ? s->part.start : 0));
    return start(s);
}

void vouch_stream_close(vouch_stream *s)
{
    if (!s)
        return;
    vouch_gunzip_close(s->gunzip);
    s->gunzip = NULL;
    if (s->in.fd >= 0)
        (void)close(s->in.fd);
    s->in.fd = -1;
}

/* ---- reading ------------------------------------------------------------------------------ */

static vouch_status read_memory(vouch_stream *s, void *data, size_t size, size_t *got)
{
    *got = size < s->size - s->offset ? size : s->size - s->offset;
    if (*got)
        memcpy(data, s->bytes + s->offset, *got);
    return VOUCH_OK;
}

static vouch_status read_plain(vouch_stream *s, void *data, size_t size, size_t *got)
{
    if (s->used == s->in.size) {
        VOUCH_TRY(vouch_input_next(&s->in));
        s->used = 0;
    }
    *got = size < s->in.size - s->used ? size : s->in.size - s->used;
    memcpy(data, s->in.chunk + s->used, *got);
    s->used += *got;
    return VOUCH_OK;
}

/* Some bytes, at least one but at the end. */
static vouch_status read_some(vouch_stream *s, void *data, size_t size, size_t *got)
{
    if (s->in.fd < 0)
        return read_memory(s, data, size, got);
    return s->gunzip ? vouch_gunzip_read(s->gunzip, data, size, got)
                     : read_plain(s, data, size, got);
}

/* What the archive promised of its member must be so, once it has been read. */
static vouch_status check_part(vouch_stream *s)
{
    if (s->offset < s->part.size)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: ends before its %zu bytes",
                          s->name, s->offset, s->part.size);
    if (s->crc != s->part.crc)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: its bytes do not have their checksum",
                          s->name);
    return VOUCH_OK;
}

vouch_status vouch_stream_read(vouch_stream *s, void *data, size_t size, size_t *got)
{
    char *bytes = data;
    size_t wanted = size, some = 1;

    *got = 0;
    if (s->is_part && wanted > s->part.size - s->offset)
        wanted = s->part.size - s->offset;
    while (*got < wanted && some) {
        VOUCH_TRY(read_some(s, bytes + *got, wanted - *got, &some));
        s->offset += some;
        *got += some;
    }
    if (!s->is_part || s->part.has_no_crc || !size)
        return VOUCH_OK;
    if (*got)
        s->crc = crc32_z(s->crc, data, *got);
    return *got < wanted || s->offset == s->part.size ? check_part(s) : VOUCH_OK;
}

vouch_status vouch_stream_need(vouch_stream *s, void *data, size_t size, const char *what)
{
    size_t got = 0;

    VOUCH_TRY(vouch_stream_read(s, data, size, &got));
    if (got == size)
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: the file ends within %s", s->name,
                      s->offset, what);
}

vouch_status vouch_stream_finish(vouch_stream *s, const char *what)
{
    char byte = 0;
    size_t got = 0;
    const size_t place = s->offset;

    VOUCH_TRY(vouch_stream_read(s, &byte, 1, &got));
    if (!got)
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: there is more than %s", s->name,
                      place, what);
}

size_t vouch_stream_size(const vouch_stream *s)
{
    struct stat info;

    if (s->is_part)
        return s->part.size;
    if (s->in.fd < 0)
        return s->size;
    if (s->gunzip || fstat(s->in.fd, &info) != 0 || !S_ISREG(info.st_mode))
        return SIZE_MAX;
    return (size_t)info.st_size;
}

size_t vouch_stream_offset(const vouch_stream *s) { return s->offset; }
const char *vouch_stream_name(const vouch_stream *s) { return s->name; }
vouch_context *vouch_stream_context(const vouch_stream *s) { return s->ctx; }
