/* Gunzip: zlib's inflate over an open file, a piece at a time or into memory up to a limit.
 *
 * A few kilobytes of gzip can hold gigabytes (deflate reaches 1032:1), so where the whole is
 * kept, the limit is on what comes out, and is checked before more memory is asked for. Several
 * members one after the other are one file, as gzip itself defines (RFC 1952, 2.2). Whatever is
 * wrong with the compressed bytes is reported with the offset in the compressed file at which
 * zlib noticed.
 */
#include <limits.h>
#include <string.h>

#include <zlib.h>

#include "io/io_priv.h"

struct vouch_gunzip {
    z_stream z;
    vouch_input *in;
    vouch_packing packing;
    bool ended; /* the last member is complete */
};

static const char *const names[] = {
    [VOUCH_PACKING_GZIP] = "gzip", [VOUCH_PACKING_ZIP] = "zip", [VOUCH_PACKING_ZLIB] = "zlib"};
/* inflateInit2: the largest window; + 16: a gzip header is expected; negative: none */
static const int windows[] = {
    [VOUCH_PACKING_GZIP] = 15 + 16, [VOUCH_PACKING_ZIP] = -15, [VOUCH_PACKING_ZLIB] = 15};

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
static size_t place(const vouch_gunzip *g)
{
    return g->in->offset + g->in->size - g->z.avail_in;
}

static vouch_status fail_inflate(const vouch_gunzip *g, int code)
{
    if (code == Z_MEM_ERROR)
        return vouch_fail(g->in->ctx, VOUCH_ERR_MEMORY, "%s: out of memory", g->in->path);
    return vouch_fail(g->in->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: corrupt %s data (%s)",
                      g->in->path, place(g), names[g->packing],
                      g->z.msg ? g->z.msg : "not a deflate stream");
}

static vouch_status refill(vouch_gunzip *g)
{
    VOUCH_TRY(vouch_input_next(g->in));
    g->z.next_in = g->in->chunk;
    g->z.avail_in = (unsigned)g->in->size;
    return VOUCH_OK;
}

vouch_status vouch_gunzip_open(vouch_input *in, vouch_packing packing, vouch_gunzip **gunzip)
{
    vouch_gunzip *g = vouch_alloc(in->ctx, sizeof *g);

    *gunzip = NULL;
    if (!g)
        return VOUCH_ERR_MEMORY;
    *g = (vouch_gunzip){.in = in, .packing = packing};
    g->z.zalloc = zlib_alloc;
    g->z.zfree = zlib_release;
    g->z.opaque = in->ctx;
    g->z.next_in = in->chunk;
    g->z.avail_in = (unsigned)in->size;
    int code = inflateInit2(&g->z, windows[packing]);
    if (code != Z_OK) {
        vouch_status status = fail_inflate(g, code);
        vouch_release(in->ctx, g);
        return status;
    }
    *gunzip = g;
    return VOUCH_OK;
}

void vouch_gunzip_close(vouch_gunzip *g)
{
    if (!g)
        return;
    (void)inflateEnd(&g->z);
    vouch_release(g->in->ctx, g);
}

/* One call of inflate, with input to take and room to write to. */
static vouch_status step(vouch_gunzip *g, void *data, unsigned room, size_t *got)
{
    g->z.next_out = data;
    g->z.avail_out = room;
    int code = inflate(&g->z, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END)
        return fail_inflate(g, code);
    *got = room - g->z.avail_out;
    g->ended = code == Z_STREAM_END;
    if (g->ended && g->packing == VOUCH_PACKING_GZIP && inflateReset(&g->z) != Z_OK)
        return fail_inflate(g, Z_DATA_ERROR);
    return VOUCH_OK;
}

vouch_status vouch_gunzip_read(vouch_gunzip *g, void *data, size_t room, size_t *got)
{
    *got = 0;
    while (*got == 0) {
        if (g->ended && g->packing != VOUCH_PACKING_GZIP)
            return VOUCH_OK;
        if (!g->z.avail_in)
            VOUCH_TRY(refill(g));
        if (!g->z.avail_in)
            break;
        VOUCH_TRY(step(g, data, room < UINT_MAX ? (unsigned)room : UINT_MAX, got));
    }
    if (*got == 0 && !g->ended)
        return vouch_fail(g->in->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: truncated %s data",
                          g->in->path, place(g), names[g->packing]);
    return VOUCH_OK;
}

/* ---- the whole --------------------------------------------------------------------------- */

/* Beyond RATIO_FROM bytes, networks and properties never come near this ratio, and what does is
 * refused before it has taken the memory of the whole limit. */
static bool is_bomb(const vouch_gunzip *g, size_t size)
{
    enum { RATIO = 200, RATIO_FROM = 64 << 20 };
    return size > RATIO_FROM && size / RATIO > place(g);
}

static vouch_status fail_bomb(const vouch_gunzip *g)
{
    return vouch_fail(
        g->in->ctx, VOUCH_ERR_LIMIT,
        "%s: uncompresses to more than 200 times its size: looks like a gzip bomb "
        "and is not read",
        g->in->path);
}

static vouch_status fail_limit(const vouch_gunzip *g, size_t limit)
{
    char text[VOUCH_SIZE_TEXT];

    return vouch_fail(g->in->ctx, VOUCH_ERR_LIMIT, "%s: uncompresses to more than %s",
                      g->in->path, vouch_size_text(limit, text));
}

/* At the limit, one more byte tells a full file from a bomb. */
static vouch_status read_all(vouch_gunzip *g, size_t limit, vouch_bytes *out)
{
    size_t got = 1;

    while (got) {
        char spare = 0;
        VOUCH_TRY(vouch_bytes_reserve(out, VOUCH_CHUNK, limit));
        const size_t room = out->capacity - out->size;
        VOUCH_TRY(
            vouch_gunzip_read(g, room ? out->data + out->size : &spare, room ? room : 1, &got));
        if (got && !room)
            return fail_limit(g, limit);
        out->size += got;
        if (is_bomb(g, out->size))
            return fail_bomb(g);
    }
    return VOUCH_OK;
}

vouch_status vouch_gunzip_all(vouch_input *in, size_t limit, vouch_bytes *out)
{
    vouch_gunzip *g = NULL;

    VOUCH_TRY(vouch_gunzip_open(in, VOUCH_PACKING_GZIP, &g));
    if (!g)
        return VOUCH_ERR_MEMORY;
    vouch_status status = read_all(g, limit, out);
    vouch_gunzip_close(g);
    return status;
}
