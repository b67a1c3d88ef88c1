#include "io/proto.h"

#include <math.h>

/* Packs and parses a tensor alone. */
static vouch_status parse(proto *p, const Onnx__TensorProto *t, vouch_tensor **tensor)
{
    size_t size = onnx__tensor_proto__get_packed_size(t);
    uint8_t *data = vouch_arena_alloc(p->arena, size);
    (void)onnx__tensor_proto__pack(t, data);
    return vouch_onnx_tensor_parse(p->arena, "t.pb", data, size, tensor);
}

static void expect(proto *p, const Onnx__TensorProto *t, vouch_dtype dtype,
                   const double *values)
{
    vouch_tensor *tensor = NULL;
    vouch_test_ok(p->ctx, parse(p, t, &tensor));
    assert_int_equal(tensor->dtype, dtype);
    assert_int_equal(tensor->count, t->dims[0]);
    for (int64_t i = 0; i < tensor->count; i++)
        if (vouch_tensor_get(tensor, i) != values[i])
            fail_msg("type %d, element %d: %g", (int)t->data_type, (int)i,
                     vouch_tensor_get(tensor, i));
}

static void raw_data_of_every_type_are_read(void **state)
{
    static const struct {
        int type;
        vouch_dtype dtype;
        uint8_t raw[16];
        size_t size;
        double value[2];
    } rows[] = {
        {1, VOUCH_F32, {0, 0, 0x20, 0xc1, 0, 0, 0, 0x3f}, 8, {-10, 0.5}},
        {2, VOUCH_I64, {1, 255}, 2, {1, 255}},
        {3, VOUCH_I64, {1, 255}, 2, {1, -1}},
        {4, VOUCH_I64, {1, 0, 255, 255}, 4, {1, 65535}},
        {5, VOUCH_I64, {1, 0, 254, 255}, 4, {1, -2}},
        {6, VOUCH_I64, {0, 0, 0, 128, 2, 1, 0, 0}, 8, {-2147483648.0, 258}},
        {7,
         VOUCH_I64,
         {1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255},
         16,
         {1, -1}},
        {9, VOUCH_BOOL, {0, 1}, 2, {0, 1}},
        {10, VOUCH_F32, {0, 0x3c, 1, 0x80}, 4, {1, -0x1p-24}},
        {11, VOUCH_F64, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, 16, {1, -2}},
        {12, VOUCH_I64, {255, 255, 255, 255, 1, 0, 0, 0}, 8, {4294967295.0, 1}},
        {13,
         VOUCH_I64,
         {7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0},
         16,
         {7, 4294967297.0}},
        {16, VOUCH_F32, {0x80, 0x3f, 0x20, 0xc1}, 4, {1, -10}},
    };
    (void)state;
    proto p = proto_empty();
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rows); i++) {
        Onnx__TensorProto *t = proto_tensor(&p, "t", rows[i].type, 2);
        proto_raw(&p, t, rows[i].raw, rows[i].size);
        expect(&p, t, rows[i].dtype, rows[i].value);
    }
    proto_free(&p);
}

static void int32_data_hold_all_small_types(void **state)
{
    static const struct {
        int type;
        vouch_dtype dtype;
        int32_t data[2];
        double value[2];
    } rows[] = {
        {2, VOUCH_I64, {1, 255}, {1, 255}},
        {3, VOUCH_I64, {1, -1}, {1, -1}},
        {4, VOUCH_I64, {1, 65535}, {1, 65535}},
        {5, VOUCH_I64, {1, -2}, {1, -2}},
        {6, VOUCH_I64, {INT32_MIN, 5}, {INT32_MIN, 5}},
        {9, VOUCH_BOOL, {0, 1}, {0, 1}},
        {10, VOUCH_F32, {0x3c00, 0x7bff}, {1, 65504}},
        {16, VOUCH_F32, {0x3f80, 0xc120}, {1, -10}},
    };
    (void)state;
    proto p = proto_empty();
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rows); i++) {
        Onnx__TensorProto *t = proto_tensor(&p, "t", rows[i].type, 2);
        t->n_int32_data = 2;
        t->int32_data = proto_grow(&p, rows[i].data, 2, sizeof(int32_t));
        expect(&p, t, rows[i].dtype, rows[i].value);
    }
    proto_free(&p);
}

static void wide_typed_fields_are_read(void **state)
{
    const float f[] = {1.5F, -3};
    const double d[] = {0.1, -3};
    const int64_t i[] = {-5, INT64_C(1) << 40};
    const uint64_t u[] = {5, INT64_C(1) << 40};
    (void)state;
    proto p = proto_empty();
    Onnx__TensorProto *t = proto_tensor(&p, "t", 1, 2);
    t->n_float_data = 2;
    t->float_data = proto_grow(&p, f, 2, sizeof *f);
    expect(&p, t, VOUCH_F32, (const double[]){1.5, -3});
    t = proto_tensor(&p, "t", 11, 2);
    t->n_double_data = 2;
    t->double_data = proto_grow(&p, d, 2, sizeof *d);
    expect(&p, t, VOUCH_F64, d);
    t = proto_tensor(&p, "t", 7, 2);
    t->n_int64_data = 2;
    t->int64_data = proto_grow(&p, i, 2, sizeof *i);
    expect(&p, t, VOUCH_I64, (const double[]){-5, 0x1p40});
    for (int type = 12; type <= 13; type++) {
        t = proto_tensor(&p, "t", type, 2);
        t->n_uint64_data = 2;
        t->uint64_data = proto_grow(&p, u, 2, sizeof *u);
        expect(&p, t, VOUCH_I64, (const double[]){5, type == 12 ? 0 : 0x1p40});
    }
    proto_free(&p);
}

static void every_float16_widens_exactly(void **state)
{
    enum { COUNT = 1 << 16 };
    static uint8_t raw[2 * COUNT];
    vouch_tensor *tensor = NULL;
    (void)state;
    proto p = proto_empty();
    Onnx__TensorProto *t = proto_tensor(&p, "t", 10, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        raw[2 * i] = (uint8_t)i;
        raw[2 * i + 1] = (uint8_t)(i >> 8);
    }
    proto_raw(&p, t, raw, sizeof raw);
    vouch_test_ok(p.ctx, parse(&p, t, &tensor));
    for (unsigned i = 0; i < COUNT; i++) {
        const int exponent = (int)(i >> 10 & 31);
        const double fraction = i & 1023;
        const double sign = i & 0x8000 ? -1 : 1;
        const double value = (double)tensor->f32[i];
        if (exponent == 31)
            assert_true(fraction != 0 ? isnan(value) : value == sign * (double)INFINITY);
        else if (exponent == 0)
            assert_true(value == sign * ldexp(fraction, -24));
        else
            assert_true(value == sign * ldexp(1024 + fraction, exponent - 25));
        if (!isnan(value))
            assert_int_equal(!!signbit(value), i >> 15);
    }
    proto_free(&p);
}

static void scalars_and_empty_tensors_are_read(void **state)
{
    vouch_tensor *tensor = NULL;
    const float one = 1;
    (void)state;
    proto p = proto_empty();
    Onnx__TensorProto *t = proto_tensor(&p, NULL, 1, 1);
    proto_raw(&p, t, &one, sizeof one);
    t->n_dims = 0;
    vouch_test_ok(p.ctx, parse(&p, t, &tensor));
    assert_int_equal(tensor->shape.rank, 0);
    assert_int_equal(tensor->count, 1);
    vouch_test_ok(p.ctx, parse(&p, proto_tensor(&p, NULL, 7, 0), &tensor));
    assert_int_equal(tensor->count, 0);
    proto_free(&p);
}

typedef void spoil(proto *p, Onnx__TensorProto *t);

static void too_few(proto *p, Onnx__TensorProto *t)
{
    (void)p;
    t->dims[0] = 3;
}

static void huge(proto *p, Onnx__TensorProto *t)
{
    t->dims[0] = INT64_C(1) << 60;
    PROTO_PUSH(p, t->dims, t->n_dims, INT64_C(1) << 60);
}

static void huge_external(proto *p, Onnx__TensorProto *t)
{
    (void)p;
    t->dims[0] = INT64_MAX;
    t->has_data_location = true;
    t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static void claimed(proto *p, Onnx__TensorProto *t)
{
    (void)p;
    t->dims[0] = INT64_C(1) << 40;
}

static void negative(proto *p, Onnx__TensorProto *t)
{
    (void)p;
    t->dims[0] = -2;
}

static void many_axes(proto *p, Onnx__TensorProto *t)
{
    while (t->n_dims <= VOUCH_RANK_MAX)
        PROTO_PUSH(p, t->dims, t->n_dims, 1);
}

static void odd_bytes(proto *p, Onnx__TensorProto *t)
{
    (void)p;
    t->raw_data.len = 7;
}

static void no_type(proto *p, Onnx__TensorProto *t)
{
    (void)p;
    t->has_data_type = false;
}

static void text_type(proto *p, Onnx__TensorProto *t)
{
    (void)p;
    t->data_type = 8;
}

static void later_type(proto *p, Onnx__TensorProto *t)
{
    (void)p;
    t->data_type = 99;
}

static void segment(proto *p, Onnx__TensorProto *t)
{
    t->segment = vouch_arena_alloc(p->arena, sizeof *t->segment);
    onnx__tensor_proto__segment__init(t->segment);
}

static void large_unsigned(proto *p, Onnx__TensorProto *t)
{
    static const uint64_t u[] = {1, UINT64_MAX};
    t->has_raw_data = false;
    t->data_type = 13;
    t->n_uint64_data = 2;
    t->uint64_data = proto_grow(p, u, 2, sizeof *u);
}

static void wrong_field(proto *p, Onnx__TensorProto *t)
{
    large_unsigned(p, t);
    t->data_type = 1;
}

static void bad_tensors_are_refused(void **state)
{
    static const struct {
        spoil *spoil;
        vouch_status status;
        const char *text;
    } rows[] = {
        {too_few, VOUCH_ERR_SHAPE, "t.pb: tensor has 2 elements, its dimensions need 3"},
        {claimed, VOUCH_ERR_SHAPE, "has 2 elements, its dimensions need 1099511627776"},
        {huge, VOUCH_ERR_SHAPE, "has too many elements"},
        {huge_external, VOUCH_ERR_SHAPE, "has too many elements"},
        {negative, VOUCH_ERR_SHAPE, "dimension 0 of tensor is negative"},
        {many_axes, VOUCH_ERR_UNSUPPORTED, "has 9 dimensions (at most 8)"},
        {odd_bytes, VOUCH_ERR_SHAPE, "ends in the middle of an element"},
        {no_type, VOUCH_ERR_PARSE, "has no element type"},
        {text_type, VOUCH_ERR_UNSUPPORTED, "has element type string (8)"},
        {later_type, VOUCH_ERR_UNSUPPORTED, "has element type undefined (99)"},
        {segment, VOUCH_ERR_UNSUPPORTED, "segments"},
        {large_unsigned, VOUCH_ERR_UNSUPPORTED, "element 1 does not fit"},
        {wrong_field, VOUCH_ERR_SHAPE, "has 0 elements"},
    };
    const float data[] = {1, 2};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rows); i++) {
        proto p = proto_empty();
        vouch_tensor *tensor = NULL;
        Onnx__TensorProto *t = proto_tensor(&p, "t", 1, 2);
        proto_raw(&p, t, data, sizeof data);
        rows[i].spoil(&p, t);
        vouch_test_fails(p.ctx, parse(&p, t, &tensor), rows[i].status, rows[i].text);
        assert_null(tensor);
        proto_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_data_of_every_type_are_read),
        cmocka_unit_test(int32_data_hold_all_small_types),
        cmocka_unit_test(wide_typed_fields_are_read),
        cmocka_unit_test(every_float16_widens_exactly),
        cmocka_unit_test(scalars_and_empty_tensors_are_read),
        cmocka_unit_test(bad_tensors_are_refused),
    };
    return cmocka_run_group_tests_name("io.onnx_tensor", tests, NULL, NULL);
}
