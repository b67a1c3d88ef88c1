/* Objectives against values by hand and differences; APGD's checkpoints; the schedule of Square. */
#include "attack/objective.h"

#include <math.h>

#include "attack/apgd.h"
#include "attack/square.h"
#include "base/random.h"
#include "support/support.h"

static double value_of(const char *name, int64_t classes, int label, int target, const float *z)
{
    const vouch_aim aim = {classes, label, target};
    float d_z[16];
    return vouch_objective_find(name)->value(&aim, z, d_z);
}

static void near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-6 * (1 + fabs(b))))
        print_error("%.9g is not %.9g\n", a, b);
    assert_true(fabs(a - b) <= 1e-6 * (1 + fabs(b)));
}

/* Sorted: 5 3 1 -2. */
static void ratios_by_hand(void **state)
{
    const float z[4] = {3, 5, 1, -2};
    (void)state;
    near(value_of("dlr", 4, 1, -1, z), -(5. - 3) / (5 - 1));
    near(value_of("dlr", 4, 0, -1, z), -(3. - 5) / (5 - 1));
    near(value_of("dlr", 4, 3, -1, z), -(-2. - 5) / (5 - 1));
    near(value_of("dlr", 4, 1, 2, z), -(5. - 1) / (5 - (1 - 2) / 2.));
    near(value_of("dlr", 4, 0, 1, z), -(3. - 5) / (5 - (1 - 2) / 2.));
}

static void few_classes_fall_back_to_the_margin(void **state)
{
    const float z[3] = {3, 5, 1};
    (void)state;
    near(value_of("dlr", 2, 1, -1, z), -2);
    near(value_of("dlr", 2, 1, 0, z), -2);
    near(value_of("dlr", 3, 1, 0, z), -2);
    near(value_of("dlr", 3, 1, -1, z), -2. / 4);
}

static void cross_entropy_and_margins_by_hand(void **state)
{
    const float z[3] = {3, 5, 1};
    const double sum = exp(3) + exp(5) + exp(1);
    (void)state;
    near(value_of("ce", 3, 0, -1, z), -log(exp(3) / sum));
    near(value_of("ce", 3, 0, 2, z), log(exp(1) / sum));
    near(value_of("margin", 3, 0, -1, z), 2);
    near(value_of("margin", 3, 1, -1, z), -2);
    near(value_of("margin", 3, 1, 2, z), -4);
    near(value_of("gap", 3, 0, 2, z), -2);
}

static void check_gradient(const vouch_objective *o, const vouch_aim *aim, float *z)
{
    float d_z[16], unused[16];
    (void)o->value(aim, z, d_z);
    for (int64_t j = 0; j < aim->classes; j++) {
        const float kept = z[j], h = 1.f / 512;
        z[j] = kept + h;
        const double above = o->value(aim, z, unused);
        z[j] = kept - h;
        const double below = o->value(aim, z, unused);
        z[j] = kept;
        const double slope = (above - below) / (2 * (double)h);
        assert_true(fabs(slope - (double)d_z[j]) < 1e-3 * (1 + fabs(slope)));
    }
}

static void gradients_are_differences(void **state)
{
    vouch_random r = vouch_random_stream(1, "objective", 0);
    (void)state;
    for (int round = 0; round < 200; round++) {
        const int64_t classes = 2 + round % 9;
        float z[16];
        for (int j = 0; j < classes; j++) /* well apart, in random order */
            z[j] = (float)j * 1.5f + (float)vouch_random_unit(&r) * .5f;
        for (int64_t j = classes - 1; j > 0; j--) {
            const uint64_t k = vouch_random_below(&r, (uint64_t)j + 1);
            const float kept = z[j];
            z[j] = z[k];
            z[k] = kept;
        }
        const int label = (int)vouch_random_below(&r, (uint64_t)classes);
        vouch_aim aim = {classes, label, -1};
        for (const vouch_objective *const *o = vouch_objective_table(); *o; o++) {
            aim.target = -1;
            check_gradient(*o, &aim, z);
            aim.target = (label + 1) % (int)classes;
            check_gradient(*o, &aim, z);
        }
    }
}

static void large_logits_do_not_overflow(void **state)
{
    const float z[3] = {3e38f, -3e38f, 0};
    (void)state;
    assert_true(isfinite(value_of("ce", 3, 0, -1, z)));
    assert_true(isfinite(value_of("dlr", 3, 0, -1, z)));
}

static void ranks_and_predictions(void **state)
{
    const float z[4] = {2, 7, 7, NAN};
    const float y[4] = {2, 7, 5, 1};
    (void)state;
    assert_int_equal(vouch_predicted(4, z), 1);
    assert_int_equal(vouch_ranked(4, y, 1, 0), 2);
    assert_int_equal(vouch_ranked(4, y, 1, 2), 3);
    assert_int_equal(vouch_ranked(4, y, -1, 0), 1);
}

/* 100 steps: 22, 19, 16, 13, 10, 7, 6, 6 ... after which the step may be halved. */
static void checkpoints_of_apgd_by_hand(void **state)
{
    const vouch_apgd_schedule s = vouch_apgd_schedule_of(100),
                              short_one = vouch_apgd_schedule_of(5);
    (void)state;
    assert_int_equal(s.interval, 22);
    assert_int_equal(s.shrink, 3);
    assert_int_equal(s.least, 6);
    assert_int_equal(short_one.interval, 1);
    assert_int_equal(short_one.least, 1);
}

static void squares_shrink_as_published(void **state)
{
    (void)state;
    near(vouch_square_share(.8, 0), .8);
    near(vouch_square_share(.8, 10), .8);
    near(vouch_square_share(.8, 11), .4);
    near(vouch_square_share(.8, 51), .2);
    near(vouch_square_share(.8, 201), .1);
    near(vouch_square_share(.8, 501), .05);
    near(vouch_square_share(.8, 4999), .8 / 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios_by_hand),
        cmocka_unit_test(few_classes_fall_back_to_the_margin),
        cmocka_unit_test(cross_entropy_and_margins_by_hand),
        cmocka_unit_test(gradients_are_differences),
        cmocka_unit_test(large_logits_do_not_overflow),
        cmocka_unit_test(ranks_and_predictions),
        cmocka_unit_test(checkpoints_of_apgd_by_hand),
        cmocka_unit_test(squares_shrink_as_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
