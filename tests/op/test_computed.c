/* Slices, gathers and scatters at computed places, and branches by computed conditions: small
 * networks of several nodes, their values and their ranges. */
#include <math.h>
#include <string.h>

#include "bounds/domain.h"
#include "lower/integral.h"
#include "op/op.h"
#include "support/support.h"

/* One node: type, inputs and outputs by name, attributes as name=integer. */
typedef struct line {
    const char *type, *in[4], *out;
    const char *attr;
    int64_t value;
} line;

typedef struct net {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
} net;

static void add_ints(const net *f, vouch_graph_builder *b, const char *name, int count,
                     const int64_t *values)
{
    const vouch_shape shape = {.rank = count ? 1 : 0, .dim = {count}};
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), VOUCH_I64, &shape);
    assert_non_null(t);
    memcpy(t->i64, values, (size_t)t->count * sizeof *values);
    vouch_test_ok(f->ctx, vouch_graph_add_constant(b, name, t));
}

static void add_ramp(const net *f, vouch_graph_builder *b, const char *name, int64_t count)
{
    const vouch_shape shape = {.rank = 1, .dim = {count}};
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), VOUCH_F32, &shape);
    assert_non_null(t);
    for (int64_t i = 0; i < count; i++)
        t->f32[i] = (float)(10 * i + 1);
    vouch_test_ok(f->ctx, vouch_graph_add_constant(b, name, t));
}

static void add_line(const net *f, vouch_graph_builder *b, const line *l)
{
    vouch_arena *arena = vouch_graph_builder_arena(b);
    int *v = VOUCH_NEW_ARRAY(arena, int, 5), count = 0;
    vouch_attr *attr = VOUCH_NEW(arena, vouch_attr);
    assert_true(v && attr);
    *attr = (vouch_attr){.name = l->attr, .kind = VOUCH_ATTR_INT, .count = 1, .i = l->value};
    while (count < 4 && l->in[count]) {
        v[count] = vouch_graph_value(b, l->in[count]);
        count++;
    }
    v[4] = vouch_graph_value(b, l->out);
    const vouch_node n = {.type = l->type,
                          .name = l->out,
                          .domain = "",
                          .input_count = count,
                          .output_count = 1,
                          .attr_count = l->attr ? 1 : 0,
                          .input = v,
                          .output = v + 4,
                          .attr = attr};
    vouch_test_ok(f->ctx, vouch_graph_add_node(b, &n));
}

/* Inputs: floats x [2]; constants: integers zero, one, [0], table = 1, 11, 21, 31, 41 and
 * indices 0..4. Output y. */
static vouch_status build(net *f, const line *lines)
{
    *f = (net){.ctx = vouch_test_context()};
    f->arena = vouch_arena_new(f->ctx);
    vouch_graph_builder *b = vouch_graph_builder_new(f->ctx, "net", 13);
    assert_true(f->arena && b);
    const vouch_shape two = {.rank = 1, .dim = {2}};
    vouch_test_ok(f->ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &two));
    add_ints(f, b, "zero", 0, (const int64_t[]){0});
    add_ints(f, b, "one", 0, (const int64_t[]){1});
    add_ints(f, b, "axis0", 1, (const int64_t[]){0});
    add_ints(f, b, "pair", 1, (const int64_t[]){2});
    add_ints(f, b, "pair_axis", 1, (const int64_t[]){1});
    add_ints(f, b, "index", 5, (const int64_t[]){0, 1, 2, 3, 4});
    add_ramp(f, b, "table", 5);
    for (; lines->type; lines++)
        add_line(f, b, lines);
    vouch_test_ok(f->ctx, vouch_graph_add_output(b, "y"));
    vouch_test_ok(f->ctx, vouch_graph_finish(b, &f->graph));
    return vouch_op_bind_graph(f->ctx, f->graph);
}

static void open_net(net *f, const line *lines)
{
    const vouch_status status = build(f, lines);
    vouch_test_ok(f->ctx, status);
}

static void close_net(net *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* The range of output i on a box, by the interval domain. */
static void range_of(net *f, const double *low, const double *high, int64_t i, double out[2])
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
static void check_box(net *f, const double *low, const double *high, int64_t i)
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

static const line gathered[] = {PLACE, {"Gather", {"table", "place"}, "y", NULL, 0}, {0}};

static void a_gather_has_the_hull_of_what_it_may_pick(void **state)
{
    (void)state;
    net f;
    double range[2];
    open_net(&f, gathered);
    range_of(&f, (const double[]){1.5, 0}, (const double[]){3.2, 0}, 0, range);
    assert_true(range[0] == 11 && range[1] == 31);
    check_box(&f, (const double[]){-4.9, 0}, (const double[]){4.9, 0}, 0);
    close_net(&f);
}

/* y = table with x[1] at the places that index[place : place + 1] names */
static const line scattered[] = {
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
    net f;
    double y[5], range[2];
    open_net(&f, scattered);
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
    close_net(&f);
}

/* the same twice: copies of an integer are still certain */
static const line repeated[] = {PLACE,
                                {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
                                {"Expand", {"start", "pair"}, "copies", NULL, 0},
                                {"Unsqueeze", {"copies", "pair_axis"}, "tuples", NULL, 0},
                                {"ScatterND", {"table", "tuples", "x"}, "y", NULL, 0},
                                {0}};

static void copies_of_a_certain_index_are_certain(void **state)
{
    (void)state;
    net f;
    double range[2];
    open_net(&f, repeated);
    for (int i = 0; i < 5; i++) {
        range_of(&f, (const double[]){2, -7}, (const double[]){2.9, -7}, i, range);
        assert_true(range[0] == (i == 2 ? -7 : 10 * i + 1) && range[0] == range[1]);
    }
    close_net(&f);
}

static const line branched[] = {{"Gather", {"x", "zero"}, "x0", NULL, 0},
                                {"Gather", {"x", "one"}, "x1", NULL, 0},
                                {"Less", {"x0", "x1"}, "less", NULL, 0},
                                {"Where", {"less", "x0", "x1"}, "y", NULL, 0},
                                {0}};

static void a_branch_that_is_decided_takes_its_side(void **state)
{
    (void)state;
    net f;
    double range[2];
    open_net(&f, branched);
    range_of(&f, (const double[]){1, 5}, (const double[]){2, 6}, 0, range);
    assert_true(range[0] == 1 && range[1] == 2);
    range_of(&f, (const double[]){1, 1.5}, (const double[]){2, 6}, 0, range);
    assert_true(range[0] == 1 && range[1] == 6);
    check_box(&f, (const double[]){-1, -1}, (const double[]){1, 1}, 0);
    close_net(&f);
}

static void inputs_read_only_as_integers_are_found(void **state)
{
    static const struct {
        const line *lines;
        bool integral[2];
    } cases[] = {
        {gathered, {true, true}}, {scattered, {true, false}}, {branched, {false, false}}};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++) {
        net f;
        bool integral[2];
        open_net(&f, cases[i].lines);
        vouch_test_ok(f.ctx, vouch_lower_integral(f.ctx, f.graph, integral));
        assert_memory_equal(integral, cases[i].integral, sizeof integral);
        close_net(&f);
    }
}

static const line leaked[] = {PLACE,
                              {"Add", {"place", "one"}, "after", NULL, 0},
                              {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
                              {"Unsqueeze", {"after", "axis0"}, "end", NULL, 0},
                              {"Slice", {"index", "start", "end", "axis0"}, "picked", NULL, 0},
                              {"Cast", {"picked"}, "y", "to", 1},
                              {0}};

static const line counted[] = {PLACE,
                               {"Add", {"place", "one"}, "after", NULL, 0},
                               {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
                               {"Unsqueeze", {"after", "axis0"}, "end", NULL, 0},
                               {"Slice", {"index", "start", "end", "axis0"}, "picked", NULL, 0},
                               {"Size", {"picked"}, "size", NULL, 0},
                               {"Cast", {"size"}, "factor", "to", 1},
                               {"Mul", {"x", "factor"}, "y", NULL, 0},
                               {0}};

static const line stretched[] = {PLACE,
                                 {"Unsqueeze", {"place", "axis0"}, "start", NULL, 0},
                                 {"Slice", {"table", "start", "pair", "axis0"}, "y", NULL, 0},
                                 {0}};

static void what_depends_on_a_missing_element_is_refused(void **state)
{
    static const struct {
        const line *lines;
        const char *part;
    } bad[] = {{leaked, "fewer elements"}, {counted, "no fixed shape"}, {stretched, "width"}};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        net f;
        const vouch_status status = build(&f, bad[i].lines);
        vouch_test_fails(f.ctx, status, VOUCH_ERR_UNSUPPORTED, bad[i].part);
        close_net(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gather_has_the_hull_of_what_it_may_pick),
        cmocka_unit_test(a_scatter_by_a_slice_writes_where_the_slice_has_elements),
        cmocka_unit_test(copies_of_a_certain_index_are_certain),
        cmocka_unit_test(a_branch_that_is_decided_takes_its_side),
        cmocka_unit_test(inputs_read_only_as_integers_are_found),
        cmocka_unit_test(what_depends_on_a_missing_element_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
