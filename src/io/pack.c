/* Files made in memory before they are written at once (vouch_file_write), so that a full disk
 * leaves nothing half done.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/array.h"

static vouch_status reserve(vouch_pack *pack, size_t more)
{
    size_t wanted = pack->capacity ? pack->capacity : 4096;

    if (more > SIZE_MAX / 4 - pack->size)
        return vouch_fail(pack->ctx, VOUCH_ERR_LIMIT, "a file too large for memory");
    while (wanted < pack->size + more)
        wanted *= 2;
    if (wanted == pack->capacity)
        return VOUCH_OK;
    unsigned char *grown = vouch_resize(pack->ctx, pack->data, wanted);
    if (!grown)
        return VOUCH_ERR_MEMORY;
    pack->data = grown;
    pack->capacity = wanted;
    return VOUCH_OK;
}

vouch_status vouch_pack_bytes(vouch_pack *pack, const void *data, size_t size)
{
    VOUCH_TRY(reserve(pack, size));
    if (size)
        memcpy(pack->data + pack->size, data, size);
    pack->size += size;
    return VOUCH_OK;
}

vouch_status vouch_pack_print(vouch_pack *pack, const char *format, ...)
{
    char text[1024];
    va_list list;

    va_start(list, format);
    const int length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (length < 0 || (size_t)length >= sizeof text)
        return vouch_fail(pack->ctx, VOUCH_ERR_INTERNAL, "a text of %d bytes is too long",
                          length);
    return vouch_pack_bytes(pack, text, (size_t)length);
}

vouch_status vouch_pack_floats(vouch_pack *pack, const float *x, int64_t count, bool big)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = 0;
        unsigned char raw[4];
        memcpy(&bits, &x[i], sizeof bits);
        for (int k = 0; k < 4; k++)
            raw[k] = (unsigned char)(bits >> (big ? 24 - 8 * k : 8 * k));
        VOUCH_TRY(vouch_pack_bytes(pack, raw, 4));
    }
    return VOUCH_OK;
}

void vouch_pack_free(vouch_pack *pack)
{
    vouch_release(pack->ctx, pack->data);
    *pack = (vouch_pack){.ctx = pack->ctx};
}
