/* Decomposed copies: what they are made of, and that they compute the same. */
#include "io/io.h"
#include "lower/decompose.h"
#include "support/lines.h"
#include "support/random_graph.h"
#include "support/support.h"

#include <glob.h>
#include <math.h>
#include <string.h>

/* Nodes of the copy that have no planes: neither affine, nor curves, steps or products. */
static int left_over(vouch_arena *arena, const vouch_graph *g)
{
    bool *varying = VOUCH_NEW_ARRAY(arena, bool, g->value_count + 1);
    int count = 0;
    assert_non_null(varying);
    vouch_op_varying(g, varying);
    for (int n = 0; n < g->node_count; n++) {
        const vouch_op_class c = vouch_op_node_class(g, &g->node[n], varying);
        count += c == VOUCH_OP_COMPOSITE || c == VOUCH_OP_MAX;
        if (c == VOUCH_OP_BILINEAR)
            assert_non_null(g->node[n].op->products);
    }
    return count;
}

static void compare(vouch_context *ctx, const vouch_graph *a, const vouch_graph *b, int rounds)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_random r = vouch_random_stream(5, "decompose", 0);
    const int64_t n = vouch_op_input_size(a), m = vouch_op_output_size(a);
    double *x = VOUCH_NEW_ARRAY(arena, double, n + 1);
    double *y[2] = {VOUCH_NEW_ARRAY(arena, double, m + 1),
                    VOUCH_NEW_ARRAY(arena, double, m + 1)};
    assert_true(x && y[0] && y[1]);
    for (int round = 0; round < rounds; round++) {
        for (int64_t i = 0; i < n; i++)
            x[i] = vouch_random_unit(&r);
        vouch_test_ok(ctx, vouch_op_eval_graph(ctx, a, VOUCH_F64, x, y[0]));
        vouch_test_ok(ctx, vouch_op_eval_graph(ctx, b, VOUCH_F64, x, y[1]));
        for (int64_t i = 0; i < m; i++)
            assert_true(fabs(y[0][i] - y[1][i]) <= 1e-9 * (1 + fabs(y[0][i])) ||
                        (isnan(y[0][i]) && isnan(y[1][i])));
    }
    vouch_arena_free(arena);
}

static void check(vouch_context *ctx, const vouch_graph *g, int rounds)
{
    vouch_graph *copy;
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_test_ok(ctx, vouch_lower_decompose(ctx, g, &copy));
    assert_int_equal(copy->input_count, g->input_count);
    assert_int_equal(copy->output_count, g->output_count);
    assert_int_equal(left_over(arena, copy), 0);
    compare(ctx, g, copy, rounds);
    vouch_graph_free(copy);
    vouch_arena_free(arena);
}

static void random_networks_become_simple_nodes_of_the_same_function(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 400; i++) {
        vouch_context *ctx = vouch_test_context();
        vouch_graph *g = vouch_test_random_graph(ctx, VOUCH_TEST_ANY, 77, i);
        check(ctx, g, 4);
        vouch_graph_free(g);
        vouch_context_free(ctx);
    }
}

/* y = x where the truth holds that the relations r(x0, x1) and x0 <= x1 give, 2 x elsewhere. */
static void compare_choice(const char *relation, const char *logic)
{
    const vouch_test_line lines[] = {
        {"Gather", {"x", "zero"}, "a", NULL, 0},
        {"Gather", {"x", "one"}, "b", NULL, 0},
        {relation, {"a", "b"}, "p", NULL, 0},
        {"LessOrEqual", {"b", "a"}, "q", NULL, 0},
        {logic, {"p", strcmp(logic, "Not") == 0 ? NULL : "q"}, "c", NULL, 0},
        {"Add", {"x", "x"}, "twice", NULL, 0},
        {"Where", {"c", "x", "twice"}, "y", NULL, 0},
        {0}};
    static const double at[] = {-1, -1e-300, 0, .5, 2};
    vouch_test_lines f;
    vouch_graph *copy;
    vouch_test_lines_open(&f, lines);
    vouch_test_ok(f.ctx, vouch_lower_decompose(f.ctx, f.graph, &copy));
    assert_int_equal(left_over(f.arena, copy), 0);
    for (size_t i = 0; i < VOUCH_TEST_COUNT(at) * VOUCH_TEST_COUNT(at); i++) {
        const double x[] = {at[i % VOUCH_TEST_COUNT(at)], at[i / VOUCH_TEST_COUNT(at)]};
        double y[2], z[2];
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, x, y));
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, copy, VOUCH_F64, x, z));
        assert_true(y[0] == z[0] && y[1] == z[1]);
    }
    vouch_graph_free(copy);
    vouch_test_lines_close(&f);
}

static void comparisons_and_logic_keep_their_meaning_at_ties(void **state)
{
    static const char *const relations[] = {"Equal", "Greater", "GreaterOrEqual", "Less",
                                            "LessOrEqual"};
    static const char *const logic[] = {"And", "Or", "Xor", "Not"};
    (void)state;
    for (size_t r = 0; r < VOUCH_TEST_COUNT(relations); r++)
        for (size_t l = 0; l < VOUCH_TEST_COUNT(logic); l++)
            compare_choice(relations[r], logic[l]);
}

static void check_file(const char *pattern)
{
    char path[VOUCH_TEST_PATH];
    glob_t found;
    vouch_test_data("", path);
    strncat(path, pattern, sizeof path - strlen(path) - 1);
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = NULL;
    vouch_test_ok(ctx, vouch_network_read(ctx, found.gl_pathv[0], &g, NULL));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, g));
    check(ctx, g, 1);
    vouch_graph_free(g);
    vouch_context_free(ctx);
    globfree(&found);
}

static void networks_of_the_benchmarks_become_simple_nodes(void **state)
{
    static const char *const patterns[] = {
        "vnncomp/lsnc/onnx/*.gz", "vnncomp/ml4acopf_2024/onnx/14_ieee_ml4acopf.onnx.gz",
        "vnncomp/nn4sys_2023/onnx/mscn_128d.onnx.gz", "vnncomp/vit_2023/onnx/*.gz",
        "vnncomp/traffic_signs_recognition_2023/onnx/*.gz"};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(patterns); i++)
        check_file(patterns[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks_become_simple_nodes_of_the_same_function),
        cmocka_unit_test(comparisons_and_logic_keep_their_meaning_at_ties),
        cmocka_unit_test(networks_of_the_benchmarks_become_simple_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
