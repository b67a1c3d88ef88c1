/* Binding: errors that name node and operator, folding that is exact, evaluation of graphs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "op/op.h"
#include "support/op_case.h"

/* ---- errors ------------------------------------------------------------------------------ */

static const struct {
    const char *text;
    vouch_status status;
    const char *part;
} bad[] = {
    {"Foo 13 | v2 |", VOUCH_ERR_UNSUPPORTED, "case: node 'n' (Foo): operator is not supported"},
    {"Relu 23 | v2 |", VOUCH_ERR_UNSUPPORTED, "opset 23"},
    {"Relu 13 | v2 v2 |", VOUCH_ERR_SHAPE, "2 inputs"},
    {"Add 13 | v2,3 v2 |", VOUCH_ERR_SHAPE, "[2,3] and [2] do not fit"},
    {"Add 6 | v2,3 v3 |", VOUCH_ERR_SHAPE, "broadcast"},
    {"Add 13 | v2 i1,2 |", VOUCH_ERR_SHAPE, "float32 and int64"},
    {"Div 13 | v2 s0 |", VOUCH_ERR_VALUE, "zero"},
    {"Clip 13 | v2 v1 |", VOUCH_ERR_UNSUPPORTED, "min"},
    {"Clip 13 | v2 c2 |", VOUCH_ERR_SHAPE, "scalar"},
    {"Concat 13 | v2,3 v3,3 | axis=1", VOUCH_ERR_SHAPE, "input 1"},
    {"Concat 13 | v2 v2 |", VOUCH_ERR_SHAPE, "axis"},
    {"Constant 13 | | value_string='a'", VOUCH_ERR_UNSUPPORTED, "supported kind"},
    {"Conv 11 | v1,2,5,5 v3,2,3,3 |", VOUCH_ERR_UNSUPPORTED, "weights ('x1')"},
    {"Conv 11 | v1,3,5,5 c3,2,3,3 |", VOUCH_ERR_SHAPE, "[1,3,5,5]"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 c2 |", VOUCH_ERR_SHAPE, "bias"},
    {"Conv 11 | v1,2,2,5 c3,2,3,3 |", VOUCH_ERR_SHAPE, "larger"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 | strides=0,1", VOUCH_ERR_VALUE, "strides"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 | pads=1,1", VOUCH_ERR_SHAPE, "pads"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 | auto_pad='ODD'", VOUCH_ERR_UNSUPPORTED, "ODD"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 | kernel_shape=2,2", VOUCH_ERR_SHAPE, "kernel_shape"},
    {"Conv 11 | v1,2 c3,2 |", VOUCH_ERR_SHAPE, "do not fit"},
    {"Dropout 13 | v2 s0.5 s1 |", VOUCH_ERR_UNSUPPORTED, "training"},
    {"Flatten 13 | v2,3 | axis=3", VOUCH_ERR_SHAPE, "axis 3"},
    {"Gather 13 | v2,3 i5, |", VOUCH_ERR_VALUE, "index 5"},
    {"Gather 13 | v2,3 v1 |", VOUCH_ERR_SHAPE, "indices"},
    {"Gemm 13 | v2,3 c4,3 |", VOUCH_ERR_SHAPE, "[2,3] and [4,3]"},
    {"Gemm 13 | v2,3 c3,4 c3 |", VOUCH_ERR_SHAPE, "C of shape [3]"},
    {"MatMul 13 | v2,3 c4,3 |", VOUCH_ERR_SHAPE, "[2,3] and [4,3]"},
    {"MaxPool 12 | v1,1,4 |", VOUCH_ERR_SHAPE, "kernel_shape"},
    {"MaxPool 12 | v1,1,4 | kernel_shape=2, pads=3,0", VOUCH_ERR_SHAPE, "padding"},
    {"MaxPool 12 | v4 | kernel_shape=2,", VOUCH_ERR_UNSUPPORTED, "spatial"},
    {"Pad 13 | v2,3 i1,1 |", VOUCH_ERR_SHAPE, "pads"},
    {"Pad 13 | v2,3 i-3,0,0,0 |", VOUCH_ERR_VALUE, "pads"},
    {"Pad 13 | v2,3 i9000000,0,0,9000000 |", VOUCH_ERR_LIMIT, "too large"},
    {"Pad 13 | v2 i1,1 | mode='odd'", VOUCH_ERR_UNSUPPORTED, "odd"},
    {"BatchNormalization 15 | v2,3 c2 c3 c3 p3 |", VOUCH_ERR_SHAPE, "scale"},
    {"BatchNormalization 15 | v2,3 c3 c3 c3 p3 | training_mode=1", VOUCH_ERR_UNSUPPORTED,
     "training"},
    {"BatchNormalization 15 | v2,3 c3 c3 c3 v3 |", VOUCH_ERR_UNSUPPORTED, "variance"},
    {"BatchNormalization 15 | v2,1 c1 c1 c1 p1 | epsilon=-9.0f", VOUCH_ERR_VALUE, "variance"},
    {"ReduceSum 13 | v2,3 i2, |", VOUCH_ERR_SHAPE, "axis 2"},
    {"ReduceSum 13 | v2,3 i1,-1 |", VOUCH_ERR_SHAPE, "twice"},
    {"Reshape 13 | v2,3 i4,-1 |", VOUCH_ERR_SHAPE, "[2,3] cannot become [4,-1]"},
    {"Reshape 13 | v2,3 v2 |", VOUCH_ERR_UNSUPPORTED, "shape ('x1')"},
    {"Slice 13 | v2,3 i0,0 i1, |", VOUCH_ERR_SHAPE, "starts"},
    {"Slice 13 | v2,3 i0, i1, i0, i0, |", VOUCH_ERR_VALUE, "step"},
    {"Softmax 13 | v2,3 | axis=2", VOUCH_ERR_SHAPE, "axis 2"},
    {"Softmax 13 | v2,3 | axis=1,", VOUCH_ERR_PARSE, "axis"},
    {"Split 13 | v5,2 i1,1 |", VOUCH_ERR_SHAPE, "add up"},
    {"Split 13 | v5,2 i1,1,3 |", VOUCH_ERR_SHAPE, "2 outputs"},
    {"Squeeze 13 | v2,3 i0, |", VOUCH_ERR_SHAPE, "axis 0"},
    {"Transpose 13 | v2,3 | perm=0,0", VOUCH_ERR_SHAPE, "twice"},
    {"Transpose 13 | v2,3 | perm=0,", VOUCH_ERR_SHAPE, "perm"},
    {"Unsqueeze 13 | v2,3 |", VOUCH_ERR_SHAPE, "axes"},
};

static void bad_nodes_are_named_with_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        op_case f = {.text = bad[i].text, .ctx = vouch_test_context()};
        const vouch_status status = vouch_test_op_build(&f, bad[i].text);
        if (status != bad[i].status || !strstr(vouch_context_error(f.ctx), bad[i].part))
            print_error("%s: %s\n", bad[i].text, vouch_context_error(f.ctx));
        vouch_test_fails(f.ctx, status, bad[i].status, bad[i].part);
        vouch_graph_free(f.graph);
        vouch_context_free(f.ctx);
    }
}

/* ---- graphs of several nodes ------------------------------------------------------------- */

static vouch_graph_builder *begin(vouch_context *ctx)
{
    vouch_graph_builder *b = vouch_graph_builder_new(ctx, "net", 13);
    assert_non_null(b);
    return b;
}

static void constant(const vouch_context *ctx, vouch_graph_builder *b, const char *name,
                     vouch_dtype dtype, double value)
{
    const vouch_shape one = {.rank = 1, .dim = {1}};
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), dtype, &one);
    assert_non_null(t);
    vouch_tensor_set(t, 0, value);
    vouch_test_ok(ctx, vouch_graph_add_constant(b, name, t));
}

/* out = type(in0, in1 or nothing) */
static void node(const vouch_context *ctx, vouch_graph_builder *b, const char *type,
                 const char *in0, const char *in1, const char *out)
{
    vouch_arena *arena = vouch_graph_builder_arena(b);
    int *v = VOUCH_NEW_ARRAY(arena, int, 3);
    assert_non_null(v);
    v[0] = vouch_graph_value(b, in0);
    v[1] = in1 ? vouch_graph_value(b, in1) : -1;
    v[2] = vouch_graph_value(b, out);
    const vouch_node n = {.type = type,
                          .name = out,
                          .domain = "",
                          .input_count = in1 ? 2 : 1,
                          .output_count = 1,
                          .input = v,
                          .output = v + 2};
    vouch_test_ok(ctx, vouch_graph_add_node(b, &n));
}

static vouch_graph *end(vouch_context *ctx, vouch_graph_builder *b, const char *out)
{
    vouch_graph *g = NULL;
    vouch_test_ok(ctx, vouch_graph_add_output(b, out));
    vouch_test_ok(ctx, vouch_graph_finish(b, &g));
    return g;
}

static const vouch_value *find(const vouch_graph *g, const char *name)
{
    for (int v = 0; v < g->value_count; v++)
        if (strcmp(g->value[v].name, name) == 0)
            return &g->value[v];
    fail_msg("no value %s", name);
    return NULL;
}

static void shape_arithmetic_is_folded_and_its_nodes_are_dropped(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph_builder *b = begin(ctx);
    const vouch_shape in = {.rank = 2, .dim = {2, 6}};
    vouch_test_ok(ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &in));
    constant(ctx, b, "two", VOUCH_I64, 2);
    constant(ctx, b, "three", VOUCH_I64, 3);
    node(ctx, b, "Mul", "two", "three", "six");
    node(ctx, b, "Sub", "six", "two", "four");
    node(ctx, b, "Reshape", "x", "four", "bad");
    vouch_graph *g = end(ctx, b, "bad");
    vouch_test_fails(ctx, vouch_op_bind_graph(ctx, g), VOUCH_ERR_SHAPE,
                     "net: node 'bad' (Reshape): shape [2,6] cannot become [4]");
    vouch_graph_free(g);

    b = begin(ctx);
    vouch_test_ok(ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &in));
    constant(ctx, b, "two", VOUCH_I64, 2);
    constant(ctx, b, "ten", VOUCH_I64, 10);
    node(ctx, b, "Add", "two", "ten", "twelve");
    node(ctx, b, "Reshape", "x", "twelve", "y");
    g = end(ctx, b, "y");
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, g));
    assert_int_equal(g->node_count, 1);
    assert_int_equal(find(g, "y")->producer, 0);
    assert_int_equal(find(g, "twelve")->constant->i64[0], 12);
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

/* 0.1f * 0.1f needs 48 bits: exact as a double, not as a float; 1 / 3 is neither. */
static void only_exact_results_are_folded(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph_builder *b = begin(ctx);
    const vouch_shape in = {.rank = 1, .dim = {1}};
    vouch_test_ok(ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &in));
    constant(ctx, b, "tenth", VOUCH_F32, .1);
    constant(ctx, b, "one", VOUCH_F32, 1);
    constant(ctx, b, "three", VOUCH_F32, 3);
    node(ctx, b, "Mul", "tenth", "tenth", "square");
    node(ctx, b, "Div", "one", "three", "third");
    node(ctx, b, "Add", "x", "square", "s");
    node(ctx, b, "Mul", "s", "third", "y");
    vouch_graph *g = end(ctx, b, "y");
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, g));
    const vouch_tensor *square = find(g, "square")->constant;
    assert_int_equal(square->dtype, VOUCH_F64);
    assert_true(square->f64[0] == (double).1f * (double).1f);
    assert_null(find(g, "third")->constant);
    assert_int_equal(g->node_count, 3);
    bool varying[16];
    vouch_op_varying(g, varying);
    assert_int_equal(vouch_op_node_class(g, &g->node[find(g, "y")->producer], varying),
                     VOUCH_OP_BILINEAR);
    const double x = 1;
    double y;
    vouch_test_ok(ctx, vouch_op_eval_graph(ctx, g, VOUCH_F64, &x, &y));
    assert_true(fabs(y - (1 + square->f64[0]) / 3) < 1e-15);
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

/* Nodes on constants: folded exactly or not at all, and then with an interval around the value.
 */
static void constant_nodes_have_tight_ranges(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "ReduceSum 13 | c2,3 i1, |",
        "ReduceMean 13 | c2,3 |",
        "GlobalAveragePool 2 | c1,2,3 |",
        "AveragePool 11 | c1,1,4 | kernel_shape=2,",
        "Conv 11 | c1,2,4 c2,2,3 c2 |",
        "BatchNormalization 15 | c2,2 c2 c2 c2 p2 |",
        "MatMul 13 | c2,3 c3,2 |",
        "Gemm 13 | c2,3 c3,2 c2 | alpha=0.3f",
        "Div 13 | c2,3 p3 |",
        "Mul 13 | c2,3 c3 |",
        "Add 13 | c2,3 c3 |",
        "Sigmoid 13 | c2 |",
        "Softmax 13 | c2 |",
        "MaxPool 11 | c1,1,4 | kernel_shape=2,",
        "Relu 13 | c5 |",
        "Concat 13 | c2 c2 | axis=0",
        "Transpose 13 | c2,3 |",
        "Split 13 | c5,2 | axis=1",
    };
    for (size_t t = 0; t < VOUCH_TEST_COUNT(texts); t++) {
        op_case f;
        double y[16];
        vouch_test_op_open(&f, texts[t], t);
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, NULL, y));
        double most = 0;
        for (int64_t i = 0; i < vouch_op_output_size(f.graph); i++)
            most = fmax(most, fabs(y[i]));
        OP_EXPECT(&f, most > 0);
        for (int n = 0; n < f.graph->node_count; n++) {
            const vouch_node *one = &f.graph->node[n];
            op_operands o;
            bool varying[16];
            vouch_op_varying(f.graph, varying);
            OP_EXPECT(&f, vouch_op_node_class(f.graph, one, varying) == VOUCH_OP_OPAQUE);
            vouch_test_op_operands(&f, one, &o);
            vouch_tensor *low = vouch_tensor_convert(f.arena, o.out[0], VOUCH_F64);
            vouch_tensor *high = vouch_tensor_convert(f.arena, o.out[0], VOUCH_F64);
            const vouch_tensor *const *in = (const vouch_tensor *const *)o.in;
            vouch_test_ok(f.ctx, vouch_op_range(&o.call, in, in, &low, &high));
            for (int64_t i = 0; i < low->count; i++)
                OP_EXPECT(&f, low->f64[i] <= y[i] && y[i] <= high->f64[i] &&
                                  high->f64[i] - low->f64[i] < 1e-13 * (1 + most));
        }
        vouch_test_op_close(&f);
    }
}

static void not_a_number_and_infinite_weights_are_errors(void **state)
{
    (void)state;
    static const double values[] = {NAN, INFINITY};
    for (int i = 0; i < 2; i++) {
        vouch_context *ctx = vouch_test_context();
        vouch_graph_builder *b = begin(ctx);
        const vouch_shape in = {.rank = 1, .dim = {1}};
        vouch_test_ok(ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &in));
        constant(ctx, b, "w", VOUCH_F32, values[i]);
        node(ctx, b, "Mul", "x", "w", "y");
        vouch_graph *g = end(ctx, b, "y");
        vouch_test_fails(ctx, vouch_op_bind_graph(ctx, g), VOUCH_ERR_VALUE,
                         "net: node 'y' (Mul): constant 'w' has a NaN or an infinity");
        vouch_graph_free(g);
        vouch_context_free(ctx);
    }
}

static void unknown_leading_dimensions_become_one_and_others_are_errors(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph_builder *b = begin(ctx);
    vouch_test_ok(ctx, vouch_graph_add_input(b, "x", VOUCH_F32,
                                             &(vouch_shape){.rank = 2, .dim = {0, 3}}));
    node(ctx, b, "Relu", "x", NULL, "y");
    vouch_graph *g = end(ctx, b, "y");
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, g));
    assert_int_equal(vouch_op_output_size(g), 3);
    vouch_graph_free(g);
    b = begin(ctx);
    vouch_test_ok(ctx, vouch_graph_add_input(b, "x", VOUCH_F32,
                                             &(vouch_shape){.rank = 2, .dim = {1, 0}}));
    node(ctx, b, "Relu", "x", NULL, "y");
    g = end(ctx, b, "y");
    vouch_test_fails(ctx, vouch_op_bind_graph(ctx, g), VOUCH_ERR_SHAPE,
                     "net: input 'x': the size of dimension 1 is not known");
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

/* A chain of 40 Relu over a megabyte: what is alive at once is two values. */
static void evaluation_reuses_the_memory_of_dead_values(void **state)
{
    (void)state;
    enum { LENGTH = 40, SIZE = 1 << 17 };
    vouch_test_memory memory = {0};
    const vouch_allocator allocator = vouch_test_allocator(&memory);
    vouch_context *ctx = vouch_context_new(&allocator);
    vouch_graph_builder *b = begin(ctx);
    char names[LENGTH + 1][16];
    vouch_test_ok(ctx, vouch_graph_add_input(b, "v0", VOUCH_F32,
                                             &(vouch_shape){.rank = 1, .dim = {SIZE}}));
    for (int i = 0; i <= LENGTH; i++)
        (void)snprintf(names[i], sizeof names[i], "v%d", i);
    for (int i = 0; i < LENGTH; i++)
        node(ctx, b, "Relu", names[i], NULL, names[i + 1]);
    vouch_graph *g = end(ctx, b, names[LENGTH]);
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, g));
    double *x = vouch_alloc(ctx, SIZE * sizeof *x), *y = vouch_alloc(ctx, SIZE * sizeof *y);
    x[5] = 7;
    vouch_test_ok(ctx, vouch_op_eval_graph(ctx, g, VOUCH_F64, x, y));
    assert_true(y[5] == 7 && y[6] == 0);
    assert_true(memory.peak < 8 * SIZE * (long)sizeof *x);
    vouch_release(ctx, x);
    vouch_release(ctx, y);
    vouch_graph_free(g);
    vouch_context_free(ctx);
    assert_int_equal(memory.live, 0);
}

static void split_is_bound_as_slices(void **state)
{
    (void)state;
    op_case f;
    vouch_test_op_open(&f, "Split 18 | v5,2 | axis=0 num_outputs=2", 0);
    assert_int_equal(f.graph->node_count, 2);
    for (int n = 0; n < 2; n++) {
        assert_string_equal(f.graph->node[n].type, "Slice");
        assert_int_equal(f.graph->value[f.graph->node[n].output[0]].producer, n);
    }
    const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    double y[10];
    vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F32, x, y));
    assert_memory_equal(x, y, sizeof x);
    vouch_test_op_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_nodes_are_named_with_what_is_wrong),
        cmocka_unit_test(shape_arithmetic_is_folded_and_its_nodes_are_dropped),
        cmocka_unit_test(only_exact_results_are_folded),
        cmocka_unit_test(constant_nodes_have_tight_ranges),
        cmocka_unit_test(not_a_number_and_infinite_weights_are_errors),
        cmocka_unit_test(unknown_leading_dimensions_become_one_and_others_are_errors),
        cmocka_unit_test(evaluation_reuses_the_memory_of_dead_values),
        cmocka_unit_test(split_is_bound_as_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
