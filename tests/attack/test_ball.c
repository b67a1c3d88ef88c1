/* Balls: membership over the reals, projections to the nearest point, levels. */
#include "attack/ball.h"

#include <math.h>

#include "base/random.h"
#include "support/support.h"

enum { N = 5 };

static vouch_ball ball_of(vouch_norm norm, double eps, const float *low, const float *high)
{
    return (vouch_ball){
        .norm = norm, .eps = eps, .size = N, .low = low, .high = high, .image = {1, 1, N}};
}

static const float zero[N] = {0}, one[N] = {1, 1, 1, 1, 1}, minus[N] = {-9, -9, -9, -9, -9},
                   nine[N] = {9, 9, 9, 9, 9};

static void project(const vouch_ball *ball, const float *x, float *p)
{
    float low[N], high[N];
    double scratch[2 * N];
    const vouch_cell cell = {x, low, high};
    vouch_ball_cell(ball, &cell);
    vouch_ball_project(ball, &cell, scratch, p);
    assert_true(vouch_ball_contains(ball, x, p));
}

/* .1 as a double is above one tenth; .3f - .2f in floats is not .1. */
static void membership_is_that_of_the_reals(void **state)
{
    const float x[N] = {1, 0, 0, 0, 0};
    float p[N] = {1.1f, 0, 0, 0, 0}; /* 1.10000002384... */
    vouch_ball ball = ball_of(VOUCH_NORM_LINF, .1, minus, nine);
    (void)state;
    assert_false(vouch_ball_contains(&ball, x, p));
    p[0] = nextafterf(1.1f, 0);
    assert_true(vouch_ball_contains(&ball, x, p));
    ball.eps = 1;
    p[0] = 1;
    p[1] = 1;
    assert_true(vouch_ball_contains(&ball, x, p));
    p[1] = nextafterf(1, 2);
    assert_false(vouch_ball_contains(&ball, x, p));
}

/* p - x rounds to eps in double, but is above it. */
static void a_difference_that_rounds_to_eps_is_decided_by_its_error(void **state)
{
    const float x[N] = {-0x1p-80f, 0, 0, 0, 0}, p[N] = {1, 0, 0, 0, 0}, q[N] = {1, 0, 0, 0, 0},
                y[N] = {0x1p-80f, 0, 0, 0, 0};
    const vouch_ball ball = ball_of(VOUCH_NORM_LINF, 1, minus, nine);
    (void)state;
    assert_false(vouch_ball_contains(&ball, x, p));
    assert_true(vouch_ball_contains(&ball, y, q));
}

static void outside_the_range_is_outside(void **state)
{
    const float x[N] = {0}, p[N] = {-0x1p-100f, 0, 0, 0, 0}, q[N] = {NAN, 0, 0, 0, 0};
    const vouch_ball ball = ball_of(VOUCH_NORM_LINF, 1, zero, one);
    (void)state;
    assert_false(vouch_ball_contains(&ball, x, p));
    assert_false(vouch_ball_contains(&ball, x, q));
}

static void the_l2_projection_without_a_range_scales(void **state)
{
    const float x[N] = {0};
    float p[N] = {3, 0, 4, 0, 0};
    const vouch_ball ball = ball_of(VOUCH_NORM_L2, 1, minus, nine);
    (void)state;
    project(&ball, x, p);
    assert_float_equal(p[0], .6f, 1e-6);
    assert_float_equal(p[2], .8f, 1e-6);
}

/* By hand: room .5 for the first, so the second takes sqrt(1 - .25). */
static void the_l2_projection_gives_what_the_range_cuts_to_the_others(void **state)
{
    const float x[N] = {.5f, 0, 0, 0, 0};
    float p[N] = {4.5f, 2, 0, 0, 0};
    const vouch_ball ball = ball_of(VOUCH_NORM_L2, 1, zero, one);
    (void)state;
    project(&ball, x, p);
    assert_float_equal(p[0], 1, 1e-6);
    assert_float_equal(p[1], sqrtf(.75f), 1e-6);
}

/* Soft thresholding by hand: (3, 1, -2) onto radius 3: threshold 1, so (2, 0, -1). */
static void the_l1_projection_is_soft_thresholding(void **state)
{
    const float x[N] = {0};
    float p[N] = {3, 1, -2, 0, 0};
    const vouch_ball ball = ball_of(VOUCH_NORM_L1, 3, minus, nine);
    (void)state;
    project(&ball, x, p);
    assert_float_equal(p[0], 2, 1e-5);
    assert_float_equal(p[1], 0, 1e-5);
    assert_float_equal(p[2], -1, 1e-5);
}

static double squared(const float *p, const float *q)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += ((double)p[i] - (double)q[i]) * ((double)p[i] - (double)q[i]);
    return sum;
}

/* No random point of ball and range is nearer to the wish than the projection. */
static void projections_end_inside_and_are_nearest(void **state)
{
    vouch_random r = vouch_random_stream(1, "ball", 0);
    (void)state;
    for (int round = 0; round < 300; round++) {
        float x[N], wish[N], p[N], q[N];
        const vouch_ball ball =
            ball_of((vouch_norm)(round % 3), .1 + vouch_random_unit(&r), zero, one);
        for (int i = 0; i < N; i++) {
            x[i] = (float)vouch_random_unit(&r);
            wish[i] = p[i] = (float)(4 * vouch_random_unit(&r) - 2);
        }
        project(&ball, x, p);
        for (int t = 0; t < 300; t++) {
            for (int i = 0; i < N; i++)
                q[i] = (float)((double)p[i] + .2 * vouch_random_normal(&r));
            if (vouch_ball_contains(&ball, x, q))
                assert_true(squared(q, wish) >= squared(p, wish) - 1e-6);
        }
    }
}

static void the_cell_reaches_as_far_as_floats_allow(void **state)
{
    const float x[N] = {.1f, .7f, 0, 1, .5f};
    float low[N], high[N];
    const vouch_cell cell = {x, low, high};
    const vouch_ball ball = ball_of(VOUCH_NORM_LINF, .3, zero, one);
    (void)state;
    vouch_ball_cell(&ball, &cell);
    for (int i = 0; i < N; i++) {
        float p[N];
        for (int j = 0; j < N; j++)
            p[j] = x[j];
        p[i] = high[i];
        assert_true(vouch_ball_contains(&ball, x, p));
        p[i] = nextafterf(high[i], 2);
        assert_false(vouch_ball_contains(&ball, x, p));
        p[i] = low[i];
        assert_true(vouch_ball_contains(&ball, x, p));
        p[i] = nextafterf(low[i], -2);
        assert_false(vouch_ball_contains(&ball, x, p));
    }
}

static void a_radius_of_zero_holds_the_point_alone(void **state)
{
    const float x[N] = {.1f, .7f, 0, 1, .5f};
    (void)state;
    for (int norm = 0; norm < 3; norm++) {
        float p[N] = {.2f, 0, 1, 0, 1};
        const vouch_ball ball = ball_of((vouch_norm)norm, 0, zero, one);
        project(&ball, x, p);
        assert_memory_equal(p, x, sizeof p);
    }
}

/* 2q + min(q, 1) = 7 at q = 3; the caps hold 10 in all. */
static void levels_by_hand(void **state)
{
    const double slope[2] = {2, 1}, cap[2] = {9, 1};
    (void)state;
    assert_true(fabs(vouch_ball_level(2, slope, cap, 7) - 3) < 1e-12);
    assert_true(vouch_ball_level(2, slope, cap, 11) == (double)INFINITY);
    assert_true(vouch_ball_level(2, slope, cap, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(membership_is_that_of_the_reals),
        cmocka_unit_test(a_difference_that_rounds_to_eps_is_decided_by_its_error),
        cmocka_unit_test(outside_the_range_is_outside),
        cmocka_unit_test(the_l2_projection_without_a_range_scales),
        cmocka_unit_test(the_l2_projection_gives_what_the_range_cuts_to_the_others),
        cmocka_unit_test(the_l1_projection_is_soft_thresholding),
        cmocka_unit_test(projections_end_inside_and_are_nearest),
        cmocka_unit_test(the_cell_reaches_as_far_as_floats_allow),
        cmocka_unit_test(a_radius_of_zero_holds_the_point_alone),
        cmocka_unit_test(levels_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
