#include "support/support.h"
#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

static vouch_shape shape3(int64_t a, int64_t b, int64_t c)
{
    return (vouch_shape){.rank = 3, .dim = {a, b, c}};
}

static void a_count_is_the_product_unless_it_overflows(void **state)
{
    (void)state;
    const vouch_shape scalar = {0}, usual = shape3(2, 3, 4), empty = shape3(2, 0, 4);
    const vouch_shape negative = shape3(0, -1, 4), huge = shape3(1LL << 40, 1LL << 40, 1);
    const vouch_shape huge_and_empty = shape3(1LL << 40, 1LL << 40, 0);
    const vouch_shape largest = shape3(INT64_MAX, 1, 1), larger = shape3(INT64_MAX, 2, 1);
    assert_int_equal(vouch_shape_count(&scalar), 1);
    assert_int_equal(vouch_shape_count(&usual), 24);
    assert_int_equal(vouch_shape_count(&empty), 0);
    assert_int_equal(vouch_shape_count(&negative), -1);
    assert_int_equal(vouch_shape_count(&huge), -1);
    assert_int_equal(vouch_shape_count(&huge_and_empty), 0);
    assert_true(vouch_shape_count(&largest) == INT64_MAX);
    assert_int_equal(vouch_shape_count(&larger), -1);
}

static void shapes_print_in_full_or_cut(void **state)
{
    (void)state;
    char text[VOUCH_SHAPE_TEXT];
    const vouch_shape scalar = {0}, usual = shape3(1, 3, 32);
    vouch_shape longest = {.rank = VOUCH_RANK_MAX};
    for (int i = 0; i < VOUCH_RANK_MAX; i++)
        longest.dim[i] = INT64_MIN;
    assert_string_equal(vouch_shape_print(&scalar, text, sizeof text), "[]");
    assert_string_equal(vouch_shape_print(&usual, text, sizeof text), "[1,3,32]");
    assert_string_equal(vouch_shape_print(&usual, text, 4), "[1,");
    assert_int_equal(strlen(vouch_shape_print(&longest, text, sizeof text)), 8 * 20 + 7 + 2);
}

static void shapes_are_equal_if_rank_and_dimensions_are(void **state)
{
    (void)state;
    const vouch_shape a = shape3(1, 2, 3), b = shape3(1, 2, 4);
    vouch_shape c = a;
    c.dim[5] = 9; /* beyond the rank: no part of it */
    assert_true(vouch_shape_equal(&a, &c));
    assert_false(vouch_shape_equal(&a, &b));
    c.rank = 2;
    assert_false(vouch_shape_equal(&a, &c));
}

/* SPEC: ONNX Broadcasting, multidirectional */
static void broadcasting_follows_onnx(void **state)
{
    (void)state;
    static const struct {
        vouch_shape a, b, out;
        bool fits;
    } cases[] = {
        {{4, {2, 3, 4, 5}}, {0, {0}}, {4, {2, 3, 4, 5}}, true},
        {{4, {2, 3, 4, 5}}, {1, {5}}, {4, {2, 3, 4, 5}}, true},
        {{2, {4, 5}}, {4, {2, 3, 1, 1}}, {4, {2, 3, 4, 5}}, true},
        {{4, {1, 1, 4, 5}}, {4, {2, 3, 1, 1}}, {4, {2, 3, 4, 5}}, true},
        {{2, {0, 1}}, {2, {1, 3}}, {2, {0, 3}}, true},
        {{1, {3}}, {1, {2}}, {0, {0}}, false},
        {{2, {3, 1}}, {2, {2, 1}}, {0, {0}}, false},
    };
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++) {
        vouch_shape out = {0};
        assert_int_equal(vouch_shape_broadcast(&cases[i].a, &cases[i].b, &out), cases[i].fits);
        assert_true(vouch_shape_equal(&out, &cases[i].out));
        assert_int_equal(vouch_shape_broadcast(&cases[i].b, &cases[i].a, &out), cases[i].fits);
        assert_true(vouch_shape_equal(&out, &cases[i].out));
    }
}

static void strides_are_0_along_repeated_axes(void **state)
{
    (void)state;
    const vouch_shape into = {4, {2, 3, 4, 5}};
    const vouch_shape full = into, row = {1, {5}}, mixed = {3, {3, 1, 5}}, scalar = {0};
    int64_t stride[VOUCH_RANK_MAX];
    vouch_shape_strides(&full, &into, stride);
    assert_memory_equal(stride, ((int64_t[8]){60, 20, 5, 1}), sizeof stride);
    vouch_shape_strides(&row, &into, stride);
    assert_memory_equal(stride, ((int64_t[8]){0, 0, 0, 1}), sizeof stride);
    vouch_shape_strides(&mixed, &into, stride);
    assert_memory_equal(stride, ((int64_t[8]){0, 5, 0, 1}), sizeof stride);
    vouch_shape_strides(&scalar, &into, stride);
    assert_memory_equal(stride, ((int64_t[8]){0}), sizeof stride);
}

static const vouch_dtype dtypes[] = {VOUCH_F32, VOUCH_F64, VOUCH_I64, VOUCH_BOOL};

static void elements_convert_between_all_types(void **state)
{
    (void)state;
    const double values[] = {0, 1, -2.5, 3.7, 1e10};
    const double as_i64[] = {0, 1, -2, 3, 1e10}, as_bool[] = {0, 1, 1, 1, 1};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    const vouch_shape shape = {1, {5}};
    vouch_tensor *t = vouch_tensor_new(arena, VOUCH_F64, &shape);
    for (int i = 0; i < 5; i++)
        vouch_tensor_set(t, i, values[i]);
    for (size_t d = 0; d < VOUCH_TEST_COUNT(dtypes); d++) {
        const vouch_tensor *c = vouch_tensor_convert(arena, t, dtypes[d]);
        assert_int_equal(c->dtype, dtypes[d]);
        assert_int_equal(c->count, 5);
        for (int i = 0; i < 5; i++) {
            const double expected = dtypes[d] == VOUCH_F32   ? (double)(float)values[i]
                                    : dtypes[d] == VOUCH_F64 ? values[i]
                                    : dtypes[d] == VOUCH_I64 ? as_i64[i]
                                                             : as_bool[i];
            assert_true(vouch_tensor_get(c, i) == expected);
            assert_true(vouch_tensor_get(vouch_tensor_convert(arena, c, dtypes[d]), i) ==
                        expected);
        }
        assert_string_not_equal(vouch_dtype_name(dtypes[d]), "unknown type");
        assert_true(vouch_dtype_size(dtypes[d]) > 0);
    }
    assert_int_equal(vouch_dtype_size((vouch_dtype)0), 0);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void integers_saturate(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    const vouch_shape scalar = {0};
    vouch_tensor *t = vouch_tensor_new(arena, VOUCH_I64, &scalar);
    vouch_tensor_set(t, 0, 1e300);
    assert_true(t->i64[0] == INT64_MAX);
    vouch_tensor_set(t, 0, -(double)INFINITY);
    assert_true(t->i64[0] == INT64_MIN);
    vouch_tensor_set(t, 0, (double)NAN);
    assert_true(t->i64[0] == 0);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void a_tensor_too_large_is_refused_with_its_shape(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    const vouch_shape overflow = shape3(1LL << 40, 1LL << 40, 1),
                      huge = shape3(1LL << 61, 3, 1);
    assert_null(vouch_tensor_new(arena, VOUCH_F32, &overflow));
    vouch_test_fails(ctx, vouch_context_status(ctx), VOUCH_ERR_LIMIT,
                     "[1099511627776,1099511627776,1]");
    assert_null(vouch_tensor_new(arena, VOUCH_F64, &huge));
    vouch_test_fails(ctx, vouch_context_status(ctx), VOUCH_ERR_MEMORY, "out of memory");
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static vouch_status make_and_convert(vouch_context *ctx, void *user)
{
    (void)user;
    const vouch_shape shape = shape3(10, 10, 100);
    vouch_arena *arena = vouch_arena_new(ctx);
    const vouch_tensor *t = arena ? vouch_tensor_new(arena, VOUCH_F32, &shape) : NULL;
    const vouch_tensor *c = t ? vouch_tensor_convert(arena, t, VOUCH_F64) : NULL;
    vouch_arena_free(arena);
    return c ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    vouch_test_every_allocation_fails(make_and_convert, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_is_the_product_unless_it_overflows),
        cmocka_unit_test(shapes_print_in_full_or_cut),
        cmocka_unit_test(shapes_are_equal_if_rank_and_dimensions_are),
        cmocka_unit_test(broadcasting_follows_onnx),
        cmocka_unit_test(strides_are_0_along_repeated_axes),
        cmocka_unit_test(elements_convert_between_all_types),
        cmocka_unit_test(integers_saturate),
        cmocka_unit_test(a_tensor_too_large_is_refused_with_its_shape),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
