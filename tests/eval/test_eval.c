/* Evaluation: counts that can be known beforehand, the sandwich of attack and proof, the same
 * result for any number of threads, errors. */
#include <math.h>
#include <string.h>

#include "eval/eval.h"
#include "support/net.h"

enum { INPUTS = 2, POINTS = 5, RADII = 3 };

/* Class 1 where x_0 + x_1 > 1, so that the L-infinity distance to the boundary is half of
 * |x_0 + x_1 - 1|: .05, .15, .3, .25 and, wrong, .1. */
static const float at[POINTS][INPUTS] = {
    {.5f, .6f}, {.2f, .5f}, {.8f, .8f}, {.25f, .25f}, {.5f, .3f}};
static const int labels[POINTS] = {1, 0, 1, 0, 1};
static const double radii[RADII] = {.04, .1, .2};

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    vouch_data_info info;
    vouch_feature feature[INPUTS];
    float low[INPUTS], high[INPUTS];
    vouch_eval_attack attack[1];
    vouch_eval_request request;
} scene;

static void open_scene(scene *s)
{
    const float parameters[] = {0, 1, 0, 1, 1, 0};
    const int size[] = {INPUTS, 2};
    *s = (scene){.high = {1, 1},
                 .feature = {{.high = 1, .group = -1}, {.high = 1, .group = -1}}};
    s->ctx = vouch_test_context();
    s->arena = vouch_arena_new(s->ctx);
    s->info = (vouch_data_info){.shape = {.rank = 2, .dim = {1, INPUTS}},
                                .size = INPUTS,
                                .classes = 2,
                                .feature = s->feature};
    vouch_test_net_new(s->ctx, VOUCH_F32, 1, size, parameters, &s->net);
    s->attack[0] = (vouch_eval_attack){vouch_attack_find("pgd"), NULL, "pgd"};
    s->request = (vouch_eval_request){.graph = s->net.graph,
                                      .points = {&s->info, POINTS, INPUTS, at[0], labels},
                                      .eps_count = RADII,
                                      .eps = radii,
                                      .attack_count = 1,
                                      .attack = s->attack,
                                      .certify_level = VOUCH_CERTIFY_LEVELS,
                                      .limit_s = 10,
                                      .seed = 1,
                                      .threads = 1};
    s->request.ball =
        (vouch_ball){.size = INPUTS, .low = s->low, .high = s->high, .image = {1, 1, INPUTS}};
}

static void close_scene(scene *s)
{
    vouch_test_net_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

static void test_counts_are_those_of_the_geometry(void **state)
{
    static const int64_t wanted[RADII] = {4, 3, 2};
    scene s;
    vouch_eval_result r;
    (void)state;
    open_scene(&s);
    vouch_test_ok(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &r));
    assert_int_equal(r.right, 4);
    for (int i = 0; i < RADII; i++) {
        assert_int_equal(r.radius[i].withstood, wanted[i]);
        assert_int_equal(r.radius[i].robust[0], wanted[i]);
        assert_int_equal(r.radius[i].certified, wanted[i]);
    }
    assert_int_equal(r.class[0].points, 2);
    assert_int_equal(r.class[1].right, 2);
    assert_int_equal(r.class[1].predicted, 2);
    assert_int_equal(r.class[1].certified, 2);
    close_scene(&s);
}

static void test_only_the_last_level_refutes(void **state)
{
    scene s;
    vouch_eval_result r;
    (void)state;
    open_scene(&s);
    s.request.attack_count = 0; /* what no attack looked for, complete verification finds */
    vouch_test_ok(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &r));
    assert_int_equal(r.radius[RADII - 1].withstood, 2);
    assert_int_equal(r.radius[RADII - 1].refuted, 2);
    s.request.certify_level = vouch_certify_find("crown");
    vouch_test_ok(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &r));
    assert_int_equal(r.radius[RADII - 1].withstood, 4);
    assert_int_equal(r.radius[RADII - 1].certified, 2);
    close_scene(&s);
}

/* Random networks with softmax-free outputs: never both, and no more threads no other result. */
static void test_proofs_and_attacks_never_meet(void **state)
{
    enum { WIDE = 4, COUNT = 24 };
    const int size[] = {WIDE, 12, 12, 3};
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        scene s;
        vouch_eval_result one, two;
        float x[COUNT * WIDE];
        int label[COUNT];
        const float low[WIDE] = {0}, high[WIDE] = {1, 1, 1, 1};
        vouch_random r = vouch_random_stream(seed, "eval", 0);
        open_scene(&s);
        vouch_test_net_free(&s.net);
        vouch_test_net_random(s.ctx, VOUCH_F32, 3, size, &r, &s.net);
        for (int i = 0; i < COUNT * WIDE; i++)
            x[i] = (float)vouch_random_unit(&r);
        for (int i = 0; i < COUNT; i++)
            label[i] = (int)vouch_random_below(&r, 3);
        s.info.size = WIDE;
        s.request.graph = s.net.graph;
        s.request.points = (vouch_eval_points){&s.info, COUNT, WIDE, x, label};
        s.request.ball =
            (vouch_ball){.size = WIDE, .low = low, .high = high, .image = {1, 1, WIDE}};
        vouch_test_ok(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &one));
        s.request.threads = 3;
        vouch_test_ok(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &two));
        for (int i = 0; i < RADII; i++) {
            assert_true(one.radius[i].certified <= one.radius[i].withstood);
            assert_int_equal(one.radius[i].certified, two.radius[i].certified);
            assert_int_equal(one.radius[i].withstood, two.radius[i].withstood);
        }
        close_scene(&s);
    }
}

static void test_calibration_is_that_of_the_definition(void **state)
{
    const float z[] = {0, 0, 3, 0, -50, 50};
    const int label[] = {0, 0, 0};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_calibration c;
    (void)state;
    vouch_test_ok(ctx, vouch_calibrate(arena, 3, 2, z, label, &c));
    const double sure = 1 / (1 + exp(-3)); /* the second point's confidence */
    assert_int_equal(c.points[7], 1);      /* a half */
    assert_int_equal(c.points[14], 2);
    assert_int_equal(c.right[14], 1);
    assert_true(fabs(c.ece - (.5 + fabs(1 - (sure + 1))) / 3) < 1e-12);
    assert_true(fabs(c.mean_confidence - (.5 + sure + 1) / 3) < 1e-12);
    assert_true(fabs(c.brier - (.5 + 2 * (1 - sure) * (1 - sure) + 2) / 3) < 1e-12);
    assert_true(fabs(c.log_loss - (log(2) - log(sure) + 100) / 3) < 1e-9);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void test_senseless_requests_are_refused(void **state)
{
    static const int unlabelled[POINTS] = {1, 0, -1, 0, 1};
    static const double falling[2] = {.2, .1};
    scene s;
    vouch_eval_result r;
    (void)state;
    open_scene(&s);
    s.request.points.label = unlabelled;
    vouch_test_fails(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &r), VOUCH_ERR_VALUE,
                     "point 2");
    s.request.points.label = labels;
    const float infinite[POINTS * INPUTS] = {[3] = (float)INFINITY};
    s.request.points.x = infinite;
    vouch_test_fails(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &r), VOUCH_ERR_VALUE,
                     "number 1 of point 1");
    s.request.points.x = at[0];
    s.request.eps = falling;
    s.request.eps_count = 2;
    vouch_test_fails(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &r), VOUCH_ERR_ARGUMENT,
                     "0.1");
    s.request.eps_count = 0;
    s.request.corruptions = true;
    s.feature[1].high = (float)INFINITY;
    vouch_test_fails(s.ctx, vouch_eval_run(s.ctx, s.arena, &s.request, &r), VOUCH_ERR_VALUE,
                     "range of input 1");
    close_scene(&s);
}

static vouch_status evaluate(vouch_context *ctx, void *user)
{
    const scene *s = user;
    vouch_eval_result r;
    vouch_arena *arena = vouch_arena_new(ctx);
    if (arena == NULL)
        return VOUCH_ERR_MEMORY;
    const vouch_status status = vouch_eval_run(ctx, arena, &s->request, &r);
    vouch_arena_free(arena);
    return status;
}

static void test_a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    s.request.eps_count = 1;
    s.request.certify_level = vouch_certify_find("crown");
    s.request.smoothing_sigma = .1;
    s.request.smoothing = (vouch_smoothing){.selection = 5, .samples = 5, .alpha = .1};
    s.request.corruptions = true;
    vouch_test_some_allocations_fail(evaluate, &s, 40);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_those_of_the_geometry),
        cmocka_unit_test(test_only_the_last_level_refutes),
        cmocka_unit_test(test_proofs_and_attacks_never_meet),
        cmocka_unit_test(test_calibration_is_that_of_the_definition),
        cmocka_unit_test(test_senseless_requests_are_refused),
        cmocka_unit_test(test_a_failed_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
