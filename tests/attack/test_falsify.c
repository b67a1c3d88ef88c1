/* The search for witnesses: every claim is replayed in rationals by a plain evaluator of its
 * own; easy ones are found; seeds, limits and failing memory are respected. */
#include "attack/falsify.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/io.h"
#include "support/net.h"

enum { WIDE = 64 };

static const vouch_falsify_settings usual = {
    .samples = 200, .restarts = 4, .steps = 40, .seed = 1, .deadline_wall = (double)INFINITY};

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    vouch_spec *spec;
    double input[WIDE], output[WIDE];
    vouch_witness witness;
} fixture;

static void begin(fixture *f)
{
    memset(f, 0, sizeof *f);
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    assert_non_null(f->arena);
    f->witness = (vouch_witness){.input = f->input, .output = f->output};
}

static void end(fixture *f)
{
    vouch_spec_free(f->spec);
    vouch_test_net_free(&f->net);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* Searches; a claim must hold in rationals. */
static bool found(fixture *f, const vouch_falsify_settings *settings)
{
    vouch_test_ok(
        f->ctx, vouch_falsify(f->ctx, f->arena, f->net.graph, f->spec, settings, &f->witness));
    if (f->witness.found && settings->semantics == VOUCH_SEMANTICS_REAL)
        assert_true(vouch_test_net_holds(&f->net, f->spec, f->witness.which_case, f->input));
    return f->witness.found;
}

/* "-1 <= X_i <= 1" for all inputs */
static int write_unit_box(char *text, int inputs)
{
    char *at = text;

    for (int i = 0; i < inputs; i++)
        at += sprintf(at, "(assert (>= X_%d -1)) (assert (<= X_%d 1))\n", i, i);
    return (int)(at - text);
}

static double greatest_sample(fixture *f, vouch_random *r, int inputs, int samples)
{
    double best = -(double)INFINITY, x[WIDE], y[WIDE];

    for (int s = 0; s < samples; s++) {
        for (int i = 0; i < inputs; i++)
            x[i] = 2 * vouch_random_unit(r) - 1;
        vouch_test_ok(f->ctx, vouch_op_eval_graph(f->ctx, f->net.graph, VOUCH_F64, x, y));
        best = fmax(best, y[0]);
    }
    return best;
}

/* Asks for an output as high as the best of many samples: descent must match it. */
static void every_claim_on_random_networks_replays_and_most_are_found(void **state)
{
    const int size[] = {4, 10, 10, 2};
    int hits = 0;

    (void)state;
    for (uint64_t k = 0; k < 60; k++) {
        vouch_random r = vouch_random_stream(5, "falsify", k);
        char text[2048];
        fixture f;
        begin(&f);
        vouch_test_net_random(f.ctx, k % 2 ? VOUCH_F64 : VOUCH_F32, 3, size, &r, &f.net);
        int length = write_unit_box(text, size[0]);
        sprintf(text + length, "(assert (>= Y_0 %.17g))",
                greatest_sample(&f, &r, size[0], 500));
        f.spec = vouch_test_spec(f.ctx, f.net.graph, text);
        hits += found(&f, &usual);
        end(&f);
    }
    assert_in_range(hits, 57, 60);
}

static void nothing_is_claimed_where_nothing_can_be(void **state)
{
    const int size[] = {4, 10, 10, 2};

    (void)state;
    for (uint64_t k = 0; k < 20; k++) {
        vouch_random r = vouch_random_stream(6, "falsify", k);
        char text[2048];
        fixture f;
        begin(&f);
        vouch_test_net_random(f.ctx, VOUCH_F32, 3, size, &r, &f.net);
        int length = write_unit_box(text, size[0]);
        sprintf(text + length, "(assert (>= Y_0 1000)) (assert (<= Y_1 0))");
        f.spec = vouch_test_spec(f.ctx, f.net.graph, text);
        assert_false(found(&f, &usual));
        end(&f);
    }
}

/* A linear function of six inputs is greatest at one corner only; the bound is that value. */
static void the_one_corner_that_will_do_is_found(void **state)
{
    static const float parameters[] = {1, -2, 4, -8, 16, -32, 0};
    static const int size[] = {6, 1};
    char text[2048];
    fixture f;

    (void)state;
    begin(&f);
    vouch_test_net_new(f.ctx, VOUCH_F32, 1, size, parameters, &f.net);
    int length = write_unit_box(text, 6);
    sprintf(text + length, "(assert (>= Y_0 63))");
    f.spec = vouch_test_spec(f.ctx, f.net.graph, text);
    assert_true(found(&f, &(vouch_falsify_settings){.deadline_wall = (double)INFINITY}));
    assert_true(f.input[0] == 1 && f.input[5] == -1);
    end(&f);
}

/* In 40 dimensions no sample comes near; descent along faces does. */
static void descent_reaches_corners_that_samples_miss(void **state)
{
    static const int size[] = {40, 1};
    float parameters[41] = {0};
    char text[8192];
    vouch_falsify_settings settings = usual;
    fixture f;

    (void)state;
    for (int i = 0; i < 40; i++)
        parameters[i] = i % 3 ? 1 : -1;
    begin(&f);
    vouch_test_net_new(f.ctx, VOUCH_F32, 1, size, parameters, &f.net);
    int length = write_unit_box(text, 40);
    sprintf(text + length, "(assert (>= Y_0 40))");
    f.spec = vouch_test_spec(f.ctx, f.net.graph, text);
    assert_true(found(&f, &settings));
    settings.restarts = 0;
    assert_false(found(&f, &settings));
    end(&f);
}

/* Two boxes, the witness in the second; a case of three rows there. */
static void all_cases_are_searched(void **state)
{
    static const float parameters[] = {1, 0, 0, 1, 0, 0};
    static const int size[] = {2, 2};
    fixture f;

    (void)state;
    begin(&f);
    vouch_test_net_new(f.ctx, VOUCH_F32, 1, size, parameters, &f.net);
    f.spec = vouch_test_spec(f.ctx, f.net.graph,
                             "(assert (>= X_1 0)) (assert (<= X_1 1))"
                             "(assert (or (and (>= X_0 0) (<= X_0 1) (>= Y_0 2))"
                             " (and (>= X_0 5) (<= X_0 6) (>= Y_0 5.25) (<= Y_0 5.26)"
                             "      (>= Y_1 0.7))))");
    assert_true(found(&f, &usual));
    assert_true(f.input[0] >= 5.25);
    end(&f);
}

static void the_same_seed_gives_the_same_witness(void **state)
{
    const int size[] = {5, 12, 12, 1};
    vouch_random r = vouch_random_stream(7, "falsify", 0);
    vouch_falsify_settings settings = usual;
    double first[WIDE];
    char text[2048];
    fixture f;
    int differ = 0;

    (void)state;
    begin(&f);
    vouch_test_net_random(f.ctx, VOUCH_F32, 3, size, &r, &f.net);
    int length = write_unit_box(text, size[0]);
    double bound = greatest_sample(&f, &r, size[0], 30);
    sprintf(text + length, "(assert (>= Y_0 %.9g)) (assert (<= Y_0 %.9g))", bound - .02, bound);
    f.spec = vouch_test_spec(f.ctx, f.net.graph, text);
    for (int64_t seed = 1; seed <= 4; seed++) {
        settings.seed = seed;
        assert_true(found(&f, &settings));
        memcpy(first, f.input, sizeof first);
        assert_true(found(&f, &settings));
        assert_memory_equal(first, f.input, 5 * sizeof *first);
        settings.seed = seed + 10;
        assert_true(found(&f, &settings));
        differ += memcmp(first, f.input, 5 * sizeof *first) != 0;
    }
    assert_true(differ > 0);
    end(&f);
}

/* A case that only later rounds reach, if any: what is found, or not, is the same. */
static void the_number_of_threads_changes_nothing(void **state)
{
    const int size[] = {14, 20, 20, 1};
    int hits = 0;

    (void)state;
    for (uint64_t k = 0; k < 8; k++) {
        vouch_random r = vouch_random_stream(9, "falsify", k);
        vouch_falsify_settings settings = usual;
        double first[WIDE];
        char text[4096];
        fixture f;
        begin(&f);
        vouch_test_net_random(f.ctx, VOUCH_F32, 3, size, &r, &f.net);
        int length = write_unit_box(text, size[0]);
        sprintf(text + length, "(assert (>= Y_0 %.9g))",
                1.4 * fabs(greatest_sample(&f, &r, size[0], 1000)));
        f.spec = vouch_test_spec(f.ctx, f.net.graph, text);
        settings.steps = 10;
        settings.rounds = 2;
        const bool one = found(&f, &settings);
        memcpy(first, f.input, sizeof first);
        for (settings.threads = 2; settings.threads <= 3; settings.threads++) {
            assert_true(found(&f, &settings) == one);
            assert_memory_equal(first, f.input, sizeof first);
        }
        hits += one;
        end(&f);
    }
    assert_in_range(hits, 1, 8);
}

/* x_0 + x_1 + x_2 <= -2.5 and Y_0 >= bound: rows on inputs alone are kept to by projection. */
static void a_polytope_of_inputs_is_kept_to(void **state)
{
    static const float parameters[] = {1, 0.5, -1, 0};
    static const int size[] = {3, 1};
    vouch_falsify_settings settings = usual;
    char text[1024];
    fixture f;

    (void)state;
    begin(&f);
    vouch_test_net_new(f.ctx, VOUCH_F32, 1, size, parameters, &f.net);
    int length = write_unit_box(text, 3);
    sprintf(text + length, "(assert (<= (+ X_0 X_1 X_2) -2.5)) (assert (>= Y_0 -0.0001))");
    f.spec = vouch_test_spec(f.ctx, f.net.graph, text);
    settings.rounds = 2;
    assert_true(found(&f, &settings));
    assert_true(f.input[0] + f.input[1] + f.input[2] <= -2.5);
    end(&f);
}

/* No gradient and no corner helps: a cell of two coordinates, a few thousandths of the box. */
static void a_small_cell_of_two_coordinates_is_swept(void **state)
{
    vouch_falsify_settings settings = usual;
    fixture f;
    /* relu(x - .30), relu(x - .31), relu(x - .33), relu(x - .34), the same of y: a plateau */
    static const float parameters[] = {
        1,     1,     1,     1,     0,     0,     0,     0,
        0,     0,     0,     0,     1,     1,     1,     1, /* weights [2][8] */
        -.30F, -.31F, -.33F, -.34F, -.70F, -.71F, -.73F, -.74F,
        1,     -1,    -1,    1,     1,     -1,    -1,    1, /* weights [8][1] */
        0};
    static const int size[] = {2, 8, 1};

    (void)state;
    begin(&f);
    vouch_test_net_new(f.ctx, VOUCH_F32, 2, size, parameters, &f.net);
    f.spec = vouch_test_spec(f.ctx, f.net.graph,
                             "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (>= X_1 0))"
                             "(assert (<= X_1 1)) (assert (>= Y_0 0.019))");
    settings.rounds = 10;
    assert_true(found(&f, &settings));
    end(&f);
}

static void a_deadline_or_a_cancellation_ends_the_search(void **state)
{
    static const float identity[] = {1, 0};
    static const int size[] = {1, 1};
    vouch_falsify_settings settings = usual;
    fixture f;

    (void)state;
    begin(&f);
    vouch_test_net_new(f.ctx, VOUCH_F32, 1, size, identity, &f.net);
    f.spec = vouch_test_spec(f.ctx, f.net.graph,
                             "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (>= Y_0 2))");
    settings.samples = INT64_MAX;
    settings.deadline_wall = vouch_wall_s() + .05;
    assert_false(found(&f, &settings));
    assert_true(vouch_wall_s() < settings.deadline_wall + 2);
    settings.deadline_wall = (double)INFINITY;
    vouch_context_cancel(f.ctx);
    assert_false(found(&f, &settings));
    end(&f);
}

/* y = (x + 2^26) - 2^26 in float32 is a multiple of 8: witnesses of one semantics only. */
static void the_semantics_decide_what_is_found(void **state)
{
    static const float parameters[] = {1, 67108864.0F, 1, -67108864.0F};
    static const int size[] = {1, 1, 1};
    vouch_falsify_settings settings = usual;
    double x[1], y[1];
    fixture f;

    (void)state;
    begin(&f);
    vouch_test_net_new(f.ctx, VOUCH_F32, 2, size, parameters, &f.net);
    f.spec = vouch_test_spec(f.ctx, f.net.graph,
                             "(assert (>= X_0 1)) (assert (<= X_0 2))"
                             "(assert (>= Y_0 1.2)) (assert (<= Y_0 1.8))");
    assert_true(found(&f, &settings));
    settings.semantics = VOUCH_SEMANTICS_FLOAT32;
    assert_false(found(&f, &settings));
    vouch_spec_free(f.spec);
    f.spec = vouch_test_spec(f.ctx, f.net.graph,
                             "(assert (>= X_0 1)) (assert (<= X_0 6)) (assert (>= Y_0 1))"
                             "(assert (>= Y_0 (+ X_0 1)))");
    settings.semantics = VOUCH_SEMANTICS_REAL;
    assert_false(found(&f, &settings));
    x[0] = 6;
    vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.net.graph, VOUCH_F32, x, y));
    assert_true(y[0] == 8);
    end(&f);
}

static vouch_status search_small(vouch_context *ctx, void *user)
{
    const fixture *f = user;
    double input[WIDE], output[WIDE];
    vouch_witness witness = {.input = input, .output = output};
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_status status;

    if (!arena)
        return VOUCH_ERR_MEMORY;
    status = vouch_falsify(ctx, arena, f->net.graph, f->spec, &usual, &witness);
    vouch_arena_free(arena);
    return status;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    const int size[] = {3, 5, 1};
    vouch_random r = vouch_random_stream(8, "falsify", 0);
    char text[1024];
    fixture f;

    (void)state;
    begin(&f);
    vouch_test_net_random(f.ctx, VOUCH_F32, 2, size, &r, &f.net);
    int length = write_unit_box(text, size[0]);
    sprintf(text + length, "(assert (>= Y_0 0.5))");
    f.spec = vouch_test_spec(f.ctx, f.net.graph, text);
    vouch_test_every_allocation_fails(search_small, &f);
    end(&f);
}

/* ---- ACAS Xu ----------------------------------------------------------------------------- */

static void read_acasxu(fixture *f, const char *network, const char *property)
{
    char network_path[VOUCH_TEST_PATH], property_path[VOUCH_TEST_PATH];
    vouch_file file;

    vouch_test_data(network, network_path); /* these two may skip the test */
    vouch_test_data(property, property_path);
    begin(f);
    vouch_test_ok(f->ctx, vouch_network_read(f->ctx, network_path, &f->net.graph, NULL));
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->net.graph));
    vouch_test_ok(f->ctx, vouch_file_read(f->arena, property_path, 1 << 24, &file));
    vouch_test_ok(f->ctx, vouch_spec_parse(f->ctx, f->net.graph, property, file.data, file.size,
                                           &f->spec));
}

static void the_witnesses_of_acas_xu_properties_2_and_7_are_found(void **state)
{
    static const char *const network[] = {
        "vnncomp/acasxu_2023/onnx/ACASXU_run2a_2_1_batch_2000.onnx.gz",
        "vnncomp/acasxu_2023/onnx/ACASXU_run2a_1_9_batch_2000.onnx.gz"};
    static const char *const property[] = {"vnncomp/acasxu_2023/vnnlib/prop_2.vnnlib.gz",
                                           "vnncomp/acasxu_2023/vnnlib/prop_7.vnnlib.gz"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        vouch_falsify_settings settings = usual;
        fixture f;
        read_acasxu(&f, network[i], property[i]);
        settings.samples = 4000;
        vouch_test_ok(
            f.ctx, vouch_falsify(f.ctx, f.arena, f.net.graph, f.spec, &settings, &f.witness));
        assert_true(f.witness.found);
        assert_true(
            vouch_spec_box_contains(f.spec, f.spec->cases[f.witness.which_case].box, f.input));
        for (int j = 0; j < 5; j++)
            assert_true(f.input[j] == (double)(float)f.input[j]);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_claim_on_random_networks_replays_and_most_are_found),
        cmocka_unit_test(nothing_is_claimed_where_nothing_can_be),
        cmocka_unit_test(the_one_corner_that_will_do_is_found),
        cmocka_unit_test(descent_reaches_corners_that_samples_miss),
        cmocka_unit_test(all_cases_are_searched),
        cmocka_unit_test(the_same_seed_gives_the_same_witness),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(a_polytope_of_inputs_is_kept_to),
        cmocka_unit_test(a_small_cell_of_two_coordinates_is_swept),
        cmocka_unit_test(a_deadline_or_a_cancellation_ends_the_search),
        cmocka_unit_test(the_semantics_decide_what_is_found),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
        cmocka_unit_test(the_witnesses_of_acas_xu_properties_2_and_7_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
