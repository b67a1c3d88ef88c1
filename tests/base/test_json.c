#include "base/json.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

static vouch_status fill(vouch_context *ctx, json_t *root)
{
    const double x[] = {0.1, -INFINITY, NAN};
    VOUCH_TRY(vouch_json_add_real(ctx, root, "third", 1.0 / 3));
    VOUCH_TRY(vouch_json_add_int(ctx, root, "int", -5));
    VOUCH_TRY(vouch_json_add_count(ctx, root, "count", UINT64_MAX));
    VOUCH_TRY(vouch_json_add_flag(ctx, root, "flag", true));
    VOUCH_TRY(vouch_json_add_text(ctx, root, "text", "a \"b\" \xc3\xa9"));
    VOUCH_TRY(vouch_json_add_text(ctx, root, "bytes", "a\xff"));
    VOUCH_TRY(vouch_json_add_text(ctx, root, "none", NULL));
    VOUCH_TRY(vouch_json_add_reals(ctx, root, "x", x, 3));
    return vouch_json_add_reals(ctx, root, "empty", NULL, 3);
}

static vouch_status write_json(vouch_context *ctx, char **text, size_t *size)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    vouch_status s = fill(ctx, root);
    if (s == VOUCH_OK)
        s = vouch_json_dump(ctx, root, text, size);
    json_decref(root);
    return s;
}

static void a_document_reads_back_as_written(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    char *text = NULL;
    size_t size = 0;
    vouch_test_ok(ctx, write_json(ctx, &text, &size));
    assert_int_equal(strlen(text), size);
    assert_int_equal(text[size - 1], '\n');
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_true(json_real_value(json_object_get(root, "third")) == 1.0 / 3);
    assert_int_equal(json_integer_value(json_object_get(root, "int")), -5);
    assert_true(json_real_value(json_object_get(root, "count")) == 0x1p64);
    assert_true(json_is_true(json_object_get(root, "flag")));
    assert_string_equal(json_string_value(json_object_get(root, "text")), "a \"b\" \xc3\xa9");
    assert_string_equal(json_string_value(json_object_get(root, "bytes")), "a?");
    assert_true(json_is_null(json_object_get(root, "none")));
    assert_true(json_is_null(json_object_get(root, "empty")));
    const json_t *x = json_object_get(root, "x");
    assert_true(json_real_value(json_array_get(x, 0)) == 0.1);
    assert_string_equal(json_string_value(json_array_get(x, 1)), "-inf");
    assert_true(json_is_null(json_array_get(x, 2)));
    json_decref(root);
    vouch_release(ctx, text);
    vouch_context_free(ctx);
}

static vouch_status write_and_forget(vouch_context *ctx, void *user)
{
    (void)user;
    char *text = NULL;
    size_t size = 0;
    const vouch_status s = write_json(ctx, &text, &size);
    vouch_release(ctx, text);
    return s;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    vouch_test_every_allocation_fails(write_and_forget, NULL);
}

static void a_missing_value_is_out_of_memory(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    json_t *root = NULL;
    vouch_test_ok(ctx, vouch_json_object(ctx, &root));
    vouch_test_fails(ctx, vouch_json_add(ctx, root, "x", NULL), VOUCH_ERR_MEMORY, "JSON");
    json_decref(root);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_reads_back_as_written),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
        cmocka_unit_test(a_missing_value_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
