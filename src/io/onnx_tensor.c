/* TensorProto: numbers stored raw, in typed fields, or in a file of their own.
 *
 * Every way of storing is brought to one: element i as a pattern of bits, `bits(i)`, which is
 * then read as the element type says. Raw data are little-endian whatever the machine (ONNX IR,
 * "raw_data"); typed fields hold small types widened (int32_data holds float16 as its 16 bits).
 * float16 and bfloat16 widen to float32 exactly, integers to int64.
 *
 * The number of elements that the dimensions promise is compared with the data at hand before
 * memory is asked for, so a short file cannot claim a large tensor.
 */
#include <math.h>
#include <string.h>

#include "io/onnx_priv.h"

typedef enum storage { /* the typed field that holds the elements */
                       IN_NONE,
                       IN_FLOAT,
                       IN_DOUBLE,
                       IN_INT32,
                       IN_INT64,
                       IN_UINT64
} storage;

typedef struct element_type {
    const char *name;
    size_t size; /* bytes of a raw element */
    vouch_dtype dtype;
    storage where;
} element_type;

/* SPEC: ONNX TensorProto.DataType; names of those not read serve the error text. */
static const element_type element_types[] = {
    {"undefined", 0, 0, IN_NONE},
    [1] = {"float", 4, VOUCH_F32, IN_FLOAT},
    {"uint8", 1, VOUCH_I64, IN_INT32},
    {"int8", 1, VOUCH_I64, IN_INT32},
    {"uint16", 2, VOUCH_I64, IN_INT32},
    {"int16", 2, VOUCH_I64, IN_INT32},
    {"int32", 4, VOUCH_I64, IN_INT32},
    {"int64", 8, VOUCH_I64, IN_INT64},
    {"string", 0, 0, IN_NONE},
    {"bool", 1, VOUCH_BOOL, IN_INT32},
    [10] = {"float16", 2, VOUCH_F32, IN_INT32},
    {"double", 8, VOUCH_F64, IN_DOUBLE},
    {"uint32", 4, VOUCH_I64, IN_UINT64},
    {"uint64", 8, VOUCH_I64, IN_UINT64},
    {"complex64", 0, 0, IN_NONE},
    {"complex128", 0, 0, IN_NONE},
    {"bfloat16", 2, VOUCH_F32, IN_INT32},
    {"float8e4m3fn", 0, 0, IN_NONE},
    {"float8e4m3fnuz", 0, 0, IN_NONE},
    {"float8e5m2", 0, 0, IN_NONE},
    {"float8e5m2fnuz", 0, 0, IN_NONE},
    {"uint4", 0, 0, IN_NONE},
    {"int4", 0, 0, IN_NONE},
    {"float4e2m1", 0, 0, IN_NONE},
};
enum { ELEMENT_TYPES = sizeof element_types / sizeof element_types[0] };

static const element_type *find_type(int32_t data_type)
{
    bool known = data_type >= 0 && data_type < ELEMENT_TYPES;

    return &element_types[known ? data_type : 0];
}

vouch_dtype vouch_onnx_dtype(int32_t data_type) { return find_type(data_type)->dtype; }

const char *vouch_onnx_dtype_name(int32_t data_type) { return find_type(data_type)->name; }

/* Where the elements lie: raw bytes if raw is set, else the typed field of proto. */
typedef struct elements {
    const Onnx__TensorProto *proto;
    const element_type *type;
    const uint8_t *raw;
} elements;

static uint64_t raw_bits(const uint8_t *p, size_t size)
{
    uint64_t bits = 0;

    for (size_t i = size; i-- > 0;)
        bits = bits << 8 | p[i];
    return bits;
}

static uint64_t bits_of(const elements *e, size_t i)
{
    const Onnx__TensorProto *p = e->proto;
    uint64_t bits = 0;

    if (e->raw)
        return raw_bits(e->raw + i * e->type->size, e->type->size);
    switch (e->type->where) {
    case IN_FLOAT: {
        uint32_t half = 0;
        memcpy(&half, &p->float_data[i], sizeof half);
        return half;
    }
    case IN_DOUBLE:
        memcpy(&bits, &p->double_data[i], sizeof bits);
        return bits;
    case IN_INT32:
        return (uint64_t)(int64_t)p->int32_data[i];
    case IN_INT64:
        return (uint64_t)p->int64_data[i];
    case IN_UINT64:
        return p->uint64_data[i];
    case IN_NONE:
        break;
    }
    return bits;
}

static float float_of(uint32_t bits)
{
    float value = 0;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE binary16 to binary32: exact. A subnormal is fraction * 2^-24. */
static float half_to_float(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t exponent = bits >> 10 & 0x1f;
    uint32_t fraction = bits & 0x3ff;

    if (exponent == 0) {
        float magnitude = (float)fraction * 0x1p-24F;
        return sign ? -magnitude : magnitude;
    }
    if (exponent == 31)
        return float_of(sign | 0x7f800000U | fraction << 13);
    return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

/* Sign-extends the low 8 * size bits. */
static int64_t signed_of(uint64_t bits, size_t size)
{
    uint64_t top = (uint64_t)1 << (8 * size - 1);
    uint64_t low = bits & (top | (top - 1));

    return (int64_t)((low ^ top) - top);
}

/* Stores element i; false where a uint64 does not fit int64. */
static bool store(const elements *e, size_t i, vouch_tensor *t)
{
    uint64_t bits = bits_of(e, i);
    size_t size = e->type->size;

    switch (e->proto->data_type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
        t->f32[i] = float_of((uint32_t)bits);
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
        t->f32[i] = half_to_float((uint16_t)bits);
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
        t->f32[i] = float_of((uint32_t)bits << 16);
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
        memcpy(&t->f64[i], &bits, sizeof bits);
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
        t->boolean[i] = bits != 0;
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
        t->i64[i] = signed_of(bits, size);
        break;
    default: /* unsigned */
        t->i64[i] = (int64_t)(size < 8 ? bits & (((uint64_t)1 << 8 * size) - 1) : bits);
        return t->i64[i] >= 0;
    }
    return true;
}

/* ---- checks ------------------------------------------------------------------------------ */

static vouch_status fail(const vouch_onnx_reader *r, vouch_status status, const char *what,
                         const char *text)
{
    return vouch_fail(r->ctx, status, "%s: %s %s", r->source, what, text);
}

static vouch_status check_kind(const vouch_onnx_reader *r, const Onnx__TensorProto *p,
                               const char *what)
{
    const element_type *type = find_type(p->data_type);

    if (p->segment)
        return fail(r, VOUCH_ERR_UNSUPPORTED, what, "is stored in segments: not supported");
    if (!p->has_data_type)
        return fail(r, VOUCH_ERR_PARSE, what, "has no element type");
    if (!type->dtype)
        return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: %s has element type %s (%d): not supported", r->source, what,
                          type->name, (int)p->data_type);
    return VOUCH_OK;
}

static vouch_status read_shape(const vouch_onnx_reader *r, const Onnx__TensorProto *p,
                               const char *what, vouch_shape *shape)
{
    if (p->n_dims > VOUCH_RANK_MAX)
        return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: %s has %zu dimensions (at most %d)", r->source, what, p->n_dims,
                          (int)VOUCH_RANK_MAX);
    shape->rank = (int)p->n_dims;
    for (size_t i = 0; i < p->n_dims; i++) {
        if (p->dims[i] < 0)
            return vouch_fail(r->ctx, VOUCH_ERR_SHAPE, "%s: dimension %zu of %s is negative",
                              r->source, i, what);
        shape->dim[i] = p->dims[i];
    }
    if (vouch_shape_count(shape) < 0)
        return fail(r, VOUCH_ERR_SHAPE, what, "has too many elements");
    return VOUCH_OK;
}

static size_t typed_count(const Onnx__TensorProto *p, storage where)
{
    switch (where) {
    case IN_FLOAT:
        return p->n_float_data;
    case IN_DOUBLE:
        return p->n_double_data;
    case IN_INT32:
        return p->n_int32_data;
    case IN_INT64:
        return p->n_int64_data;
    case IN_UINT64:
        return p->n_uint64_data;
    case IN_NONE:
        break;
    }
    return 0;
}

/* Finds the data of count elements and checks that they are exactly that many. */
static vouch_status locate(const vouch_onnx_reader *r, const char *what, size_t count,
                           elements *e)
{
    const Onnx__TensorProto *p = e->proto;
    size_t held = 0;

    if (p->has_data_location &&
        p->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        if (count > SIZE_MAX / 8)
            return fail(r, VOUCH_ERR_SHAPE, what, "has too many elements");
        return vouch_onnx_external(r, p, what, count * e->type->size, &e->raw);
    }
    if (p->has_raw_data) {
        held = p->raw_data.len / e->type->size;
        e->raw = p->raw_data.data;
        if (p->raw_data.len % e->type->size)
            return fail(r, VOUCH_ERR_SHAPE, what, "ends in the middle of an element");
    } else {
        held = typed_count(p, e->type->where);
    }
    if (held != count)
        return vouch_fail(r->ctx, VOUCH_ERR_SHAPE,
                          "%s: %s has %zu elements, its dimensions need %zu", r->source, what,
                          held, count);
    return VOUCH_OK;
}

static vouch_status decode(const vouch_onnx_reader *r, const elements *e, const char *what,
                           vouch_tensor *t)
{
    for (size_t i = 0; i < (size_t)t->count; i++)
        if (!store(e, i, t))
            return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED,
                              "%s: %s: element %zu does not fit in 64 bits with a sign",
                              r->source, what, i);
    return VOUCH_OK;
}

vouch_status vouch_onnx_tensor(const vouch_onnx_reader *r, const Onnx__TensorProto *proto,
                               const char *what, vouch_tensor **tensor)
{
    vouch_shape shape = {0};
    elements e = {.proto = proto, .type = find_type(proto->data_type)};
    vouch_arena_mark mark = vouch_arena_get_mark(r->scratch);

    *tensor = NULL;
    VOUCH_TRY(check_kind(r, proto, what));
    VOUCH_TRY(read_shape(r, proto, what, &shape));
    VOUCH_TRY(locate(r, what, (size_t)vouch_shape_count(&shape), &e));
    vouch_tensor *t = vouch_tensor_new(r->arena, e.type->dtype, &shape);
    if (!t)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(decode(r, &e, what, t));
    vouch_arena_reset(r->scratch, mark); /* what an external file put there */
    *tensor = t;
    return VOUCH_OK;
}

vouch_status vouch_onnx_check_finite(const vouch_onnx_reader *r, const vouch_tensor *tensor,
                                     const char *what, const char *value)
{
    bool infinite_allowed = false;

    if (tensor->dtype != VOUCH_F32 && tensor->dtype != VOUCH_F64)
        return VOUCH_OK;
    for (int64_t i = 0; i < tensor->count; i++) {
        double x = vouch_tensor_get(tensor, i);
        if (isfinite(x) || (isinf(x) && infinite_allowed))
            continue;
        infinite_allowed = isinf(x) && value && vouch_onnx_infinite_allowed(r, value);
        if (!infinite_allowed)
            return vouch_fail(r->ctx, VOUCH_ERR_VALUE, "%s: %s: element %lld is %s", r->source,
                              what, (long long)i, isnan(x) ? "NaN" : "infinite");
    }
    return VOUCH_OK;
}

vouch_status vouch_onnx_tensor_parse(vouch_arena *arena, const char *source, const void *data,
                                     size_t size, vouch_tensor **tensor)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_arena *scratch = vouch_arena_new(ctx);
    vouch_onnx_reader r = {.ctx = ctx, .source = source, .scratch = scratch, .arena = arena};
    ProtobufCMessage *message = NULL;

    *tensor = NULL;
    if (!scratch)
        return VOUCH_ERR_MEMORY;
    vouch_status status = vouch_onnx_unpack(scratch, source, data, size,
                                            &onnx__tensor_proto__descriptor, &message);
    if (!status)
        status = vouch_onnx_tensor(&r, (const Onnx__TensorProto *)message, "tensor", tensor);
    vouch_arena_free(scratch);
    return status;
}
