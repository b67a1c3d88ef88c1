/* Balls as properties: the box is the exact one, the unsafe region is every other class. */
#include <gmp.h>
#include <math.h>

#include "attack/ball_spec.h"
#include "support/net.h"

enum { INPUTS = 3, CLASSES = 3 };

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    float low[INPUTS], high[INPUTS], x[INPUTS];
    vouch_ball ball;
} scene;

static void open_scene(scene *s)
{
    const int size[] = {INPUTS, CLASSES};
    vouch_random r = vouch_random_stream(1, "ball", 0);
    *s = (scene){.high = {1, 1, 1}, .x = {.5f, .05f, .1f}};
    s->ctx = vouch_test_context();
    s->arena = vouch_arena_new(s->ctx);
    vouch_test_net_random(s->ctx, VOUCH_F32, 1, size, &r, &s->net);
    s->ball = (vouch_ball){.eps = .1, .size = INPUTS, .low = s->low, .high = s->high};
}

static void close_scene(scene *s)
{
    vouch_test_net_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

static vouch_spec *spec_of(scene *s, int label)
{
    vouch_spec *spec;
    vouch_test_ok(s->ctx,
                  vouch_ball_spec(s->arena, s->net.graph, &s->ball, s->x, label, &spec));
    return spec;
}

/* a + sign * b exactly, against the rational. */
static void same(mpq_srcptr got, double a, double b)
{
    mpq_t x, y;
    mpq_init(x);
    mpq_init(y);
    mpq_set_d(x, a);
    mpq_set_d(y, b);
    mpq_add(x, x, y);
    assert_true(mpq_equal(got, x));
    mpq_clear(x);
    mpq_clear(y);
}

static void test_the_box_is_exact(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    vouch_spec *spec = spec_of(&s, 1);
    const vouch_box *box = &spec->box[0];
    assert_int_equal(spec->box_count, 1);
    same(box->exact_low[0], .5, -.1);
    same(box->exact_high[0], .5, .1);
    same(box->exact_low[1], 0, 0); /* the valid range ends there */
    same(box->exact_high[1], (double)s.x[1], .1);
    same(box->exact_low[2], (double)s.x[2], -.1); /* .1f is above .1, so this is above 0 */
    assert_int_equal(spec->case_count, CLASSES - 1);
    vouch_spec_free(spec);
    close_scene(&s);
}

static void test_a_centre_outside_its_range_is_inside(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    s.x[0] = 1.5f;
    s.ball.eps = .25;
    vouch_spec *spec = spec_of(&s, 0);
    same(spec->box[0].exact_low[0], 1.25, 0);
    same(spec->box[0].exact_high[0], 1.5, 0);
    vouch_spec_free(spec);
    close_scene(&s);
}

static void test_rules_of_tables_are_relaxed(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    const vouch_feature feature[INPUTS] = {{.high = 1, .group = -1, .immutable = true},
                                           {.high = 1, .group = 1, .is_integer = true},
                                           {.high = 1, .group = -1}};
    const vouch_rules rules = {feature, false};
    s.ball.rules = &rules;
    vouch_spec *spec = spec_of(&s, 0);
    same(spec->box[0].exact_low[0], .5, 0);
    same(spec->box[0].exact_high[0], .5, 0);
    same(spec->box[0].exact_low[1], 0, 0);
    same(spec->box[0].exact_high[1], 1, 0);
    same(spec->box[0].exact_high[2], (double)s.x[2], .1);
    vouch_spec_free(spec);
    close_scene(&s);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    scene s;
    vouch_spec *spec;
    (void)state;
    open_scene(&s);
    vouch_test_fails(s.ctx, vouch_ball_spec(s.arena, s.net.graph, &s.ball, s.x, CLASSES, &spec),
                     VOUCH_ERR_SHAPE, "class 3");
    s.x[1] = (float)NAN;
    vouch_test_fails(s.ctx, vouch_ball_spec(s.arena, s.net.graph, &s.ball, s.x, 0, &spec),
                     VOUCH_ERR_VALUE, "input 1");
    s.x[1] = 0;
    s.high[2] = (float)INFINITY;
    vouch_test_fails(s.ctx, vouch_ball_spec(s.arena, s.net.graph, &s.ball, s.x, 0, &spec),
                     VOUCH_ERR_VALUE, "input 2");
    s.ball.norm = VOUCH_NORM_L2;
    vouch_test_fails(s.ctx, vouch_ball_spec(s.arena, s.net.graph, &s.ball, s.x, 0, &spec),
                     VOUCH_ERR_UNSUPPORTED, "l2");
    close_scene(&s);
}

static vouch_status make_and_free(vouch_context *ctx, void *user)
{
    scene *s = user;
    vouch_spec *spec = NULL;
    vouch_arena *arena = vouch_arena_new(ctx);
    if (arena == NULL)
        return VOUCH_ERR_MEMORY;
    const vouch_status status = vouch_ball_spec(arena, s->net.graph, &s->ball, s->x, 0, &spec);
    if (spec != NULL)
        vouch_spec_free(spec);
    vouch_arena_free(arena);
    return status;
}

static void test_a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    vouch_test_every_allocation_fails(make_and_free, &s);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_box_is_exact),
        cmocka_unit_test(test_a_centre_outside_its_range_is_inside),
        cmocka_unit_test(test_rules_of_tables_are_relaxed),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_a_failed_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
