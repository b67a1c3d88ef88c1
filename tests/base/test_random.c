#include "base/clock.h"
#include "base/random.h"
#include "support/support.h"

#include <math.h>

static void a_stream_depends_on_its_name_only(void **state)
{
    (void)state;
    vouch_random a = vouch_random_stream(7, "attack", 3),
                 b = vouch_random_stream(7, "attack", 3);
    for (int i = 0; i < 100; i++)
        assert_true(vouch_random_bits(&a) == vouch_random_bits(&b));
    vouch_random same = vouch_random_stream(7, "attack", 3);
    vouch_random other[] = {vouch_random_stream(8, "attack", 3),
                            vouch_random_stream(7, "attach", 3),
                            vouch_random_stream(7, "attack", 4)};
    const uint64_t first = vouch_random_bits(&same);
    for (size_t i = 0; i < VOUCH_TEST_COUNT(other); i++)
        assert_true(vouch_random_bits(&other[i]) != first);
}

static void known_bits_stay_the_same_on_every_machine(void **state)
{
    (void)state;
    /* splitmix64 from state 0, as published with the algorithm. */
    vouch_random r = {0};
    assert_true(vouch_random_bits(&r) == 0xe220a8397b1dcdafu);
    assert_true(vouch_random_bits(&r) == 0x6e789e6aa1b965f4u);
    assert_true(vouch_random_bits(&r) == 0x06c45d188009454fu);
}

static void unit_numbers_are_uniform_in_the_half_open_interval(void **state)
{
    (void)state;
    enum { N = 200000 };
    vouch_random r = vouch_random_stream(1, "unit", 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        const double x = vouch_random_unit(&r);
        assert_true(x >= 0 && x < 1);
        sum += x;
        squares += x * x;
    }
    assert_true(fabs(sum / N - 0.5) < 0.005);
    assert_true(fabs(squares / N - 1.0 / 3) < 0.005);
}

static void numbers_below_n_reach_every_value_equally(void **state)
{
    (void)state;
    enum { N = 70000 };
    int count[7] = {0};
    vouch_random r = vouch_random_stream(1, "below", 0);
    for (int i = 0; i < N; i++)
        count[vouch_random_below(&r, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(count[i], N / 7 - 500, N / 7 + 500);
    for (int i = 0; i < 100; i++)
        assert_true(vouch_random_below(&r, 0x8000000000000001u) <= 0x8000000000000000u);
    assert_int_equal(vouch_random_below(&r, 1), 0);
}

static void normal_numbers_have_mean_0_and_variance_1(void **state)
{
    (void)state;
    enum { N = 200000 };
    vouch_random r = vouch_random_stream(1, "normal", 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        const double x = vouch_random_normal(&r);
        sum += x;
        squares += x * x;
    }
    assert_true(fabs(sum / N) < 0.01);
    assert_true(fabs(squares / N - 1) < 0.02);
}

static void clocks_run_forward(void **state)
{
    (void)state;
    const double wall = vouch_wall_s(), cpu = vouch_cpu_s(), thread = vouch_thread_cpu_s();
    vouch_random r = vouch_random_stream(1, "clock", 0);
    while (vouch_thread_cpu_s() < thread + 0.01)
        vouch_random_bits(&r);
    assert_true(vouch_wall_s() > wall);
    assert_true(vouch_cpu_s() >= cpu + 0.009);
    assert_true(vouch_wall_s() < wall + 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_depends_on_its_name_only),
        cmocka_unit_test(known_bits_stay_the_same_on_every_machine),
        cmocka_unit_test(unit_numbers_are_uniform_in_the_half_open_interval),
        cmocka_unit_test(numbers_below_n_reach_every_value_equally),
        cmocka_unit_test(normal_numbers_have_mean_0_and_variance_1),
        cmocka_unit_test(clocks_run_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
