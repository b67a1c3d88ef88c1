/* The sweep: boxes it closes hold, by the full search and by samples; the one violated box among
 * thousands is found; threads change nothing; the rest is what is left. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/net.h"
#include "support/random_graph.h"
#include "verify/sweep.h"
#include "verify/task.h"
#include "verify/verify.h"

enum { INPUTS = 12, WIDE = 2, SAMPLES = 60 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    vouch_spec *spec;
    vouch_task task;
} fixture;

/* Box b: one corner of a one-hot row, two inputs of which vary. Its case: Y_0 >= bound. */
static void write_box(char *text, size_t room, int b, double bound)
{
    size_t length = (size_t)snprintf(text, room, "(and (>= Y_0 %.9f)", bound);
    for (int d = 0; d < INPUTS; d++) {
        bool wide = d >= INPUTS - WIDE;
        double low = wide ? .01 * (b % 7) : d == b % (INPUTS - WIDE), width = wide ? .3 : 0;
        length += (size_t)snprintf(text + length, room - length, "(>= X_%d %.9f)(<= X_%d %.9f)",
                                   d, low + 1e-9 * b, d, low + 1e-9 * b + width);
    }
    assert_true(length + 2 < room);
    memcpy(text + length, ")\n", 3);
}

/* `odd`: the box whose bound is `bound_odd`; the others have `bound`. */
static void open_fixture(fixture *f, int boxes, double bound, int odd, double bound_odd)
{
    const int size[] = {INPUTS, 8, 6, 1};
    const size_t room = 2048;
    vouch_random r = vouch_random_stream(8, "sweep", 0);
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    assert_non_null(f->arena);
    vouch_test_net_random(f->ctx, VOUCH_F32, 3, size, &r, &f->net);
    char *text = VOUCH_NEW_ARRAY(f->arena, char, (size_t)(boxes + 1) * room);
    assert_non_null(text);
    size_t length = (size_t)sprintf(text, "(assert (or\n");
    for (int b = 0; b < boxes; b++) {
        write_box(text + length, room, b, b == odd ? bound_odd : bound);
        length += strlen(text + length);
    }
    memcpy(text + length, "))\n", 4);
    f->spec = vouch_test_spec(f->ctx, f->net.graph, text);
    assert_int_equal(f->spec->box_count, boxes);
    vouch_test_ok(f->ctx,
                  vouch_task_build(f->ctx, f->arena, f->net.graph, f->spec, false, &f->task));
}

static void close_fixture(fixture *f)
{
    vouch_task_clear(f->ctx, &f->task);
    vouch_spec_free(f->spec);
    vouch_test_net_free(&f->net);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static vouch_sweep_output sweep(fixture *f, int threads)
{
    vouch_sweep_output out;
    const vouch_search_input like = {.task = &f->task,
                                     .graph = f->net.graph,
                                     .spec = f->spec,
                                     .split = vouch_split_find("gap"),
                                     .cut = vouch_cut_find("bisect"),
                                     .engine = {.clip = true, .wants_gap = true},
                                     .threads = threads,
                                     .seed = 1,
                                     .candidates = true,
                                     .deadline_wall = (double)INFINITY};
    assert_true(vouch_sweep_applies(f->spec));
    vouch_test_ok(f->ctx, vouch_sweep(f->ctx, f->arena, &like, &out));
    assert_false(out.total.stopped);
    return out;
}

static double value(const fixture *f, const double *x)
{
    double y[1];
    vouch_test_ok(f->ctx, vouch_op_eval_graph(f->ctx, f->net.graph, VOUCH_F64, x, y));
    return y[0];
}

/* The largest output of sampled points of a box. */
static double sampled(const fixture *f, int b, vouch_random *r)
{
    double x[INPUTS], most = -(double)INFINITY;
    for (int i = 0; i < SAMPLES; i++) {
        vouch_test_random_point(r, INPUTS, f->spec->box[b].low, f->spec->box[b].high, x);
        most = fmax(most, value(f, x));
    }
    return most;
}

/* The largest over all boxes: a bound above it mostly holds. */
static double largest(int boxes)
{
    fixture f;
    vouch_random r = vouch_random_stream(9, "sweep", 0);
    double most = -(double)INFINITY;
    open_fixture(&f, boxes, 100, -1, 0);
    for (int b = 0; b < boxes; b++)
        most = fmax(most, sampled(&f, b, &r));
    close_fixture(&f);
    return most;
}

static vouch_verdict by_branching(const fixture *f, const vouch_spec *spec)
{
    vouch_verify_settings s;
    vouch_verify_result result;
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &s);
    s.search = "branch";
    vouch_test_ok(f->ctx,
                  vouch_verify(f->ctx, f->arena, f->net.graph, spec, &s, NULL, &result));
    return result.verdict;
}

static void proved_boxes_hold(void **state)
{
    enum { BOXES = 40 };
    const double most = largest(BOXES);
    fixture f;
    bool closed[BOXES];
    (void)state;
    open_fixture(&f, BOXES, most + 1e-3 * fabs(most), -1, 0);
    vouch_sweep_output out = sweep(&f, 2);
    vouch_random r = vouch_random_stream(10, "sweep", 0);
    int *which, proved = 0;
    vouch_spec rest;
    for (int b = 0; b < BOXES; b++) {
        closed[b] = !out.left[b];
        proved += closed[b];
        if (closed[b])
            assert_true(sampled(&f, b, &r) < most + 1e-3 * fabs(most));
    }
    assert_true(proved > BOXES / 2);
    assert_int_equal(proved, BOXES - out.left_count);
    vouch_test_ok(f.ctx, vouch_sweep_rest(f.arena, f.spec, closed, &rest, &which));
    assert_int_equal(rest.case_count, proved);
    assert_int_equal(by_branching(&f, &rest), VOUCH_UNSAT);
    close_fixture(&f);
}

static void the_violated_box_among_thousands_is_found(void **state)
{
    enum { BOXES = 3000, ODD = 2345 };
    const double high = largest(70) + 1;
    (void)state;
    for (int threads = 1; threads <= 3; threads += 2) {
        fixture f;
        open_fixture(&f, BOXES, high, ODD, -100);
        vouch_sweep_output out = sweep(&f, threads);
        assert_true(out.total.found);
        const vouch_witness *w = &out.total.witness;
        assert_true(vouch_spec_rows_hold(f.spec, w->which_case, w->input, w->input, w->output,
                                         w->output)); /* decimals of the box are no doubles */
        assert_int_equal(f.spec->cases[w->which_case].row[0].bound, 100);
        close_fixture(&f);
    }
}

/* The whole schedule, on a piecewise-linear network of one input: in blocks. */
static void a_violated_box_in_a_later_block_is_found(void **state)
{
    enum { BOXES = 700, ODD = 613, LINE = 80 };
    static char text[(BOXES + 1) * LINE];
    const int size[] = {1, 4, 1};
    vouch_random r = vouch_random_stream(8, "blocks", 0);
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_verify_settings s;
    vouch_verify_result result;
    vouch_test_net net;
    size_t length = (size_t)snprintf(text, LINE, "(assert (or\n");
    (void)state;
    for (int b = 0; b < BOXES; b++)
        length +=
            (size_t)snprintf(text + length, LINE, "(and (>= X_0 %d)(<= X_0 %d.5)(>= Y_0 %d))\n",
                             b, b, b == ODD ? -1000000 : 1000000);
    snprintf(text + length, LINE, "))\n");
    vouch_test_net_random(ctx, VOUCH_F32, 2, size, &r, &net);
    vouch_spec *spec = vouch_test_spec(ctx, net.graph, text);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &s);
    s.attack = false; /* the search must find it */
    vouch_test_ok(ctx, vouch_verify(ctx, arena, net.graph, spec, &s, NULL, &result));
    assert_int_equal(result.verdict, VOUCH_SAT);
    assert_int_equal(result.witness_case, ODD);
    assert_true(result.witness_input[0] >= ODD && result.witness_input[0] <= ODD + .5);
    vouch_spec_free(spec);
    vouch_test_net_free(&net);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void threads_change_nothing(void **state)
{
    enum { BOXES = 60 };
    const double bound = largest(BOXES) * .98;
    fixture f, g;
    (void)state;
    open_fixture(&f, BOXES, bound, -1, 0);
    open_fixture(&g, BOXES, bound, -1, 0);
    vouch_sweep_output one = sweep(&f, 1), three = sweep(&g, 3);
    assert_int_equal(one.total.found, three.total.found);
    if (one.total.found)
        assert_memory_equal(one.total.witness.input, three.total.witness.input,
                            INPUTS * sizeof(double));
    else {
        assert_memory_equal(one.left, three.left, BOXES);
        assert_int_equal(one.total.subproblems, three.total.subproblems);
    }
    close_fixture(&f);
    close_fixture(&g);
}

static void the_rest_keeps_cases_and_boxes(void **state)
{
    enum { BOXES = 10 };
    bool left[BOXES] = {[3] = true, [7] = true};
    fixture f;
    vouch_spec rest;
    int *which;
    (void)state;
    open_fixture(&f, BOXES, 1, -1, 0);
    vouch_test_ok(f.ctx, vouch_sweep_rest(f.arena, f.spec, left, &rest, &which));
    assert_int_equal(rest.box_count, 2);
    assert_int_equal(rest.case_count, 2);
    for (int k = 0; k < 2; k++) {
        assert_ptr_equal(rest.cases[k].row, f.spec->cases[which[k]].row);
        assert_ptr_equal(rest.box[rest.cases[k].box].low,
                         f.spec->box[f.spec->cases[which[k]].box].low);
        assert_true(left[f.spec->cases[which[k]].box]);
    }
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proved_boxes_hold),
        cmocka_unit_test(the_violated_box_among_thousands_is_found),
        cmocka_unit_test(a_violated_box_in_a_later_block_is_found),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(the_rest_keeps_cases_and_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
