/* Gunzip: zlib's inflate over an open file, into memory that grows up to a limit.
 *
 * A few kilobytes of gzip can hold gigabytes (deflate reaches 1032:1), so the limit is on what
 * comes out, and is checked before more memory is asked for. Several members one after the
 * other are one file, as gzip itself defines (RFC 1952, 2.2). Whatever is wrong with the
 * compressed bytes is reported with the offset in the compressed file at which zlib noticed.
 */
#include <limits.h>
#include <string.h>

#include <zlib.h>

#include "io/io_priv.h"

enum { GZIP_WINDOW = 15 + 16 }; /* the largest window; + 16: a gzip header is expected */

typedef struct gunzip {
    z_stream z;
    vouch_input *in;
    vouch_bytes *out;
    size_t limit;
    bool ended; /* the last member is complete */
} gunzip;

static void *zlib_alloc(void *user, unsigned count, unsigned size)
{
    vouch_context *ctx = user;

    return vouch_alloc(ctx, (size_t)count * size);
}

static void zlib_release(void *user, void *block)
{
    vouch_context *ctx = user;

    vouch_release(ctx, block);
}

/* The offset in the file of the first byte that zlib has not taken. */
static size_t place(const gunzip *g) { return g->in->offset + g->in->size - g->z.avail_in; }

static vouch_status fail_limit(const gunzip *g)
{
    char text[VOUCH_SIZE_TEXT];

    return vouch_fail(g->in->ctx, VOUCH_ERR_LIMIT, "%s: uncompresses to more than %s",
                      g->in->path, vouch_size_text(g->limit, text));
}

/* Beyond RATIO_FROM bytes, networks and properties never come near this ratio, and what does is
 * refused before it has taken the memory of the whole limit. */
static bool is_bomb(const gunzip *g)
{
    enum { RATIO = 200, RATIO_FROM = 64 << 20 };
    return g->out->size > RATIO_FROM && g->out->size / RATIO > place(g);
}

static vouch_status fail_bomb(const gunzip *g)
{
    return vouch_fail(
        g->in->ctx, VOUCH_ERR_LIMIT,
        "%s: uncompresses to more than 200 times its size: looks like a gzip bomb "
        "and is not read",
        g->in->path);
}

static vouch_status fail_inflate(const gunzip *g, int code)
{
    if (code == Z_MEM_ERROR)
        return vouch_fail(g->in->ctx, VOUCH_ERR_MEMORY, "%s: out of memory", g->in->path);
    return vouch_fail(g->in->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: corrupt gzip data (%s)",
                      g->in->path, place(g), g->z.msg ? g->z.msg : "not a deflate stream");
}

static vouch_status refill(gunzip *g)
{
    VOUCH_TRY(vouch_input_next(g->in));
    g->z.next_in = g->in->chunk;
    g->z.avail_in = (unsigned)g->in->size;
    return VOUCH_OK;
}

/* One call of inflate, with input to take and room to write to. */
static vouch_status step(gunzip *g)
{
    VOUCH_TRY(vouch_bytes_reserve(g->out, VOUCH_CHUNK, g->limit));
    size_t room = g->out->capacity - g->out->size;
    unsigned offered = room < UINT_MAX ? (unsigned)room : UINT_MAX;
    unsigned char spare = 0; /* at the limit: one more byte tells a full file from a bomb */

    g->z.next_out = room ? (unsigned char *)g->out->data + g->out->size : &spare;
    g->z.avail_out = room ? offered : 1;
    int code = inflate(&g->z, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END)
        return fail_inflate(g, code);
    if (!room && !g->z.avail_out)
        return fail_limit(g);
    if (room)
        g->out->size += offered - g->z.avail_out;
    if (is_bomb(g))
        return fail_bomb(g);
    g->ended = code == Z_STREAM_END;
    return g->ended && inflateReset(&g->z) != Z_OK ? fail_inflate(g, Z_DATA_ERROR) : VOUCH_OK;
}

static vouch_status run(gunzip *g)
{
    for (;;) {
        if (!g->z.avail_in)
            VOUCH_TRY(refill(g));
        if (!g->z.avail_in)
            break;
        VOUCH_TRY(step(g));
    }
    if (!g->ended)
        return vouch_fail(g->in->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: truncated gzip data",
                          g->in->path, place(g));
    return VOUCH_OK;
}

vouch_status vouch_gunzip(vouch_input *in, size_t limit, vouch_bytes *out)
{
    gunzip g = {.in = in, .out = out, .limit = limit};

    g.z.zalloc = zlib_alloc;
    g.z.zfree = zlib_release;
    g.z.opaque = in->ctx;
    g.z.next_in = in->chunk;
    g.z.avail_in = (unsigned)in->size;
    int code = inflateInit2(&g.z, GZIP_WINDOW);
    if (code != Z_OK)
        return fail_inflate(&g, code);
    vouch_status status = run(&g);
    (void)inflateEnd(&g.z);
    return status;
}
