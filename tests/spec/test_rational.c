/* Exact rationals: directed rounding, decimals in and out. */
#include "spec_fixture.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "spec/rational.h"

static void set_decimal(mpq_ptr q, const char *text)
{
    assert_int_equal(vouch_decimal_parse(text, strlen(text), q), VOUCH_DECIMAL_OK);
}

/* down <= q <= up, neighbours unless q is a double; nearest is one of them. */
static void expect_bracket(mpq_srcptr q)
{
    double down, up, nearest = vouch_rational_nearest(q);

    vouch_rational_bracket(q, &down, &up);
    assert_true(down == vouch_rational_down(q) && up == vouch_rational_up(q));
    assert_true(vouch_rational_compare(q, down) >= 0);
    assert_true(vouch_rational_compare(q, up) <= 0);
    assert_true(up == down || up == nextafter(down, (double)INFINITY));
    assert_true((up == down) == (vouch_rational_compare(q, down) == 0));
    assert_true(nearest == down || nearest == up);
}

static void rounding_brackets_random_decimals_tightly(void **state)
{
    vouch_random r = vouch_random_stream(1, "decimals", 0);
    mpq_t q;

    (void)state;
    mpq_init(q);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        int exponent = (int)vouch_random_below(&r, 660) - 340;

        (void)snprintf(text, sizeof text, "%s%llu.%llue%d", i % 2 ? "-" : "",
                       (unsigned long long)vouch_random_below(&r, 1000),
                       (unsigned long long)vouch_random_bits(&r) >> (i % 64), exponent);
        set_decimal(q, text);
        expect_bracket(q);
        if (isfinite(vouch_rational_nearest(q)))
            assert_true(vouch_rational_nearest(q) == strtod(text, NULL));
    }
    mpq_clear(q);
}

static void rounding_is_right_at_the_ends_of_the_doubles(void **state)
{
    const char *const ends[] = {"0",
                                "4.9e-324",
                                "2.4e-324",
                                "1e-400",
                                "2.2250738585072014e-308",
                                "1e308",
                                "1.7976931348623157e308",
                                "1.7976931348623159e308",
                                "1e400",
                                "9007199254740993",
                                "0.5",
                                "1e-2000",
                                "1e2000"};
    mpq_t q;

    (void)state;
    mpq_init(q);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        set_decimal(q, ends[i]);
        expect_bracket(q);
        mpq_neg(q, q);
        expect_bracket(q);
    }
    set_decimal(q, "1e400");
    assert_true(vouch_rational_down(q) == DBL_MAX && isinf(vouch_rational_up(q)));
    set_decimal(q, "1e-400");
    assert_true(vouch_rational_down(q) == 0 && vouch_rational_up(q) == DBL_TRUE_MIN);
    set_decimal(q, "9007199254740993"); /* halfway: to even */
    assert_true(vouch_rational_nearest(q) == 9007199254740992.0);
    mpq_clear(q);
}

static void every_double_is_its_own_rounding(void **state)
{
    vouch_random r = vouch_random_stream(2, "doubles", 0);
    mpq_t q;

    (void)state;
    mpq_init(q);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = vouch_random_bits(&r);
        double d;

        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d))
            continue;
        mpq_set_d(q, d);
        assert_true(vouch_rational_down(q) == d && vouch_rational_up(q) == d);
        assert_true(vouch_rational_distance(q, d) == 0);
    }
    mpq_clear(q);
}

static void decimals_are_read_exactly(void **state)
{
    static const struct {
        const char *text;
        long top;
        unsigned long bottom;
    } rows[] = {{"0.1", 1, 10}, {"1e-3", 1, 1000}, {"-1.5E+2", -150, 1}, {"+7", 7, 1},
                {".5", 1, 2},   {"5.", 5, 1},      {"-0.0", 0, 1},       {"0e5", 0, 1},
                {"007", 7, 1},  {"0.250", 1, 4},   {"12e-1", 6, 5},      {"1e-0003", 1, 1000}};
    mpq_t q;

    (void)state;
    mpq_init(q);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_decimal(q, rows[i].text);
        assert_int_equal(mpq_cmp_si(q, rows[i].top, rows[i].bottom), 0);
    }
    mpq_clear(q);
}

static void what_is_no_decimal_is_refused(void **state)
{
    const char *const wrong[] = {"-",   "+",  ".",   "e5",  "1e",  "1e+", "1e1.5", "1.2.3",
                                 "--1", "1 ", "0x1", "inf", "nan", "1,5", "1_0",   "-e"};
    char digits[VOUCH_DECIMAL_LENGTH_MAX + 8];
    mpq_t q;

    (void)state;
    mpq_init(q);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(vouch_decimal_parse(wrong[i], strlen(wrong[i]), q),
                         VOUCH_DECIMAL_NOT_A_NUMBER);
    assert_int_equal(vouch_decimal_parse("1e2001", 6, q), VOUCH_DECIMAL_EXPONENT);
    assert_int_equal(vouch_decimal_parse("1e-99999999999", 14, q), VOUCH_DECIMAL_EXPONENT);
    memset(digits, '7', sizeof digits);
    assert_int_equal(vouch_decimal_parse(digits, sizeof digits, q), VOUCH_DECIMAL_TOO_LONG);
    assert_int_equal(vouch_decimal_parse(digits, VOUCH_DECIMAL_LENGTH_MAX, q),
                     VOUCH_DECIMAL_OK);
    mpq_clear(q);
}

static void printing_gives_the_same_value_back(void **state)
{
    static const char *const texts[][2] = {
        {"0", "0"},        {"-0.25", "-0.25"}, {"1e3", "1000"},     {"1e-5", "0.00001"},
        {"12.50", "12.5"}, {"-1e-1", "-0.1"},  {"100.01", "100.01"}};
    char text[128];
    mpq_t q;

    (void)state;
    mpq_init(q);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t length;

        set_decimal(q, texts[i][0]);
        assert_true(vouch_decimal_size(q) <= sizeof text);
        length = vouch_decimal_print(q, text);
        assert_string_equal(text, texts[i][1]);
        assert_int_equal(length, strlen(text));
        assert_true(length < vouch_decimal_size(q));
    }
    mpq_set_si(q, -2, 7);
    assert_int_equal(vouch_decimal_print(q, text), strlen("(/ -2 7)"));
    assert_string_equal(text, "(/ -2 7)");
    assert_true(strlen(text) < vouch_decimal_size(q));
    mpq_clear(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_brackets_random_decimals_tightly),
        cmocka_unit_test(rounding_is_right_at_the_ends_of_the_doubles),
        cmocka_unit_test(every_double_is_its_own_rounding),
        cmocka_unit_test(decimals_are_read_exactly),
        cmocka_unit_test(what_is_no_decimal_is_refused),
        cmocka_unit_test(printing_gives_the_same_value_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
