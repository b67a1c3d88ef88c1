/* Reading whole files, gzip or not.
 *
 * Problem: everything vouch reads (networks, properties, tables) may be compressed, may be cut
 * short, and may be a bomb. Method: one function reads a file into memory; the first two bytes
 * tell whether it is gzip; a limit bounds what is kept; the hash of the uncompressed bytes is
 * taken on the way, because results name the files they are about.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "io/io_priv.h"

const char *vouch_size_text(size_t size, char text[VOUCH_SIZE_TEXT])
{
    enum { MIB = 1 << 20 };

    if (size >= MIB && size % MIB == 0)
        (void)snprintf(text, VOUCH_SIZE_TEXT, "%zu MiB", size / MIB);
    else
        (void)snprintf(text, VOUCH_SIZE_TEXT, "%zu bytes", size);
    return text;
}

vouch_status vouch_bytes_reserve(vouch_bytes *b, size_t more, size_t limit)
{
    size_t wanted = b->size < limit && more < limit - b->size ? b->size + more : limit;

    if (b->data && wanted <= b->capacity)
        return VOUCH_OK;
    if (b->capacity <= limit / 2 && wanted < 2 * b->capacity)
        wanted = 2 * b->capacity;
    char *grown = vouch_resize(b->ctx, b->data, wanted + 1);
    if (!grown)
        return VOUCH_ERR_MEMORY;
    b->data = grown;
    b->capacity = wanted;
    return VOUCH_OK;
}

static vouch_status fail_errno(vouch_context *ctx, const char *path, const char *what)
{
    return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* read(2), gone on with after a signal; -1 with errno on failure, 0 at the end. */
static ssize_t read_some(int fd, void *data, size_t size)
{
    ssize_t got = 0;

    do {
        got = read(fd, data, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

vouch_status vouch_input_next(vouch_input *in)
{
    if (vouch_context_stopped(in->ctx))
        return vouch_fail(in->ctx, VOUCH_ERR_CANCELLED, "%s: reading was stopped", in->path);
    in->offset += in->size;
    in->size = 0;
    /* A pipe may give less than it was asked for: two bytes are needed to know gzip. */
    while (in->size < 2) {
        ssize_t got = read_some(in->fd, in->chunk + in->size, VOUCH_CHUNK - in->size);
        if (got < 0)
            return fail_errno(in->ctx, in->path, "read");
        if (got == 0)
            break;
        in->size += (size_t)got;
    }
    return VOUCH_OK;
}

static vouch_status fail_large(const vouch_input *in, size_t limit)
{
    char text[VOUCH_SIZE_TEXT];

    return vouch_fail(in->ctx, VOUCH_ERR_LIMIT, "%s: is larger than %s", in->path,
                      vouch_size_text(limit, text));
}

/* Copies the file as it is, beginning with the chunk at hand. */
static vouch_status read_plain(vouch_input *in, size_t limit, vouch_bytes *out)
{
    while (in->size) {
        if (in->size > limit - out->size)
            return fail_large(in, limit);
        VOUCH_TRY(vouch_bytes_reserve(out, in->size, limit));
        memcpy(out->data + out->size, in->chunk, in->size);
        out->size += in->size;
        VOUCH_TRY(vouch_input_next(in));
    }
    return VOUCH_OK;
}

static vouch_status read_input(vouch_input *in, size_t limit, vouch_bytes *out)
{
    struct stat info;

    VOUCH_TRY(vouch_input_next(in));
    VOUCH_TRY(vouch_bytes_reserve(out, 0, limit));
    if (in->size >= 2 && in->chunk[0] == 0x1f && in->chunk[1] == 0x8b)
        return vouch_gunzip_all(in, limit, out);
    if (fstat(in->fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        if ((uintmax_t)info.st_size > limit)
            return fail_large(in, limit);
        VOUCH_TRY(vouch_bytes_reserve(out, (size_t)info.st_size, limit));
    }
    return read_plain(in, limit, out);
}

void vouch_sha256(const void *data, size_t size, char hex[65])
{
    struct sha256_ctx sha;
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_init(&sha);
    sha256_update(&sha, size, data);
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* Moves what was read into the arena. */
static vouch_status keep(vouch_arena *arena, const vouch_bytes *bytes, vouch_file *file)
{
    char *data = vouch_arena_alloc(arena, bytes->size + 1);

    if (!data)
        return VOUCH_ERR_MEMORY;
    memcpy(data, bytes->data, bytes->size);
    file->data = data;
    file->size = bytes->size;
    vouch_sha256(data, file->size, file->sha256);
    return VOUCH_OK;
}

vouch_status vouch_input_open(vouch_arena *arena, const char **path, int *fd)
{
    *fd = open(*path, O_RDONLY | O_CLOEXEC);
    if (*fd >= 0)
        return VOUCH_OK;
    int first = errno;
    if (first == ENOENT) {
        const char *packed = vouch_arena_print(arena, "%s.gz", *path);
        if (!packed)
            return VOUCH_ERR_MEMORY;
        *fd = open(packed, O_RDONLY | O_CLOEXEC);
        if (*fd >= 0) {
            *path = packed;
            return VOUCH_OK;
        }
    }
    errno = first;
    return fail_errno(vouch_arena_context(arena), *path, "open");
}

vouch_status vouch_file_read(vouch_arena *arena, const char *path, size_t limit,
                             vouch_file *file)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_input in = {.ctx = ctx, .path = path};
    vouch_bytes bytes = {.ctx = ctx};

    *file = (vouch_file){0};
    VOUCH_TRY(vouch_input_open(arena, &in.path, &in.fd));
    in.chunk = vouch_alloc(ctx, VOUCH_CHUNK);
    vouch_status status = in.chunk ? read_input(&in, limit, &bytes) : VOUCH_ERR_MEMORY;
    if (!status)
        status = keep(arena, &bytes, file);
    vouch_release(ctx, bytes.data);
    vouch_release(ctx, in.chunk);
    (void)close(in.fd);
    return status;
}

/* Reads exactly size bytes from offset. */
static vouch_status read_at(vouch_context *ctx, const char *path, int fd, size_t offset,
                            size_t size, char *data)
{
    size_t done = 0;

    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return fail_errno(ctx, path, "seek");
    while (done < size) {
        ssize_t got = read_some(fd, data + done, size - done);
        if (got < 0)
            return fail_errno(ctx, path, "read");
        if (got == 0)
            return vouch_fail(ctx, VOUCH_ERR_IO, "%s: byte %zu: the file ends early", path,
                              offset + done);
        done += (size_t)got;
    }
    return VOUCH_OK;
}

/* Checks that the range lies in the file before any memory is asked for. */
static vouch_status check_range(vouch_context *ctx, const char *path, int fd, size_t offset,
                                size_t length)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return fail_errno(ctx, path, "read");
    if (!S_ISREG(info.st_mode))
        return vouch_fail(ctx, VOUCH_ERR_IO, "%s: is not a regular file", path);
    size_t size = (size_t)info.st_size;
    if (offset > size || length > size - offset)
        return vouch_fail(ctx, VOUCH_ERR_PARSE,
                          "%s: has %zu bytes, too few for %zu bytes from offset %zu", path,
                          size, length, offset);
    return VOUCH_OK;
}

vouch_status vouch_file_read_range(vouch_arena *arena, const char *path, size_t offset,
                                   size_t length, void **data)
{
    vouch_context *ctx = vouch_arena_context(arena);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *data = NULL;
    if (fd < 0)
        return fail_errno(ctx, path, "open");
    vouch_status status = check_range(ctx, path, fd, offset, length);
    if (!status) {
        *data = vouch_arena_alloc(arena, length);
        status = *data ? read_at(ctx, path, fd, offset, length, *data) : VOUCH_ERR_MEMORY;
    }
    (void)close(fd);
    return status;
}
