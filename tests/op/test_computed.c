/* Slices, gathers and scatters at computed places, and branches by computed conditions: small
 * networks of several nodes, their values and their ranges. */
#include <math.h>
#include <string.h>

#include "bounds/domain.h"
#include "lower/integral.h"
#include "support/lines.h"

/* The range of output i on a box, by the interval domain. */
static void range_of(vouch_test_lines *f, const double *low, const double *high, int64_t i,
                     double out[2])
{
    bool *varying = VOUCH_NEW_ARRAY(f->arena, bool, f->graph->value_count);
    vouch_bounds bounds = {0};
    assert_non_null(varying);
    vouch_op_varying(f->graph, varying);
    vouch_bound_problem problem = {.graph = f->graph,
                                   .varying = varying,
                                   .input_size = 2,
                                   .output_size = vouch_op_output_size(f->graph),
                                   .low = low,
                                   .high = high};
    vouch_test_ok(
        f->ctx, vouch_domain_find("interval")->run(f->ctx, f->arena, NULL, &problem, &bounds));
    out[0] = bounds.low[f->graph->output[0]][i];
    out[1] = bounds.high[f->graph->output[0]][i];
}

/* Output i at points of the box lies in its range; at a point the range is that value. */
static void check_box(vouch_test_lines *f, const double *low, const double *high, int64_t i)
{
    vouch_random r = vouch_random_stream(3, "computed", 0);
    double y[16], range[2], point[2];
    assert_true(vouch_op_output_size(f->graph) <= 16);
    range_of(f, low, high, i, range);
    for (int k = 0; k < 50; k++) {
        double x[2];
        for (int d = 0; d < 2; d++)
            x[d] = (double)(float)(low[d] + (high[d] - low[d]) * vouch_random_unit(&r));
        vouch_test_ok(f->ctx, vouch_op_eval_graph(f->ctx, f->graph, VOUCH_F64, x, y));
        assert_true(range[0] <= y[i] && y[i] <= range[1]);
        range_of(f, x, x, i, point);
        assert_true(fabs(point[0] - y[i]) < 1e-9 && fabs(point[1] - y[i]) < 1e-9);
    }
}

/* place = integer part of x[0] */
#define PLACE                                                                                  \
    {"Gather", {"x", "zero"}, "x0", NULL, 0}, { "Cast", {"x0"}, "place", "to", 7 }

static const vouch_test_line gathered[] = {
    PLACE, {"Gather", {"table", "place"}, "y", NULL, 0}, {0}};

static void a_gather_has_the_hull_of_what_it_may_pick(void **state)
{
    (void)state;
    vouch_test_lines f;
    double range[2];
    vouch_test_lines_open(&f, gathered);
    range_of(&f, (const double[]){1.5, 0}, (const double[]){3.2, 0}, 0, range);
    assert_true(range[0] == 11 && range[1] == 31);
    check_box(&f, (const double[]){-4.9, 0}, (const double[]){4.9, 0}, 0);
    vouch_test_lines_close(&f);
}

/* y = table with x[1] at the places that index[place : place + 1] names */
static const vouch_test_line scattered[] = {
    PLACE,
    {"Add", {"place", "one"}, "after", NULL, 0},
    {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
    {"Unsqueeze", {"after", "axis0"}, "end", NULL, 0},
    {"Slice", {"index", "start", "end", "axis0"}, "picked", NULL, 0},
    {"Unsqueeze", {"picked", "axis0"}, "tuple", NULL, 0},
    {"Gather", {"x", "one"}, "x1", NULL, 0},
    {"Unsqueeze", {"x1", "axis0"}, "value", NULL, 0},
    {"ScatterND", {"table", "tuple", "value"}, "y", NULL, 0},
    {0}};

static void a_scatter_by_a_slice_writes_where_the_slice_has_elements(void **state)
{
    (void)state;
    vouch_test_lines f;
    double y[5], range[2];
    vouch_test_lines_open(&f, scattered);
    vouch_test_ok(f.ctx,
                  vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, (const double[]){2.5, -7}, y));
    assert_true(y[1] == 11 && y[2] == -7 && y[3] == 31);
    vouch_test_ok(f.ctx,
                  vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, (const double[]){9, -7}, y));
    for (int i = 0; i < 5; i++)
        assert_true(y[i] == 10 * i + 1);
    for (int i = 0; i < 5; i++) { /* nothing is written from 5 on */
        range_of(&f, (const double[]){5, -7}, (const double[]){60, -7}, i, range);
        assert_true(range[0] == 10 * i + 1 && range[1] == 10 * i + 1);
        check_box(&f, (const double[]){-8, -7}, (const double[]){8, 3}, i);
    }
    vouch_test_lines_close(&f);
}

/* the same twice: copies of an integer are still certain */
static const vouch_test_line repeated[] = {
    PLACE,
    {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
    {"Expand", {"start", "pair"}, "copies", NULL, 0},
    {"Unsqueeze", {"copies", "pair_axis"}, "tuples", NULL, 0},
    {"ScatterND", {"table", "tuples", "x"}, "y", NULL, 0},
    {0}};

static void copies_of_a_certain_index_are_certain(void **state)
{
    (void)state;
    vouch_test_lines f;
    double range[2];
    vouch_test_lines_open(&f, repeated);
    for (int i = 0; i < 5; i++) {
        range_of(&f, (const double[]){2, -7}, (const double[]){2.9, -7}, i, range);
        assert_true(range[0] == (i == 2 ? -7 : 10 * i + 1) && range[0] == range[1]);
    }
    vouch_test_lines_close(&f);
}

static const vouch_test_line branched[] = {{"Gather", {"x", "zero"}, "x0", NULL, 0},
                                           {"Gather", {"x", "one"}, "x1", NULL, 0},
                                           {"Less", {"x0", "x1"}, "less", NULL, 0},
                                           {"Where", {"less", "x0", "x1"}, "y", NULL, 0},
                                           {0}};

static void a_branch_that_is_decided_takes_its_side(void **state)
{
    (void)state;
    vouch_test_lines f;
    double range[2];
    vouch_test_lines_open(&f, branched);
    range_of(&f, (const double[]){1, 5}, (const double[]){2, 6}, 0, range);
    assert_true(range[0] == 1 && range[1] == 2);
    range_of(&f, (const double[]){1, 1.5}, (const double[]){2, 6}, 0, range);
    assert_true(range[0] == 1 && range[1] == 6);
    check_box(&f, (const double[]){-1, -1}, (const double[]){1, 1}, 0);
    vouch_test_lines_close(&f);
}

#define X0                                                                                     \
    {                                                                                          \
        "Gather", {"x", "zero"}, "x0", NULL, 0                                                 \
    }

/* twice x[0], cut: 0.5 gives 1, so the integer part does not tell */
static const vouch_test_line doubled[] = {X0,
                                          {"Add", {"x0", "x0"}, "twice", NULL, 0},
                                          {"Cast", {"twice"}, "place", "to", 7},
                                          {"Gather", {"table", "place"}, "y", NULL, 0},
                                          {0}};
static const vouch_test_line floored[] = {{"Floor", {"x"}, "y", NULL, 0}, {0}};
static const vouch_test_line floored_twice[] = {{"Floor", {"x"}, "a", NULL, 0},
                                                {"Ceil", {"x"}, "b", NULL, 0},
                                                {"Add", {"a", "b"}, "y", NULL, 0},
                                                {0}};
static const vouch_test_line turned[] = {
    {"Neg", {"x"}, "n", NULL, 0}, {"Floor", {"n"}, "y", NULL, 0}, {0}};
static const vouch_test_line asked[] = {
    {"Cast", {"x"}, "b", "to", 9}, {"Cast", {"b"}, "y", "to", 1}, {0}};

static void inputs_read_only_through_steps_are_found(void **state)
{
    enum { UNREAD = VOUCH_INTEGRAL_UNREAD, RAW = VOUCH_INTEGRAL_RAW, STEP = 0 };
    static const struct {
        const vouch_test_line *lines;
        int kind[2];
    } cases[] = {{gathered, {STEP, UNREAD}}, {scattered, {STEP, RAW}},
                 {branched, {RAW, RAW}},     {doubled, {RAW, UNREAD}},
                 {floored, {STEP, STEP}},    {floored_twice, {RAW, RAW}},
                 {turned, {RAW, RAW}},       {asked, {RAW, RAW}}};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++) {
        vouch_test_lines f;
        int step[2];
        vouch_test_lines_open(&f, cases[i].lines);
        vouch_test_ok(f.ctx, vouch_lower_integral(f.ctx, f.graph, step));
        for (int d = 0; d < 2; d++)
            assert_int_equal(step[d] < 0 ? step[d] : STEP, cases[i].kind[d]);
        vouch_test_lines_close(&f);
    }
}

/* f(x) = f(x with the input replaced by the value of its step, held within the interval). */
static void a_step_takes_its_values_where_they_are_held_within_the_interval(void **state)
{
    static const char *const types[] = {"Floor", "Ceil", "Round", "Sign"};
    vouch_random r = vouch_random_stream(5, "steps", 0);
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(types); i++) {
        const vouch_test_line lines[] = {{types[i], {"x"}, "y", NULL, 0}, {0}};
        vouch_test_lines f;
        vouch_test_lines_open(&f, lines);
        for (int k = 0; k < 200; k++) {
            const double a = 6 * vouch_random_unit(&r) - 3, b = a + 4 * vouch_random_unit(&r);
            double first, last, y[2];
            vouch_test_ok(f.ctx, vouch_integral_values(f.ctx, f.graph, 0, a, b, &first, &last));
            vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64,
                                                     (const double[]){a, b}, y));
            assert_true(first == y[0] && last == y[1]);
            for (double v = first; v <= last; v++) {
                const double x = fmin(fmax(v, a), b);
                vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64,
                                                         (const double[]){x, x}, y));
                assert_true(y[0] == v);
            }
        }
        vouch_test_lines_close(&f);
    }
}

static const vouch_test_line leaked[] = {
    PLACE,
    {"Add", {"place", "one"}, "after", NULL, 0},
    {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
    {"Unsqueeze", {"after", "axis0"}, "end", NULL, 0},
    {"Slice", {"index", "start", "end", "axis0"}, "picked", NULL, 0},
    {"Cast", {"picked"}, "y", "to", 1},
    {0}};

static const vouch_test_line counted[] = {
    PLACE,
    {"Add", {"place", "one"}, "after", NULL, 0},
    {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
    {"Unsqueeze", {"after", "axis0"}, "end", NULL, 0},
    {"Slice", {"index", "start", "end", "axis0"}, "picked", NULL, 0},
    {"Size", {"picked"}, "size", NULL, 0},
    {"Cast", {"size"}, "factor", "to", 1},
    {"Mul", {"x", "factor"}, "y", NULL, 0},
    {0}};

static const vouch_test_line stretched[] = {
    PLACE,
    {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
    {"Slice", {"table", "start", "pair", "axis0"}, "y", NULL, 0},
    {0}};

static void what_depends_on_a_missing_element_is_refused(void **state)
{
    static const struct {
        const vouch_test_line *lines;
        const char *part;
    } bad[] = {{leaked, "fewer elements"}, {counted, "no fixed shape"}, {stretched, "width"}};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        vouch_test_lines f;
        const vouch_status status = vouch_test_lines_build(&f, bad[i].lines);
        vouch_test_fails(f.ctx, status, VOUCH_ERR_UNSUPPORTED, bad[i].part);
        vouch_test_lines_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gather_has_the_hull_of_what_it_may_pick),
        cmocka_unit_test(a_scatter_by_a_slice_writes_where_the_slice_has_elements),
        cmocka_unit_test(copies_of_a_certain_index_are_certain),
        cmocka_unit_test(a_branch_that_is_decided_takes_its_side),
        cmocka_unit_test(inputs_read_only_through_steps_are_found),
        cmocka_unit_test(a_step_takes_its_values_where_they_are_held_within_the_interval),
        cmocka_unit_test(what_depends_on_a_missing_element_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
