#include "io/io.h"
#include "support/support.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two inputs, one hidden layer of two, one output; every part of the normalisation does
 * something. */
static const char *const small = "// a comment\n"
                                 "2,2,1,2,\n"
                                 "2,2,1,\n"
                                 "0,\n"
                                 "-1.0,0,\n"
                                 "1.0,10,\n"
                                 "0.5,5.0,3.0,\n"
                                 "2.0,10.0,4.0,\n"
                                 "1.0,2.0,\n"
                                 "-3.0,0.1,\n"
                                 "0.25,\n"
                                 "-0.75,\n"
                                 "1.0,-1.0,\n"
                                 "0.125,\n";

static vouch_status parse(vouch_context *ctx, const char *text, vouch_graph **g)
{
    return vouch_nnet_parse(ctx, "net.nnet", text, strlen(text), g);
}

/* ---- a plain evaluator of the few operators that the reader uses ------------------------- */

static double apply(const char *type, double a, double b)
{
    if (strcmp(type, "Relu") == 0)
        return a > 0 ? a : 0;
    if (strcmp(type, "Add") == 0)
        return a + b;
    if (strcmp(type, "Sub") == 0)
        return a - b;
    if (strcmp(type, "Mul") == 0)
        return a * b;
    if (strcmp(type, "Div") == 0)
        return a / b;
    if (strcmp(type, "Identity") != 0)
        fail_msg("operator %s", type);
    return a;
}

typedef struct vector {
    double at[64];
    int64_t count;
} vector;

static vector load(const vouch_graph *g, const vector *value, int v)
{
    if (!g->value[v].constant)
        return value[v];
    vector c = {.count = g->value[v].constant->count};
    assert_in_range(c.count, 1, 64);
    for (int64_t i = 0; i < c.count; i++)
        c.at[i] = vouch_tensor_get(g->value[v].constant, i);
    return c;
}

static vector multiply(const vector *x, const vouch_tensor *w)
{
    vector y = {.count = w->shape.dim[1]};
    for (int64_t i = 0; i < y.count; i++)
        for (int64_t k = 0; k < x->count; k++)
            y.at[i] += x->at[k] * vouch_tensor_get(w, k * y.count + i);
    return y;
}

static vector evaluate(const vouch_graph *g, const double *x, int64_t count)
{
    vector *value = calloc((size_t)g->value_count, sizeof *value);
    assert_non_null(value);
    memcpy(value[g->input[0]].at, x, (size_t)count * sizeof *x);
    value[g->input[0]].count = count;
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        const vector a = load(g, value, node->input[0]);
        vector *y = &value[node->output[0]];
        if (strcmp(node->type, "MatMul") == 0) {
            *y = multiply(&a, g->value[node->input[1]].constant);
            continue;
        }
        vector b = {.count = 1};
        if (node->input_count > 1)
            b = load(g, value, node->input[1]);
        y->count = a.count;
        for (int64_t i = 0; i < a.count; i++)
            y->at[i] = apply(node->type, a.at[i], b.at[b.count > 1 ? i : 0]);
    }
    const vector y = value[g->output[0]];
    free(value);
    return y;
}

/* ---- reading ----------------------------------------------------------------------------- */

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double by_hand(double a, double b)
{
    const double x = (clip(a, -1, 1) - 0.5) / 2, y = (clip(b, 0, 10) - 5) / 10;
    const double h = fmax(0, x + 2 * y + 0.25), k = fmax(0, -3 * x + 0.1 * y - 0.75);
    return (h - k + 0.125) * 4 + 3;
}

static void normalisation_becomes_nodes_of_a_float64_graph(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = NULL;
    vouch_test_ok(ctx, parse(ctx, small, &g));
    assert_int_equal(g->value[g->input[0]].dtype, VOUCH_F64);
    assert_int_equal(g->value[g->input[0]].shape.rank, 2);
    assert_int_equal(g->value[g->input[0]].shape.dim[1], 2);
    vouch_random r = vouch_random_stream(1, "nnet", 0);
    for (int i = 0; i < 1000; i++) {
        const double x[] = {3 * vouch_random_normal(&r), 5 + 10 * vouch_random_normal(&r)};
        const vector y = evaluate(g, x, 2);
        assert_int_equal(y.count, 1);
        if (fabs(y.at[0] - by_hand(x[0], x[1])) > 1e-12)
            fail_msg("N(%g, %g) = %g, not %g", x[0], x[1], y.at[0], by_hand(x[0], x[1]));
    }
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

static const vouch_tensor *constant_of(const vouch_graph *g, const char *type)
{
    for (int n = 0; n < g->node_count; n++)
        if (strcmp(g->node[n].type, type) == 0)
            return g->value[g->node[n].input[1]].constant;
    return NULL;
}

static void decimals_become_the_nearest_doubles_in_any_locale(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = NULL;
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed: a decimal comma */
    vouch_test_ok(ctx, parse(ctx, small, &g));
    (void)setlocale(LC_ALL, "C");
    const vouch_tensor *w = constant_of(g, "MatMul");
    assert_int_equal(w->dtype, VOUCH_F64);
    assert_true(w->f64[3] == 0.1); /* transposed: a column for each neuron */
    assert_true(w->f64[1] == -3.0);
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

static void neutral_normalisation_adds_no_nodes(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = NULL;
    vouch_test_ok(ctx, parse(ctx, "1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n2\n3", &g));
    assert_null(constant_of(g, "Mul"));
    assert_null(constant_of(g, "Div"));
    const double x = 0.5;
    assert_true(evaluate(g, &x, 1).at[0] == 4);
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

static void blanks_comments_and_line_ends_do_not_matter(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = NULL;
    vouch_test_ok(ctx, parse(ctx,
                             "//\r\n  // x\n\n1 , 1,1,1 ,\r\n 1,1\n any text\n-1e0,7,8\n"
                             "+1.,7\n.0,5,0\n1,5,1\n\t2 \n// y\n3,\n\n// end",
                             &g));
    const double x = 0.5;
    assert_true(evaluate(g, &x, 1).at[0] == 4);
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

/* ---- refusing ---------------------------------------------------------------------------- */

static void bad_files_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *text;
        vouch_status status;
        const char *error;
    } rows[] = {
        {"", VOUCH_ERR_PARSE, "net.nnet: the file is empty"},
        {"// only\n// comments", VOUCH_ERR_PARSE, "net.nnet:2: header: the file ends early"},
        {"1,1,1\n", VOUCH_ERR_PARSE, "net.nnet:1: header: 3 numbers instead of 4"},
        {"1,1,1,1,1\n", VOUCH_ERR_PARSE, "net.nnet:1: header: more than 4 numbers"},
        {"1,x,1,1\n", VOUCH_ERR_PARSE, "net.nnet:1: header: 'x' is not a finite decimal"},
        {"1,,1,1\n", VOUCH_ERR_PARSE, "header: '' is not a finite decimal number"},
        {"1.5,1,1,1\n1,1\n", VOUCH_ERR_PARSE, "number of layers: is not a size"},
        {"1,0,1,1\n1,1\n", VOUCH_ERR_PARSE, "number of inputs: is not a size"},
        {"1,1,-1,1\n1,1\n", VOUCH_ERR_PARSE, "number of outputs: is not a size"},
        {"1e9,1,1,1\n1,1\n", VOUCH_ERR_PARSE, "number of layers: is not a size that this"},
        {"1,1,1,1\n2,1\n     ", VOUCH_ERR_PARSE, "net.nnet:2: layer sizes: do not fit"},
        {"1,1,1,1\n1,2\n     ", VOUCH_ERR_PARSE, "net.nnet:2: layer sizes: do not fit"},
        {"1,1,1,1\n1\n     ", VOUCH_ERR_PARSE, "layer sizes: 1 numbers instead of 2"},
        {"1,1,1,1\n1,1\n0\n1\n-1\n0,0\n1,1\n2\n3", VOUCH_ERR_VALUE,
         "net.nnet:5: input 0: its maximum is below its minimum"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0\n1,1\n2\n3", VOUCH_ERR_PARSE,
         "net.nnet:6: means: 1 numbers instead of 2"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n0,1\n2\n3", VOUCH_ERR_VALUE, "net.nnet:7: range 0 is 0"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\nnan\n3", VOUCH_ERR_PARSE,
         "net.nnet:8: weights: 'nan' is not a finite decimal number"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n1e999\n3", VOUCH_ERR_PARSE, "'1e999' is not"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n0x10\n3", VOUCH_ERR_PARSE, "'0x10' is not"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n1e\n3", VOUCH_ERR_PARSE, "'1e' is not"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n.\n3", VOUCH_ERR_PARSE, "'.' is not"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n2\n", VOUCH_ERR_PARSE,
         "net.nnet:8: bias: the file ends early"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n2\n3,4\n", VOUCH_ERR_PARSE,
         "net.nnet:9: bias: more than 1 numbers"},
        {"1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n2\n3\n4\n", VOUCH_ERR_PARSE,
         "net.nnet:10: end: there is more"},
        {"2,1,1,30\n1,30,1\n0\n-1\n1\n0,0\n1,1\n2\n3\n4\n5\n6\n7\n8\n9", VOUCH_ERR_PARSE,
         "weights: the file is too short for them"},
    };
    (void)state;
    vouch_context *ctx = vouch_test_context();
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rows); i++) {
        vouch_graph *g = NULL;
        vouch_test_fails(ctx, parse(ctx, rows[i].text, &g), rows[i].status, rows[i].error);
        assert_null(g);
    }
    vouch_context_free(ctx);
}

static void a_file_cut_at_any_byte_gives_one_error_until_its_last_number(void **state)
{
    const size_t size = strlen(small);
    (void)state;
    vouch_context *ctx = vouch_test_context();
    for (size_t cut = 0; cut < size - strlen("0.125,\n"); cut++) {
        char *copy = malloc(cut ? cut : 1); /* exactly that size, for the sanitizer */
        vouch_graph *g = NULL;
        memcpy(copy, small, cut);
        vouch_status status = vouch_nnet_parse(ctx, "net.nnet", copy, cut, &g);
        vouch_test_fails(ctx, status, VOUCH_ERR_PARSE, "net.nnet:");
        assert_null(g);
        free(copy);
    }
    vouch_context_free(ctx);
}

static void a_network_of_acasxu_is_read(void **state)
{
    char path[VOUCH_TEST_PATH];
    (void)state;
    vouch_test_data("acasxu_nnet/ACASXU_run2a_1_1_batch_2000.nnet", path);
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = NULL;
    char sha256[65];
    vouch_test_ok(ctx, vouch_network_read(ctx, path, &g, sha256));
    assert_int_equal(strlen(sha256), 64);
    /* The means of the inputs normalise to 0; the last numbers of the lines of means and ranges
     * scale the outputs. */
    assert_true(constant_of(g, "Mul")->f64[0] == 373.94992);
    assert_true(constant_of(g, "Div")->f64[0] == 60261.0);
    const double x[] = {1.9791091e+04, 0, 0, 650, 600};
    assert_int_equal(evaluate(g, x, 5).count, 5);
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalisation_becomes_nodes_of_a_float64_graph),
        cmocka_unit_test(decimals_become_the_nearest_doubles_in_any_locale),
        cmocka_unit_test(neutral_normalisation_adds_no_nodes),
        cmocka_unit_test(blanks_comments_and_line_ends_do_not_matter),
        cmocka_unit_test(bad_files_are_refused_with_their_line),
        cmocka_unit_test(a_file_cut_at_any_byte_gives_one_error_until_its_last_number),
        cmocka_unit_test(a_network_of_acasxu_is_read),
    };
    return cmocka_run_group_tests_name("io.nnet", tests, NULL, NULL);
}
