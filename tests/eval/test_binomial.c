/* Statistics of counts against values computed by SciPy and by hand. */
#include <math.h>

#include "eval/binomial.h"
#include "support/support.h"

static void near(double got, double wanted, double relative)
{
    if (!(fabs(got - wanted) <= relative * fabs(wanted)))
        print_error("got %.17g, wanted %.17g\n", got, wanted);
    assert_true(fabs(got - wanted) <= relative * fabs(wanted));
}

static void test_the_incomplete_beta_function_has_known_values(void **state)
{
    (void)state;
    near(vouch_incomplete_beta(1, 1, .3), .3, 1e-14);
    near(vouch_incomplete_beta(2, 3, .4), .5248, 1e-14);
    near(vouch_incomplete_beta(5, 1, .5), 0x1p-5, 1e-14);
    near(vouch_incomplete_beta(1, 5, .5), 1 - 0x1p-5, 1e-14);
    near(vouch_incomplete_beta(.5, .5, .25), 1. / 3, 1e-13);
    assert_true(vouch_incomplete_beta(3, 4, 0) == 0);
    assert_true(vouch_incomplete_beta(3, 4, 1) == 1);
    for (double n = 1; n < 1e9; n *= 7) /* symmetry pins the middle, whatever the size */
        near(vouch_incomplete_beta(n, n, .5), .5, 1e-10);
}

/* The tail of a binomial, summed by its recurrence. */
static void test_the_incomplete_beta_function_is_the_tail_of_a_binomial(void **state)
{
    (void)state;
    const int n = 60;
    const double p = .37;
    double term = pow(p, n), tail = 0;
    for (int k = n; k > 0; k--) {
        tail += term;
        near(vouch_incomplete_beta(k, n - k + 1, p), tail, 1e-12);
        term *= (double)k / (n - k + 1) * (1 - p) / p;
    }
}

static void test_lower_bounds_are_clopper_and_pearsons(void **state)
{
    (void)state;
    near(vouch_binomial_lower(99000, 100000, .001), .98898934, 1e-8);
    near(vouch_binomial_lower(100000, 100000, .001), pow(.001, 1e-5), 1e-13);
    near(vouch_binomial_lower(600, 1000, .001), .55107547393, 1e-10);
    assert_true(vouch_binomial_lower(510, 1000, .001) < .5);
    assert_true(vouch_binomial_lower(0, 10, .001) == 0);
    near(vouch_binomial_lower(1, 10, .05), 1 - pow(.95, .1), 1e-8);
    /* never above the exact value */
    assert_true(vouch_binomial_lower(1, 10, .05) <= 1 - pow(.95, .1));
    assert_true(vouch_binomial_lower(50, 50, .05) <= pow(.05, .02));
}

static void test_the_two_sided_test_has_known_values(void **state)
{
    (void)state;
    near(vouch_binomial_test(67, 100), .000874, 1e-3);
    near(vouch_binomial_test(33, 100), .000874, 1e-3);
    assert_true(vouch_binomial_test(66, 100) > .001);
    assert_true(vouch_binomial_test(50, 100) == 1);
    near(vouch_binomial_test(10, 10), 2 * 0x1p-10, 1e-13);
    assert_true(vouch_binomial_test(0, 0) == 1);
}

static void test_normal_quantiles_have_known_values(void **state)
{
    (void)state;
    near(vouch_normal_quantile(.975), 1.959963984540054, 1e-9);
    near(vouch_normal_quantile(.025), -1.959963984540054, 1e-9);
    near(vouch_normal_quantile(1 - 1e-12), 7.034483825006, 1e-6);
    near(vouch_normal_quantile(.99), 2.3263478740408408, 1e-9);
    assert_true(vouch_normal_quantile(.5) == 0);
    assert_true(vouch_normal_quantile(.99) <= 2.3263478740408408);
}

static void test_wilsons_interval_has_known_values(void **state)
{
    (void)state;
    double end[2];
    vouch_wilson(195, 200, end);
    near(end[0], .9428, 1e-4);
    near(end[1], .9893, 1e-4);
    vouch_wilson(0, 0, end);
    assert_true(end[0] == 0 && end[1] <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_incomplete_beta_function_has_known_values),
        cmocka_unit_test(test_the_incomplete_beta_function_is_the_tail_of_a_binomial),
        cmocka_unit_test(test_lower_bounds_are_clopper_and_pearsons),
        cmocka_unit_test(test_the_two_sided_test_has_known_values),
        cmocka_unit_test(test_normal_quantiles_have_known_values),
        cmocka_unit_test(test_wilsons_interval_has_known_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
