#include "base/option.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

typedef struct settings {
    bool attack;
    int64_t threads;
    double timeout_s;
    double scale;
    const char *out;
    const char *split;
} settings;

static bool splits(size_t index, const char **name)
{
    static const char *const names[] = {"auto", "width", "smear"};
    if (index >= VOUCH_TEST_COUNT(names))
        return false;
    *name = names[index];
    return true;
}

#define AT(field) offsetof(settings, field)
static const vouch_option rows[] = {
    {"attack", NULL, "help", VOUCH_OPTION_FLAG, AT(attack), 1, NULL, 0, 1, NULL},
    {"threads", "N", "help", VOUCH_OPTION_INT, AT(threads), 2, NULL, 1, 64, NULL},
    {"timeout", "S", "help", VOUCH_OPTION_REAL, AT(timeout_s), 60, NULL, 0, INFINITY, NULL},
    {"scale", "X", "help", VOUCH_OPTION_REAL, AT(scale), .5, NULL, -1, 1, NULL},
    {"out", "FILE", "help", VOUCH_OPTION_TEXT, AT(out), 0, NULL, 0, 0, NULL},
    {"split", "H", "help", VOUCH_OPTION_CHOICE, AT(split), 0, "auto", 0, 0, splits},
};
enum { ROWS = VOUCH_TEST_COUNT(rows) };

static void defaults_come_from_the_rows(void **state)
{
    (void)state;
    settings s;
    memset(&s, 0x5a, sizeof s);
    vouch_options_default(rows, ROWS, &s);
    assert_true(s.attack);
    assert_int_equal(s.threads, 2);
    assert_true(s.timeout_s == 60 && s.scale == .5);
    assert_null(s.out);
    assert_string_equal(s.split, "auto");
}

static vouch_status set(vouch_context *ctx, settings *s, const char *name, const char *text)
{
    const vouch_option *row = vouch_option_find(rows, ROWS, name);
    assert_non_null(row);
    return vouch_option_set(ctx, row, text, s);
}

static void every_type_is_parsed(void **state)
{
    (void)state;
    settings s = {0};
    vouch_context *ctx = vouch_test_context();
    vouch_test_ok(ctx, set(ctx, &s, "attack", "true"));
    assert_true(s.attack);
    vouch_test_ok(ctx, set(ctx, &s, "attack", "off"));
    assert_false(s.attack);
    vouch_test_ok(ctx, set(ctx, &s, "threads", "64"));
    assert_int_equal(s.threads, 64);
    vouch_test_ok(ctx, set(ctx, &s, "timeout", "inf"));
    assert_true(isinf(s.timeout_s));
    vouch_test_ok(ctx, set(ctx, &s, "scale", "-1e-3"));
    assert_true(s.scale == -1e-3);
    vouch_test_ok(ctx, set(ctx, &s, "out", ""));
    assert_string_equal(s.out, "");
    vouch_test_ok(ctx, set(ctx, &s, "split", "smear"));
    assert_string_equal(s.split, "smear");
    assert_null(vouch_option_find(rows, ROWS, "spl"));
    vouch_context_free(ctx);
}

static void a_wrong_value_is_refused_and_told_what_is_allowed(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"attack", "maybe", "neither true nor false"},
        {"threads", "0", "'0' is not a whole number from 1 to 64"},
        {"threads", "65", "from 1 to 64"},
        {"threads", "", "whole number"},
        {"threads", "3x", "whole number"},
        {"threads", "99999999999999999999999", "whole number"},
        {"timeout", "-1", "'-1' is not a number of at least 0"},
        {"timeout", "nan", "at least 0"},
        {"timeout", "soon", "at least 0"},
        {"scale", "1.5", "from -1 to 1"},
        {"split", "best", "option 'split': 'best' is not one of auto, width, smear"},
    };
    vouch_context *ctx = vouch_test_context();
    settings s;
    vouch_options_default(rows, ROWS, &s);
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++)
        vouch_test_fails(ctx, set(ctx, &s, cases[i][0], cases[i][1]), VOUCH_ERR_ARGUMENT,
                         cases[i][2]);
    assert_int_equal(s.threads, 2); /* nothing was written */
    assert_true(s.timeout_s == 60 && s.scale == .5);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_rows),
        cmocka_unit_test(every_type_is_parsed),
        cmocka_unit_test(a_wrong_value_is_refused_and_told_what_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
