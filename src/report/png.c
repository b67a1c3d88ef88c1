/* PNG: signature, header, one compressed chunk of rows without filters, end. zlib does the rest. */
#include "report/png.h"

#include <string.h>
#include <zlib.h>

static void put_u32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* SPEC: ISO 15948 5.3: length, type, data, CRC of type and data. */
static vouch_status put_chunk(vouch_pack *pack, const char *type, const unsigned char *data,
                              size_t size)
{
    unsigned char head[8], tail[4];
    uLong crc;
    put_u32(head, (uint32_t)size);
    memcpy(head + 4, type, 4);
    crc = crc32(crc32(0, NULL, 0), head + 4, 4);
    crc = size > 0 ? crc32(crc, data, (uInt)size) : crc;
    put_u32(tail, (uint32_t)crc);
    VOUCH_TRY(vouch_pack_bytes(pack, head, sizeof head));
    VOUCH_TRY(vouch_pack_bytes(pack, data, size));
    return vouch_pack_bytes(pack, tail, sizeof tail);
}

/* Rows, each after the number of its filter, 0. */
static vouch_status put_rows(vouch_pack *pack, const unsigned char *rgb, size_t row,
                             size_t height)
{
    vouch_context *ctx = pack->ctx;
    uLongf size = compressBound((uLong)((row + 1) * height));
    unsigned char *raw = vouch_alloc(ctx, (row + 1) * height);
    unsigned char *packed = vouch_alloc(ctx, size);
    vouch_status s = raw && packed ? VOUCH_OK : VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < height && !s; i++)
        memcpy(raw + i * (row + 1) + 1, rgb + i * row, row);
    if (!s && compress2(packed, &size, raw, (uLong)((row + 1) * height), 9) != Z_OK)
        s = vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory for an image");
    if (!s)
        s = put_chunk(pack, "IDAT", packed, size);
    vouch_release(ctx, raw);
    vouch_release(ctx, packed);
    return s;
}

vouch_status vouch_png_write(vouch_pack *pack, const unsigned char *rgb, int64_t width,
                             int64_t height)
{
    static const unsigned char signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    unsigned char header[13] = {0};
    put_u32(header, (uint32_t)width);
    put_u32(header + 4, (uint32_t)height);
    header[8] = 8; /* bits */
    header[9] = 2; /* red, green, blue */
    VOUCH_TRY(vouch_pack_bytes(pack, signature, sizeof signature));
    VOUCH_TRY(put_chunk(pack, "IHDR", header, sizeof header));
    VOUCH_TRY(put_rows(pack, rgb, (size_t)width * 3, (size_t)height));
    return put_chunk(pack, "IEND", (const unsigned char *)"", 0);
}
