/* Numeric arrays in files, whatever their header: numbers to float32, entry by entry.
 *
 * A header may claim any size; memory is asked for one entry only, and that is limited, so a
 * short file with a large claim fails where its bytes end. Fortran order has the first axis
 * innermost, so that an entry lies all over the file: such an array is read as a whole and
 * turned.
 */
#include "io/array.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { ENTRY_LIMIT_MIB = 1024, WHOLE_LIMIT_MIB = 8192 };

/* ---- numbers ------------------------------------------------------------------------------ */

/* The bytes of one number, as the low end of a word. */
static uint64_t word(const unsigned char *raw, const vouch_element *e)
{
    uint64_t bits = 0;

    for (int i = 0; i < e->bytes; i++)
        bits = bits << 8 | raw[e->big ? i : e->bytes - 1 - i];
    return bits;
}

/* SPEC: IEEE 754-2019, binary16: every value of it is one of float32. */
static float from_half(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    const float sign = bits >> 15 ? -1.0f : 1.0f;

    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexpf((float)(1024 + fraction), exponent - 25)
                            : ldexpf((float)fraction, -24));
}

static float from_float(uint64_t bits, int bytes)
{
    float narrow = 0;
    double wide = 0;
    const uint32_t low = (uint32_t)bits;

    if (bytes == 2)
        return from_half(bits);
    if (bytes == 8) {
        memcpy(&wide, &bits, sizeof wide);
        return (float)wide;
    }
    memcpy(&narrow, &low, sizeof narrow);
    return narrow;
}

static float number(const unsigned char *raw, const vouch_element *e)
{
    const uint64_t bits = word(raw, e);
    const int spare = 64 - 8 * e->bytes;

    if (e->kind == 'f')
        return from_float(bits, e->bytes);
    if (e->kind == 'i') { /* the sign bit moves to the top, and all back */
        const int64_t top = (int64_t)(bits << spare), whole = top / ((int64_t)1 << spare);
        return (float)whole;
    }
    return (float)bits;
}

static vouch_status fail_number(const vouch_array *a, int64_t entry, int64_t i)
{
    return vouch_fail(vouch_stream_context(a->stream), VOUCH_ERR_VALUE,
                      "%s: entry %lld, number %lld is not finite in float32",
                      vouch_stream_name(a->stream), (long long)entry, (long long)i);
}

static vouch_status convert(const vouch_array *a, int64_t entry, float *out)
{
    if (a->element.bytes == 1 && a->element.kind != 'i') {
        for (int64_t i = 0; i < a->entry; i++)
            out[i] = (float)a->raw[i];
        return VOUCH_OK;
    }
    for (int64_t i = 0; i < a->entry; i++) {
        out[i] = number(a->raw + i * a->element.bytes, &a->element);
        if (!isfinite(out[i]))
            return fail_number(a, entry, i);
    }
    return VOUCH_OK;
}

/* ---- Fortran order ------------------------------------------------------------------------ */

/* Number i of the file, first axis innermost, has this place in C order. */
static int64_t turned(const vouch_shape *shape, int64_t i)
{
    int64_t place = 0, stride = 1;

    for (int d = 1; d < shape->rank; d++)
        stride *= shape->dim[d];
    for (int d = 0; d < shape->rank; d++) {
        place += i % shape->dim[d] * stride;
        i /= shape->dim[d];
        stride /= d + 1 < shape->rank ? shape->dim[d + 1] : 1;
    }
    return place;
}

static vouch_status read_whole(vouch_array *a)
{
    const int64_t count = a->entries * a->entry;
    unsigned char raw[8];

    if (count > (int64_t)WHOLE_LIMIT_MIB << 18)
        return vouch_fail(
            vouch_stream_context(a->stream), VOUCH_ERR_LIMIT,
            "%s: an array in Fortran order of more than %d MiB: write it in C order",
            vouch_stream_name(a->stream), WHOLE_LIMIT_MIB);
    a->whole = VOUCH_NEW_ARRAY(a->arena, float, count);
    if (!a->whole)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        VOUCH_TRY(vouch_stream_need(a->stream, raw, (size_t)a->element.bytes, "the numbers"));
        const int64_t place = turned(&a->shape, i);
        a->whole[place] = number(raw, &a->element);
        if (!isfinite(a->whole[place]))
            return fail_number(a, place / a->entry, place % a->entry);
    }
    return vouch_stream_finish(a->stream, "the header says");
}

/* ---- reading ------------------------------------------------------------------------------ */

vouch_status vouch_array_begin(vouch_arena *arena, vouch_array *a)
{
    vouch_context *ctx = vouch_stream_context(a->stream);
    const int64_t count = vouch_shape_count(&a->shape);
    const char *name = vouch_stream_name(a->stream);

    a->arena = arena;
    if (count < 0 || count > INT64_MAX / 8)
        return vouch_fail(ctx, VOUCH_ERR_LIMIT, "%s: the shape is too large", name);
    a->entries = a->shape.rank ? a->shape.dim[0] : 1;
    a->entry = a->entries ? count / a->entries : 0;
    if (a->entry > ((int64_t)ENTRY_LIMIT_MIB << 20) / 8)
        return vouch_fail(ctx, VOUCH_ERR_LIMIT, "%s: an entry has %lld numbers, too many", name,
                          (long long)a->entry);
    a->start = vouch_stream_offset(a->stream);
    const size_t size = vouch_stream_size(a->stream);
    const size_t wanted = (size_t)count * (size_t)a->element.bytes;
    if (size != SIZE_MAX && size - a->start < wanted)
        return vouch_fail(ctx, VOUCH_ERR_PARSE,
                          "%s: byte %zu: the file ends early: the header says %zu bytes", name,
                          size, a->start + wanted);
    a->raw = vouch_arena_alloc(arena, (size_t)a->entry * (size_t)a->element.bytes);
    return a->raw ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status next_entry(vouch_array *a, float *out)
{
    const size_t size = (size_t)a->entry * (size_t)a->element.bytes;

    if (a->whole) {
        memcpy(out, a->whole + a->next * a->entry, (size_t)a->entry * sizeof *out);
        return VOUCH_OK;
    }
    VOUCH_TRY(vouch_stream_need(a->stream, a->raw, size, "the numbers"));
    return convert(a, a->next, out);
}

/* Harmless once it has been done. */
static vouch_status finish(vouch_array *a)
{
    unsigned char passed[8];

    if (vouch_stream_offset(a->stream) ==
        a->start + (size_t)(a->entries * a->entry) * (size_t)a->element.bytes)
        VOUCH_TRY(vouch_stream_need(a->stream, passed, a->padding, "the numbers"));
    return vouch_stream_finish(a->stream, "the header says");
}

vouch_status vouch_array_next(vouch_array *a, int64_t count, float *out, int64_t *got)
{
    *got = 0;
    if (a->fortran && a->shape.rank > 1 && !a->whole && a->entry)
        VOUCH_TRY(read_whole(a));
    while (*got < count && a->next < a->entries) {
        VOUCH_TRY(next_entry(a, out + *got * a->entry));
        a->next++;
        ++*got;
    }
    return a->next == a->entries && !a->whole ? finish(a) : VOUCH_OK;
}

vouch_status vouch_array_rewind(vouch_array *a)
{
    unsigned char skipped[256];

    a->next = 0;
    if (a->whole)
        return VOUCH_OK;
    VOUCH_TRY(vouch_stream_rewind(a->stream));
    for (size_t left = a->start; left;) {
        const size_t step = left < sizeof skipped ? left : sizeof skipped;
        VOUCH_TRY(vouch_stream_need(a->stream, skipped, step, "the header"));
        left -= step;
    }
    return VOUCH_OK;
}

void vouch_array_close(vouch_array *a)
{
    vouch_stream_close(a->stream);
    a->stream = NULL;
}
