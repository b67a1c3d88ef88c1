/* Planes of products: on every instruction set they bound the product on the whole box. */
#include <math.h>

#include "base/random.h"
#include "num/walk_tables.h"
#include "support/support.h"

enum { PRODUCTS = 203, SCALARS = 64, POINTS = 20 };

typedef struct boxes {
    double a_low[SCALARS], a_high[SCALARS], b_low[SCALARS], b_high[SCALARS];
    vouch_walk_pair pair[PRODUCTS];
    float mix[PRODUCTS];
    double left[PRODUCTS], right[PRODUCTS], offset[PRODUCTS];
} boxes;

static double between(vouch_random *random, double low, double high)
{
    return low + (high - low) * vouch_random_unit(random);
}

static void draw_interval(vouch_random *random, double *low, double *high)
{
    const double scale = exp2(between(random, -60, 60));
    const double x = scale * between(random, -1, 1);
    const double y = scale * between(random, -1, 1);
    *low = fmin(x, y);
    *high = vouch_random_below(random, 8) ? fmax(x, y) : *low;
}

static void draw(vouch_random *random, boxes *b)
{
    for (int i = 0; i < SCALARS; i++) {
        draw_interval(random, &b->a_low[i], &b->a_high[i]);
        draw_interval(random, &b->b_low[i], &b->b_high[i]);
    }
    for (int k = 0; k < PRODUCTS; k++) {
        b->pair[k].left = (int64_t)vouch_random_below(random, SCALARS);
        b->pair[k].right = (int64_t)vouch_random_below(random, SCALARS);
        b->mix[k] = vouch_random_below(random, 4) ? (float)between(random, 0, 1)
                                                  : (float)vouch_random_below(random, 2);
        if (vouch_random_below(random, 8) == 0)
            b->mix[k] = -1;
    }
}

static vouch_walk_planes call_of(boxes *b)
{
    return (vouch_walk_planes){.count = PRODUCTS,
                               .pair = b->pair,
                               .a_low = b->a_low,
                               .a_high = b->a_high,
                               .b_low = b->b_low,
                               .b_high = b->b_high,
                               .mix = b->mix,
                               .left = b->left,
                               .right = b->right,
                               .offset = b->offset};
}

/* A point of the interval, often an end. */
static double point_of(vouch_random *random, double low, double high)
{
    const uint64_t which = vouch_random_below(random, 3);
    const double t = between(random, 0, 1);
    return which == 0 ? low : which == 1 ? high : fmin(fmax(low + t * (high - low), low), high);
}

static void check(vouch_random *random, const boxes *b, bool above)
{
    for (int k = 0; k < PRODUCTS; k++)
        for (int n = 0; n < POINTS; n++) {
            const int64_t i = b->pair[k].left, j = b->pair[k].right;
            const double x = point_of(random, b->a_low[i], b->a_high[i]);
            const double y = point_of(random, b->b_low[j], b->b_high[j]);
            const long double plane =
                (long double)b->left[k] * x + (long double)b->right[k] * y + b->offset[k];
            const long double gap = (long double)x * y - plane;
            assert_true(above ? gap <= 0 : gap >= 0);
        }
}

static void expect_planes_to_hold(const vouch_walk_kernels *kernels)
{
    vouch_random random = vouch_random_stream(7, "planes", 0);
    static boxes b;
    for (int round = 0; round < 40; round++) {
        const vouch_walk_planes call = call_of(&b);
        draw(&random, &b);
        for (int above = 0; above < 2; above++) {
            kernels->planes(&call, above);
            check(&random, &b, above);
        }
    }
}

static void planes_of_products_hold_on_every_instruction_set(void **state)
{
    (void)state;
    expect_planes_to_hold(&vouch_walk_generic);
    expect_planes_to_hold(vouch_walk_kernels_here());
}

static void an_unbounded_operand_has_no_plane(void **state)
{
    (void)state;
    static boxes b;
    const vouch_walk_planes call = call_of(&b);
    b.a_high[0] = (double)INFINITY;
    b.b_low[0] = -1;
    b.b_high[0] = 1;
    vouch_walk_kernels_here()->planes(&call, false);
    assert_true(b.offset[0] == -(double)INFINITY);
    vouch_walk_kernels_here()->planes(&call, true);
    assert_true(b.offset[0] == (double)INFINITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_of_products_hold_on_every_instruction_set),
        cmocka_unit_test(an_unbounded_operand_has_no_plane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
