/* Verified transformations: their enclosures against an evaluation of their own in long double
 * and against the corruptions, and verdicts against what can be known beforehand. */
#include <math.h>
#include <string.h>

#include "eval/eval.h"
#include "support/net.h"

enum { HEIGHT = 6, WIDTH = 5, CHANNELS = 2, PLANE = HEIGHT * WIDTH, SIZE = CHANNELS * PLANE };

typedef long double real;

/* ---- enclosures ----------------------------------------------------------------------------- */

typedef struct picture {
    vouch_data_info info;
    vouch_feature feature[SIZE];
    float x[SIZE];
    double low[SIZE], high[SIZE];
    vouch_random random;
} picture;

static void draw(picture *p, uint64_t seed)
{
    *p = (picture){.random = vouch_random_stream(seed, "transform", 0)};
    p->info = (vouch_data_info){
        .shape = {.rank = 3, .dim = {CHANNELS, HEIGHT, WIDTH}}, .size = SIZE, .classes = 2};
    p->info.feature = p->feature;
    for (int i = 0; i < SIZE; i++) {
        p->feature[i] = (vouch_feature){.low = i < PLANE ? 0 : -1.25f, .high = 1, .group = -1};
        p->x[i] = p->feature[i].low + (p->feature[i].high - p->feature[i].low) *
                                          (float)vouch_random_unit(&p->random);
    }
}

static real cut(const picture *p, int i, real x)
{
    return fminl(fmaxl(x, (real)p->feature[i].low), (real)p->feature[i].high);
}

static real pixel(const picture *p, int c, real row, real column)
{
    if (row < 0 || row >= HEIGHT || column < 0 || column >= WIDTH)
        return (real)p->feature[c * PLANE].low;
    return (real)p->x[c * PLANE + (int)row * WIDTH + (int)column];
}

static real read_at(const picture *p, int c, real row, real column)
{
    const real i = floorl(row), j = floorl(column), u = row - i, v = column - j;
    return (1 - u) * ((1 - v) * pixel(p, c, i, j) + v * pixel(p, c, i, j + 1)) +
           u * ((1 - v) * pixel(p, c, i + 1, j) + v * pixel(p, c, i + 1, j + 1));
}

static real mean(const picture *p, int c)
{
    real sum = 0;
    for (int i = 0; i < PLANE; i++)
        sum += (real)p->x[c * PLANE + i];
    return sum / PLANE;
}

/* T(x, t) at value i, by the definition. */
static real transformed(const picture *p, const char *name, const double *t, int i)
{
    const int c = i / PLANE, row = i % PLANE / WIDTH, column = i % WIDTH;
    const real x = (real)p->x[i], range = (real)p->feature[i].high - (real)p->feature[i].low;
    const real y0 = (HEIGHT - 1) / 2.L, x0 = (WIDTH - 1) / 2.L;
    if (strcmp(name, "brightness") == 0)
        return cut(p, i, x + (real)t[0] * range);
    if (strcmp(name, "contrast") == 0)
        return cut(p, i, mean(p, c) + (1 + (real)t[0]) * (x - mean(p, c)));
    if (strcmp(name, "translation") == 0)
        return read_at(p, c, row - (real)t[0] * HEIGHT, column - (real)t[1] * WIDTH);
    const real a = (real)t[0] * (acosl(-1) / 180);
    return read_at(p, c, y0 + cosl(a) * (row - y0) - sinl(a) * (column - x0),
                   x0 + sinl(a) * (row - y0) + cosl(a) * (column - x0));
}

static vouch_transform_part random_part(picture *p, const vouch_transform *t, double share)
{
    const double reach = vouch_transform_reach(t, VOUCH_SEVERITIES);
    vouch_transform_part part = {.low = {0}};
    for (int k = 0; k < vouch_transform_parameters(t); k++) {
        part.low[k] = reach * (2 * vouch_random_unit(&p->random) - 1);
        part.high[k] = part.low[k] + share * reach * vouch_random_unit(&p->random);
    }
    return part;
}

/* 12,000 parameters, the ends of the intervals among them; long double as the judge, whose own
 * error is below 1e-18. */
static void test_an_enclosure_holds_the_image_of_every_parameter(void **state)
{
    static const double shares[] = {0, 1e-6, .01, .1, 1};
    (void)state;
    for (const vouch_transform *const *t = vouch_transform_table(); *t; t++)
        for (uint64_t trial = 0; trial < 300; trial++) {
            picture p;
            draw(&p, trial);
            const vouch_transform_part part = random_part(&p, *t, shares[trial % 5]);
            vouch_transform_enclose(*t, &p.info, p.x, &part, p.low, p.high);
            for (int sample = 0; sample < 10; sample++) {
                double at[VOUCH_PARAMETERS];
                for (int k = 0; k < VOUCH_PARAMETERS; k++) {
                    const double u = sample < 2 ? sample : vouch_random_unit(&p.random);
                    at[k] = fmin(part.high[k], part.low[k] + u * (part.high[k] - part.low[k]));
                }
                for (int i = 0; i < SIZE; i++) {
                    const real value = transformed(&p, (*t)->name, at, i);
                    assert_true((real)p.low[i] <= value + 1e-18L);
                    assert_true(value <= (real)p.high[i] + 1e-18L);
                }
            }
        }
}

static void test_light_is_enclosed_exactly(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++)
        for (uint64_t trial = 0; trial < 100; trial++) {
            const vouch_transform *t = vouch_transform_find(k ? "contrast" : "brightness");
            picture p;
            draw(&p, trial);
            const vouch_transform_part part = random_part(&p, t, .3);
            vouch_transform_enclose(t, &p.info, p.x, &part, p.low, p.high);
            for (int i = 0; i < SIZE; i++) {
                const real a = transformed(&p, t->name, part.low, i);
                const real b = transformed(&p, t->name, part.high, i);
                assert_true(fabsl((real)p.low[i] - fminl(a, b)) < 1e-13L);
                assert_true(fabsl((real)p.high[i] - fmaxl(a, b)) < 1e-13L);
            }
        }
}

static void test_a_point_of_motion_is_enclosed_tightly(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++)
        for (uint64_t trial = 0; trial < 100; trial++) {
            const vouch_transform *t = vouch_transform_find(k ? "rotation" : "translation");
            picture p;
            draw(&p, trial);
            const vouch_transform_part part = random_part(&p, t, 0);
            vouch_transform_enclose(t, &p.info, p.x, &part, p.low, p.high);
            for (int i = 0; i < SIZE; i++)
                assert_true(p.high[i] - p.low[i] < 1e-11);
        }
}

/* The same on whole intervals: not much longer than what 2,000 parameters reach. */
static void test_a_small_interval_of_motion_is_enclosed_closely(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const vouch_transform *t = vouch_transform_find(k ? "rotation" : "translation");
        const vouch_transform_part part = {{k ? 3 : .01, k ? 0 : .02},
                                           {k ? 4 : .02, k ? 0 : .02}};
        picture p;
        draw(&p, 7);
        vouch_transform_enclose(t, &p.info, p.x, &part, p.low, p.high);
        for (int i = 0; i < SIZE; i++) {
            real low = INFINITY, high = -INFINITY;
            for (int n = 0; n <= 2000; n++) {
                const double at[] = {part.low[0] + n * (part.high[0] - part.low[0]) / 2000,
                                     part.low[1]};
                const real value = transformed(&p, t->name, at, i);
                low = fminl(low, value);
                high = fmaxl(high, value);
            }
            /* a place's row and column are taken as independent */
            assert_true((real)p.high[i] - (real)p.low[i] < 2 * (high - low) + .03L);
        }
    }
}

static void test_the_corruption_of_that_name_is_among_the_images(void **state)
{
    (void)state;
    for (const vouch_transform *const *t = vouch_transform_table(); *t; t++)
        for (int severity = 1; severity <= VOUCH_SEVERITIES; severity++) {
            picture p;
            float x[SIZE], scratch[SIZE];
            vouch_transform_part part = {.low = {0}};
            draw(&p, (uint64_t)severity);
            const vouch_corrupting how = {vouch_corruption_find((*t)->name), &p.info, severity,
                                          3};
            assert_non_null(how.corruption);
            memcpy(x, p.x, sizeof x);
            vouch_corrupt(&how, 5, x, scratch);
            for (int k = 0; k < vouch_transform_parameters(*t); k++) {
                part.high[k] = vouch_transform_reach(*t, severity);
                part.low[k] = -part.high[k];
            }
            vouch_transform_enclose(*t, &p.info, p.x, &part, p.low, p.high);
            for (int i = 0; i < SIZE; i++) {
                assert_true((double)x[i] >= p.low[i] - 1e-6);
                assert_true((double)x[i] <= p.high[i] + 1e-6);
            }
        }
}

/* ---- verdicts ------------------------------------------------------------------------------- */

enum { INPUTS = 2, POINTS = 5 };

/* Class 1 where x_0 + x_1 > 1: brightness t changes the class where 2t passes 1 - x_0 - x_1,
 * that is from -.05, .15, -.3, .25 on; the last one is wrong. Contrast leaves the sum alone. */
static const float at[POINTS][INPUTS] = {
    {.5f, .6f}, {.2f, .5f}, {.8f, .8f}, {.25f, .25f}, {.5f, .3f}};
static const int labels[POINTS] = {1, 0, 1, 0, 1};
static const bool wrong[POINTS] = {false, false, false, false, true};

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    vouch_data_info info;
    vouch_feature feature[SIZE];
    vouch_eval_points points;
    vouch_victim_plan *plan;
    vouch_transforming request;
    vouch_transformed result;
} scene;

static void begin_scene(scene *s)
{
    *s = (scene){.ctx = vouch_test_context()};
    s->arena = vouch_arena_new(s->ctx);
    for (int i = 0; i < SIZE; i++)
        s->feature[i] = (vouch_feature){.high = 1, .group = -1};
    s->info.classes = 2;
    s->info.feature = s->feature;
    s->request = (vouch_transforming){.points = &s->points,
                                      .level = vouch_certify_find("crown"),
                                      .limit_s = 100,
                                      .threads = 1};
}

static void open_scene(scene *s)
{
    const float parameters[] = {0, 1, 0, 1, 1, 0};
    const int size[] = {INPUTS, 2};
    begin_scene(s);
    s->info.shape = (vouch_shape){.rank = 2, .dim = {1, INPUTS}};
    s->info.size = INPUTS;
    vouch_test_net_new(s->ctx, VOUCH_F32, 1, size, parameters, &s->net);
    s->points = (vouch_eval_points){&s->info, POINTS, INPUTS, at[0], labels};
    vouch_test_ok(s->ctx, vouch_victim_plan_new(s->ctx, s->arena, s->net.graph, &s->plan));
    s->request.plan = s->plan;
    s->request.skip = wrong;
}

static void run(scene *s, const char *name)
{
    s->request.transform = vouch_transform_find(name);
    vouch_test_ok(s->ctx, vouch_eval_transformed(s->ctx, s->arena, &s->request, &s->result));
}

static void close_scene(scene *s)
{
    vouch_test_net_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

static void test_brightness_and_contrast_are_decided_as_geometry_says(void **state)
{
    static const int64_t wanted[VOUCH_SEVERITIES] = {3, 2, 1, 0, 0};
    scene s;
    (void)state;
    open_scene(&s);
    run(&s, "brightness");
    for (int k = 0; k < VOUCH_SEVERITIES; k++) {
        assert_int_equal(s.result.withstood[k], wanted[k]);
        assert_int_equal(s.result.certified[k], wanted[k]);
    }
    assert_true(s.result.verdict[0].parameter[0] < -.05);
    assert_true(s.result.verdict[1].parameter[0] > .15);
    assert_int_equal(s.result.verdict[2].proved, 3); /* -.3 leaves it its class by 2^-25 */
    run(&s, "contrast");
    for (int k = 0; k < VOUCH_SEVERITIES; k++)
        assert_int_equal(s.result.certified[k], 4);
    assert_int_equal(s.result.limited, 0);
    close_scene(&s);
}

static void test_without_proofs_there_are_refutations_alone(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    s.request.level = 0;
    run(&s, "brightness");
    assert_int_equal(s.result.withstood[0], 3);
    assert_int_equal(s.result.certified[0], 0);
    assert_int_equal(s.result.cells, 0);
    close_scene(&s);
}

/* Random networks on small images, labels as they are predicted. */
static void open_random(scene *s, uint64_t seed, int64_t count, float *x, int *label)
{
    const int size[] = {PLANE, 10, 10, 3};
    vouch_random r = vouch_random_stream(seed, "transformed", 0);
    static float z[64 * 3];
    begin_scene(s);
    s->info.shape = (vouch_shape){.rank = 2, .dim = {HEIGHT, WIDTH}};
    s->info.size = PLANE;
    vouch_test_net_random(s->ctx, VOUCH_F32, 3, size, &r, &s->net);
    for (int64_t i = 0; i < count * PLANE; i++)
        x[i] = (float)vouch_random_unit(&r);
    s->points = (vouch_eval_points){&s->info, count, PLANE, x, label};
    vouch_test_ok(s->ctx, vouch_victim_plan_new(s->ctx, s->arena, s->net.graph, &s->plan));
    vouch_test_ok(s->ctx, vouch_eval_logits(s->ctx, s->plan, 1, count, x, z));
    for (int64_t i = 0; i < count; i++)
        label[i] = vouch_predicted(3, z + i * 3);
    s->request.plan = s->plan;
    s->request.skip = VOUCH_NEW_ARRAY(s->arena, bool, count);
}

static void test_no_random_parameter_changes_a_class_proved_to_stay(void **state)
{
    enum { COUNT = 6, SAMPLES = 400 };
    float x[COUNT * PLANE];
    int label[COUNT], proofs = 0;
    scene s;
    (void)state;
    open_random(&s, 2, COUNT, x, label);
    for (const vouch_transform *const *t = vouch_transform_table(); *t; t++) {
        run(&s, (*t)->name);
        for (int p = 0; p < COUNT; p++) {
            const vouch_transform_verdict *v = &s.result.verdict[p];
            vouch_random r = vouch_random_stream((uint64_t)p, "samples", 0);
            proofs += v->proved;
            for (int n = 0; v->proved > 0 && n < SAMPLES; n++) {
                const double reach = vouch_transform_reach(*t, v->proved);
                vouch_transform_part part = {.low = {0}};
                double low[PLANE], high[PLANE];
                float image[PLANE], z[3];
                for (int k = 0; k < vouch_transform_parameters(*t); k++)
                    part.low[k] = part.high[k] = reach * (2 * vouch_random_unit(&r) - 1);
                vouch_transform_enclose(*t, &s.info, x + p * PLANE, &part, low, high);
                for (int i = 0; i < PLANE; i++)
                    image[i] = (float)low[i];
                vouch_test_ok(s.ctx, vouch_eval_logits(s.ctx, s.plan, 1, 1, image, z));
                assert_true(vouch_predicted(3, z) == label[p]);
            }
        }
    }
    assert_true(proofs > 0);
    close_scene(&s);
}

static void test_threads_change_nothing(void **state)
{
    enum { COUNT = 5 };
    float x[COUNT * PLANE];
    int label[COUNT];
    vouch_transformed one;
    scene s;
    (void)state;
    open_random(&s, 5, COUNT, x, label);
    for (const vouch_transform *const *t = vouch_transform_table(); *t; t++) {
        s.request.threads = 1;
        run(&s, (*t)->name);
        one = s.result;
        s.request.threads = 3;
        run(&s, (*t)->name);
        for (int p = 0; p < COUNT; p++) {
            const vouch_transform_verdict *a = &one.verdict[p], *b = &s.result.verdict[p];
            assert_int_equal(a->proved, b->proved);
            assert_int_equal(a->refuted, b->refuted);
            assert_int_equal(a->cells, b->cells);
            assert_true(a->parameter[0] == b->parameter[0]);
        }
    }
    close_scene(&s);
}

static void test_a_limit_of_no_seconds_leaves_points_open(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    s.request.limit_s = 0;
    s.request.level = vouch_certify_find("interval"); /* the first cell is too large for it */
    run(&s, "contrast");
    assert_true(s.result.limited > 0);
    assert_int_equal(s.result.withstood[4], 4);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_enclosure_holds_the_image_of_every_parameter),
        cmocka_unit_test(test_light_is_enclosed_exactly),
        cmocka_unit_test(test_a_point_of_motion_is_enclosed_tightly),
        cmocka_unit_test(test_a_small_interval_of_motion_is_enclosed_closely),
        cmocka_unit_test(test_the_corruption_of_that_name_is_among_the_images),
        cmocka_unit_test(test_brightness_and_contrast_are_decided_as_geometry_says),
        cmocka_unit_test(test_without_proofs_there_are_refutations_alone),
        cmocka_unit_test(test_no_random_parameter_changes_a_class_proved_to_stay),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_a_limit_of_no_seconds_leaves_points_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
