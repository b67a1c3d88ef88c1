/* Landscapes: what is known of linear networks, the plane against direct evaluation, threads,
 * contours, the picture, errors. */
#include <math.h>
#include <string.h>

#include "lab/contour.h"
#include "lab/landscape_svg.h"
#include "support/net.h"

enum { INPUTS = 2, GRID = 9, CELLS = GRID * GRID };

/* z_0 = 0, z_1 = x_0 + x_1 / 2: of label 0 the margin is x_0 + x_1 / 2, linear in x. */
static const float linear_parameters[] = {0, 1, 0, .5f, 0, 0};
static const int linear_size[] = {INPUTS, 2};
static const float point[INPUTS] = {.25f, -.5f};

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    vouch_landscape_request request;
    vouch_landscape l;
} scene;

static void open_scene(scene *s, const char *loss)
{
    *s = (scene){.ctx = vouch_test_context()};
    s->arena = vouch_arena_new(s->ctx);
    vouch_test_net_new(s->ctx, VOUCH_F32, 1, linear_size, linear_parameters, &s->net);
    s->request = (vouch_landscape_request){.graph = s->net.graph,
                                           .loss = vouch_objective_find(loss),
                                           .eps = .5,
                                           .grid = GRID,
                                           .pairs = 40,
                                           .seed = 1,
                                           .threads = 1,
                                           .size = INPUTS,
                                           .x = point};
}

static void run_scene(scene *s)
{
    vouch_test_ok(s->ctx, vouch_landscape_run(s->ctx, s->arena, &s->request, &s->l));
}

static void close_scene(scene *s)
{
    vouch_test_net_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

/* A scene with a network that is not linear, of label 1. */
static void open_random(scene *s)
{
    static const int size[] = {6, 16, 16, 3};
    static const float x[] = {.1f, -.7f, .3f, .9f, 0, .2f};
    vouch_random random = vouch_random_stream(3, "test", 0);
    open_scene(s, "ce");
    vouch_test_net_free(&s->net);
    vouch_test_net_random(s->ctx, VOUCH_F32, 3, size, &random, &s->net);
    s->request.graph = s->net.graph;
    s->request.size = size[0];
    s->request.x = x;
    s->request.label = 1;
}

static void test_a_linear_network_keeps_its_promise(void **state)
{
    scene s;
    (void)state;
    open_scene(&s, "margin");
    run_scene(&s);
    assert_true(s.l.linearity_error < 1e-13);
    assert_true(fabs(s.l.promised - .75) < 1e-12); /* eps (1 + 1/2) */
    assert_true(fabs(s.l.rise - .75) < 1e-6);
    assert_true(s.l.direction[0] == 1 && s.l.direction[1] == 1);
    for (int i = 0; i < CELLS; i++) {
        const double a = .5 * (i % GRID) / (GRID - 1), b = .5 * (i / GRID) / (GRID - 1);
        const double wanted = a * 1.5 + b * ((double)s.l.random[0] + (double)s.l.random[1] / 2);
        assert_true(fabs(s.l.loss[i] - wanted) < 1e-6);
        assert_int_equal(s.l.predicted[i], s.l.loss[i] > 0);
    }
    close_scene(&s);
}

static void test_contours_of_a_linear_network_are_straight(void **state)
{
    scene s;
    int count;
    (void)state;
    for (int k = 0; k < 2; k++) { /* cross-entropy is not linear, but its levels are */
        open_scene(&s, k == 0 ? "margin" : "ce");
        run_scene(&s);
        const vouch_field field = {GRID, GRID, s.l.loss};
        vouch_place *place = VOUCH_NEW_ARRAY(s.arena, vouch_place, vouch_contour_room(&field));
        const double rise = (double)s.l.random[0] + (double)s.l.random[1] / 2;
        const double level = .5 * (s.l.loss[0] + s.l.loss[CELLS - 1]) + .003;
        count = vouch_contour(&field, level, place);
        assert_true(count >= GRID);
        const double wanted = place[0].x * 1.5 + place[0].y * rise;
        for (int i = 1; i < count; i++)
            assert_true(fabs(place[i].x * 1.5 + place[i].y * rise - wanted) <
                        (k == 0 ? 1e-4 : .02));
        close_scene(&s);
    }
}

static void test_the_plane_is_what_direct_evaluation_says(void **state)
{
    scene s;
    vouch_victim_plan *plan;
    vouch_victim *victim;
    (void)state;
    open_random(&s);
    run_scene(&s);
    const vouch_aim aim = {.classes = 3, .label = 1, .target = -1};
    vouch_test_ok(s.ctx, vouch_victim_plan_new(s.ctx, s.arena, s.request.graph, &plan));
    vouch_test_ok(s.ctx, vouch_victim_new(s.ctx, s.arena, plan, &victim));
    for (int i = 0; i < CELLS; i++) {
        const double a = .5 * (i % GRID) / (GRID - 1), b = .5 * (i / GRID) / (GRID - 1);
        float x[6], z[3], d_z[3];
        for (int k = 0; k < 6; k++)
            x[k] = (float)((double)s.request.x[k] + a * (double)s.l.direction[k] +
                           b * (double)s.l.random[k]);
        vouch_test_ok(s.ctx, vouch_victim_forward(victim, 1, x, z));
        assert_true(s.l.loss[i] == s.request.loss->value(&aim, z, d_z));
        assert_int_equal(s.l.predicted[i], vouch_predicted(3, z));
        assert_true(s.l.loss[i] <= s.l.loss[s.l.highest]);
    }
    assert_true(s.l.rise == s.l.loss[GRID - 1] - s.l.loss[0]);
    assert_true(s.l.linearity_error > 0);
    close_scene(&s);
}

static void test_threads_change_nothing_and_seeds_do(void **state)
{
    scene s;
    (void)state;
    open_random(&s);
    run_scene(&s);
    const vouch_landscape one = s.l;
    s.request.threads = 3;
    run_scene(&s);
    assert_memory_equal(one.loss, s.l.loss, CELLS * sizeof *one.loss);
    assert_true(one.linearity_error == s.l.linearity_error);
    s.request.seed = 2;
    run_scene(&s);
    assert_true(one.linearity_error != s.l.linearity_error);
    close_scene(&s);
}

static void test_clipped_points_stay_in_the_range(void **state)
{
    static const float low[INPUTS] = {0, -1}, high[INPUTS] = {.5f, .25f};
    scene s;
    (void)state;
    open_scene(&s, "margin");
    s.request.low = low;
    s.request.high = high;
    run_scene(&s);
    assert_true(fabs(s.l.promised - .5) < 1e-6); /* .25 of x_0, .5 of x_1 */
    assert_true(fabs(s.l.rise - s.l.promised) < 1e-6);
    assert_true(s.l.linearity_error < 1e-13); /* the range is convex, the network linear */
    for (int i = 0; i < CELLS; i++) {
        const double a = .5 * (i % GRID) / (GRID - 1), b = .5 * (i / GRID) / (GRID - 1);
        const double x = fmin(fmax(.25 + a + b * (double)s.l.random[0], 0), .5);
        const double y = fmin(fmax(-.5 + a + b * (double)s.l.random[1], -1), .25);
        assert_true(fabs(s.l.loss[i] - (x + y / 2)) < 1e-6);
    }
    close_scene(&s);
}

static void test_a_missing_label_is_what_the_network_says(void **state)
{
    scene s;
    (void)state;
    open_random(&s);
    s.request.label = -1;
    run_scene(&s);
    assert_int_equal(s.l.label, s.l.predicted[0]);
    close_scene(&s);
}

static void test_a_saddle_is_cut_by_its_mean(void **state)
{
    const double value[] = {1, 0, 0, 1}; /* corners 0 and 2 are high */
    const vouch_field field = {2, 2, value};
    vouch_place place[4];
    (void)state;
    assert_int_equal(vouch_contour(&field, .4, place), 4); /* mean .5 is high: they connect */
    assert_true(place[0].y == 0 && place[1].x == 1 && place[2].y == 1 && place[3].x == 0);
    assert_int_equal(vouch_contour(&field, .6, place), 4);
    assert_true(place[0].y == 1 && place[1].x == 1 && place[2].y == 0 && place[3].x == 0);
    assert_int_equal(vouch_contour(&field, 2, place), 0);
}

static void test_the_picture_names_what_it_shows(void **state)
{
    const char *const classes[] = {"cat & dog", "b", "c"}, *const name[] = {"n.onnx"};
    const char *const points[] = {"7"};
    scene s;
    vouch_svg svg;
    (void)state;
    open_random(&s);
    run_scene(&s);
    const vouch_landscape_picture picture = {"cross-entropy", .5, 1, 1, points, name, &s.l, 3,
                                             classes};
    vouch_test_ok(s.ctx, vouch_landscape_svg(s.ctx, &picture, &svg));
    assert_non_null(strstr(svg.data, "n.onnx, point 7, label b"));
    assert_non_null(strstr(svg.data, "FGSM direction, in units of eps"));
    assert_null(strstr(svg.data, "cat & dog"));
    assert_null(strstr(svg.data, "nan"));
    vouch_markup_free(&svg);
    close_scene(&s);
}

static void test_a_constant_network_is_a_plain(void **state)
{
    static const float zero[6] = {0};
    const char *const classes[] = {"0", "1"}, *const name[] = {"n"};
    scene s;
    vouch_svg svg;
    (void)state;
    open_scene(&s, "ce");
    vouch_test_net_free(&s.net);
    vouch_test_net_new(s.ctx, VOUCH_F32, 1, linear_size, zero, &s.net);
    s.request.graph = s.net.graph;
    run_scene(&s);
    assert_true(s.l.rise == 0 && s.l.promised == 0 && s.l.highest == 0);
    const vouch_landscape_picture picture = {"loss", .5, 1, 1, name, name, &s.l, 2, classes};
    vouch_test_ok(s.ctx, vouch_landscape_svg(s.ctx, &picture, &svg));
    vouch_markup_free(&svg);
    close_scene(&s);
}

static vouch_status draw(vouch_context *ctx, void *user)
{
    const char *const names[] = {"0", "1", "2"};
    const scene *s = user;
    vouch_landscape l;
    vouch_svg svg = {0};
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_status status = arena ? VOUCH_OK : VOUCH_ERR_MEMORY;
    if (status == VOUCH_OK)
        status = vouch_landscape_run(ctx, arena, &s->request, &l);
    if (status == VOUCH_OK) {
        const vouch_landscape_picture picture = {"loss", .5, 1, 1, names, names, &l, 3, names};
        status = vouch_landscape_svg(ctx, &picture, &svg);
        vouch_markup_free(&svg);
    }
    vouch_arena_free(arena);
    return status;
}

static void test_a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    scene s;
    (void)state;
    open_random(&s);
    vouch_test_some_allocations_fail(draw, &s, 60);
    close_scene(&s);
}

static void refuse(scene *s, vouch_status wanted, const char *text)
{
    vouch_test_fails(s->ctx, vouch_landscape_run(s->ctx, s->arena, &s->request, &s->l), wanted,
                     text);
}

static void test_bad_requests_are_errors(void **state)
{
    static const float huge[INPUTS] = {3e38f, 3e38f}, bad[INPUTS] = {0, (float)NAN};
    scene s;
    (void)state;
    open_scene(&s, "ce");
    s.request.eps = 0;
    refuse(&s, VOUCH_ERR_ARGUMENT, "eps");
    s.request.eps = (double)INFINITY;
    refuse(&s, VOUCH_ERR_ARGUMENT, "finite");
    s.request.eps = .5;
    s.request.grid = 1;
    refuse(&s, VOUCH_ERR_ARGUMENT, "grid");
    s.request.grid = GRID;
    s.request.size = 3;
    refuse(&s, VOUCH_ERR_SHAPE, "2 numbers");
    s.request.size = INPUTS;
    s.request.label = 2;
    refuse(&s, VOUCH_ERR_VALUE, "label 2");
    s.request.label = 0;
    s.request.x = bad;
    refuse(&s, VOUCH_ERR_VALUE, "number 1 is not finite");
    s.request.x = huge;
    refuse(&s, VOUCH_ERR_VALUE, "loss of");
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_linear_network_keeps_its_promise),
        cmocka_unit_test(test_contours_of_a_linear_network_are_straight),
        cmocka_unit_test(test_the_plane_is_what_direct_evaluation_says),
        cmocka_unit_test(test_threads_change_nothing_and_seeds_do),
        cmocka_unit_test(test_clipped_points_stay_in_the_range),
        cmocka_unit_test(test_a_missing_label_is_what_the_network_says),
        cmocka_unit_test(test_a_saddle_is_cut_by_its_mean),
        cmocka_unit_test(test_the_picture_names_what_it_shows),
        cmocka_unit_test(test_a_constant_network_is_a_plain),
        cmocka_unit_test(test_a_failed_allocation_is_an_error_and_leaks_nothing),
        cmocka_unit_test(test_bad_requests_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
