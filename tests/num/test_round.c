/* Rounding against exact rationals (GMP): every claim of num/round.h, on doubles of all kinds.
 */
#include "num/round.h"
#include "support/support.h"

#include <gmp.h>

enum { ROUNDS = 20000 };

/* Is low <= q <= high? Infinite ends hold always. */
static bool brackets(double low, const mpq_t q, double high)
{
    mpq_t end;
    mpq_init(end);
    bool fits = !isnan(low) && !isnan(high);
    if (isfinite(low)) {
        mpq_set_d(end, low);
        fits = fits && mpq_cmp(end, q) <= 0;
    }
    if (isfinite(high)) {
        mpq_set_d(end, high);
        fits = fits && mpq_cmp(q, end) <= 0;
    }
    mpq_clear(end);
    return fits && low < (double)INFINITY && high > -(double)INFINITY;
}

static void single_operations_are_bracketed(void **state)
{
    (void)state;
    vouch_random r = vouch_random_stream(1, "round", 0);
    mpq_t a, b, q;
    mpq_inits(a, b, q, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        const double x = i % 2 ? vouch_test_double(&r) : vouch_test_near_one(&r);
        const double y = i % 3 ? vouch_test_double(&r) : vouch_test_near_one(&r);
        mpq_set_d(a, x);
        mpq_set_d(b, y);
        mpq_add(q, a, b);
        assert_true(brackets(vouch_add_down(x, y), q, vouch_add_up(x, y)));
        mpq_mul(q, a, b);
        assert_true(brackets(vouch_mul_down(x, y), q, vouch_mul_up(x, y)));
        if (y != 0) {
            mpq_div(q, a, b);
            assert_true(brackets(vouch_div_down(x, y), q, vouch_div_up(x, y)));
        }
    }
    mpq_clears(a, b, q, NULL);
}

/* Is g >= n u / (1 - n u), and not by more than two steps? */
static bool gamma_fits(double g, int64_t n, int bits)
{
    mpq_t q, nu, end;
    mpq_inits(q, nu, end, NULL);
    mpq_set_si(nu, (long)n, 1);
    mpq_div_2exp(nu, nu, (mp_bitcnt_t)bits);
    mpq_set_si(q, 1, 1);
    mpq_sub(q, q, nu);
    mpq_div(q, nu, q);
    mpq_set_d(end, g);
    bool fits = mpq_cmp(end, q) >= 0;
    mpq_set_d(end, vouch_down(vouch_down(g)));
    fits = fits && mpq_cmp(end, q) <= 0;
    mpq_clears(q, nu, end, NULL);
    return fits;
}

static void gamma_is_rounded_up_and_tight(void **state)
{
    (void)state;
    vouch_random r = vouch_random_stream(1, "gamma", 0);
    for (int i = 0; i < ROUNDS; i++) {
        const int64_t n = 1 + (int64_t)vouch_random_below(&r, (uint64_t)1 << (i % 53));
        assert_true(gamma_fits(vouch_gamma64(n), n, 53));
        if (n < (int64_t)1 << 24)
            assert_true(gamma_fits(vouch_gamma32(n), n, 24));
    }
    assert_true(gamma_fits(vouch_gamma64(((int64_t)1 << 53) - 1), ((int64_t)1 << 53) - 1, 53));
    assert_true(vouch_gamma64(0) == 0 && vouch_gamma32(0) == 0);
    assert_true(isinf(vouch_gamma64((int64_t)1 << 53)) && isinf(vouch_gamma64(INT64_MAX)));
    assert_true(isinf(vouch_gamma32((int64_t)1 << 24)) && isinf(vouch_gamma32(INT64_MAX)));
}

/* The claim at the head of round.h, for plain sums and for fused ones. */
static void gamma_bounds_the_error_of_a_dot_product(void **state)
{
    (void)state;
    vouch_random r = vouch_random_stream(1, "dot", 0);
    mpq_t exact, size, a, b, slack;
    mpq_inits(exact, size, a, b, slack, NULL);
    for (int i = 0; i < 500; i++) {
        const int n = 1 + (int)vouch_random_below(&r, 40);
        const double scale = i % 5 ? 1 : 0x1p-530; /* products that underflow */
        double plain = 0, fused = 0;
        mpq_set_ui(exact, 0, 1);
        mpq_set_ui(size, 0, 1);
        for (int k = 0; k < n; k++) {
            const double x = scale * vouch_random_normal(&r),
                         y = scale * vouch_random_normal(&r);
            plain += x * y;
            fused = fma(x, y, fused);
            mpq_set_d(a, x);
            mpq_set_d(b, y);
            mpq_mul(a, a, b);
            mpq_add(exact, exact, a);
            mpq_abs(a, a);
            mpq_add(size, size, a);
        }
        mpq_set_d(slack, vouch_gamma64(n));
        mpq_mul(slack, slack, size);
        mpq_set_d(a, n * DBL_MIN);
        mpq_add(slack, slack, a);
        const double sums[] = {plain, fused};
        for (int k = 0; k < 2; k++) {
            mpq_set_d(a, sums[k]);
            mpq_sub(a, a, exact);
            mpq_abs(a, a);
            assert_true(mpq_cmp(a, slack) <= 0);
        }
    }
    mpq_clears(exact, size, a, b, slack, NULL);
}

static void floats_bracket_a_double_as_tightly_as_possible(void **state)
{
    (void)state;
    vouch_random r = vouch_random_stream(1, "float", 0);
    for (int i = 0; i < ROUNDS; i++) {
        double x = vouch_test_double(&r);
        if (i % 2)
            x = ldexp(vouch_random_normal(&r), (int)vouch_random_below(&r, 300) - 170);
        const float low = vouch_float_down(x), high = vouch_float_up(x);
        assert_true((double)low <= x && x <= (double)high);
        assert_true(low == high || nextafterf(low, INFINITY) == high);
        assert_true(((double)low == x) == (low == high));
    }
    assert_true(vouch_float_down(1e300) == FLT_MAX && isinf(vouch_float_up(1e300)));
    assert_true(isinf(vouch_float_down(-1e300)) && vouch_float_up(-1e300) == -FLT_MAX);
    assert_true(isinf(vouch_float_up((double)INFINITY)));
    assert_true(isnan(vouch_float_up((double)NAN)) && isnan(vouch_float_down((double)NAN)));
}

static void order(double *a, double *b)
{
    if (*a > *b) {
        const double t = *a;
        *a = *b;
        *b = t;
    }
}

/* A random point of [low, high]: often an end. */
static double inside(vouch_random *r, double low, double high)
{
    const uint64_t choice = vouch_random_below(r, 4);
    const double t = vouch_random_unit(r), x = low + t * (high - low);
    if (choice == 0 || !(x >= low && x <= high))
        return low;
    return choice == 1 ? high : x;
}

static void an_interval_product_contains_every_product(void **state)
{
    (void)state;
    vouch_random r = vouch_random_stream(1, "interval", 0);
    mpq_t a, b, q;
    mpq_inits(a, b, q, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        double al = vouch_test_near_one(&r), ah = vouch_test_near_one(&r);
        double bl = vouch_test_near_one(&r), bh = vouch_test_near_one(&r), low, high;
        order(&al, &ah);
        order(&bl, &bh);
        vouch_interval_mul(al, ah, bl, bh, &low, &high);
        for (int k = 0; k < 4; k++) {
            mpq_set_d(a, inside(&r, al, ah));
            mpq_set_d(b, inside(&r, bl, bh));
            mpq_mul(q, a, b);
            assert_true(brackets(low, q, high));
        }
    }
    mpq_clears(a, b, q, NULL);
}

static void zero_times_infinity_is_zero(void **state)
{
    (void)state;
    const double inf = (double)INFINITY;
    double low, high;
    vouch_interval_mul(0, 0, -inf, inf, &low, &high);
    assert_true(low == 0 && high == 0);
    vouch_interval_mul(0, 1, 2, inf, &low, &high);
    assert_true(low == 0 && high == inf);
    vouch_interval_mul(-1, 1, -inf, 3, &low, &high);
    assert_true(low == -inf && high == inf);
    vouch_interval_mul(0, 2, 0, 3, &low, &high);
    assert_true(low == 0 && high >= 6);
    vouch_interval_mul((double)NAN, 1, 0, 3, &low, &high);
    assert_true(low == -inf && high == inf);
    vouch_interval_mul(1e200, 1e300, 1e200, 1e300, &low, &high);
    assert_true(low == DBL_MAX && high == inf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_operations_are_bracketed),
        cmocka_unit_test(gamma_is_rounded_up_and_tight),
        cmocka_unit_test(gamma_bounds_the_error_of_a_dot_product),
        cmocka_unit_test(floats_bracket_a_double_as_tightly_as_possible),
        cmocka_unit_test(an_interval_product_contains_every_product),
        cmocka_unit_test(zero_times_infinity_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
