/* IDX, the format of MNIST (LeCun, Cortes): two zero bytes, the type of the numbers, the number
 * of axes, each axis in four bytes, most significant first, then the numbers likewise.
 */
#include "io/array.h"

/* SPEC: IDX, "THE IDX FILE FORMAT", table of data types */
static const struct type {
    int code;
    vouch_element element;
} types[] = {
    {0x08, {'u', 1, true}}, {0x09, {'i', 1, true}}, {0x0b, {'i', 2, true}},
    {0x0c, {'i', 4, true}}, {0x0d, {'f', 4, true}}, {0x0e, {'f', 8, true}},
};

static bool find_type(int code, vouch_element *element)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].code != code)
            continue;
        *element = types[i].element;
        return true;
    }
    return false;
}

static vouch_status read_header(vouch_array *a)
{
    vouch_context *ctx = vouch_stream_context(a->stream);
    const char *name = vouch_stream_name(a->stream);
    unsigned char magic[4], axis[4];

    VOUCH_TRY(vouch_stream_need(a->stream, magic, 4, "the header"));
    if (magic[0] || magic[1] || !find_type(magic[2], &a->element))
        return vouch_fail(ctx, VOUCH_ERR_PARSE,
                          "%s: byte 0: is not an IDX file (begins with %02x %02x %02x %02x)",
                          name, magic[0], magic[1], magic[2], magic[3]);
    if (magic[3] < 1 || magic[3] > VOUCH_RANK_MAX)
        return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s: byte 3: %d axes; 1 to %d are read", name,
                          magic[3], VOUCH_RANK_MAX);
    a->shape.rank = magic[3];
    for (int d = 0; d < a->shape.rank; d++) {
        VOUCH_TRY(vouch_stream_need(a->stream, axis, 4, "the header"));
        a->shape.dim[d] = (int64_t)axis[0] << 24 | axis[1] << 16 | axis[2] << 8 | axis[3];
    }
    return VOUCH_OK;
}

vouch_status vouch_array_open_idx(vouch_arena *arena, vouch_stream *stream, vouch_array *a)
{
    *a = (vouch_array){.stream = stream};
    vouch_status status = read_header(a);
    if (!status)
        status = vouch_array_begin(arena, a);
    if (status)
        vouch_array_close(a);
    return status;
}

vouch_status vouch_pack_idx(vouch_pack *pack, int type, const vouch_shape *shape)
{
    const unsigned char magic[4] = {0, 0, (unsigned char)type, (unsigned char)shape->rank};

    VOUCH_TRY(vouch_pack_bytes(pack, magic, 4));
    for (int d = 0; d < shape->rank; d++) {
        const int64_t n = shape->dim[d];
        const unsigned char axis[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                       (unsigned char)(n >> 8), (unsigned char)n};
        VOUCH_TRY(vouch_pack_bytes(pack, axis, 4));
    }
    return VOUCH_OK;
}
