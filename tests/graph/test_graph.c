#include "graph/graph.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

static vouch_graph_builder *new_builder(vouch_context *ctx)
{
    vouch_graph_builder *b = vouch_graph_builder_new(ctx, "net.onnx", 13);
    assert_non_null(b);
    return b;
}

/* A node of up to two inputs and one output, by value names (NULL: left out). */
static vouch_status add(vouch_graph_builder *b, const char *type, const char *name,
                        const char *in0, const char *in1, const char *out)
{
    vouch_arena *arena = vouch_graph_builder_arena(b);
    int *input = VOUCH_NEW_ARRAY(arena, int, 2), *output = VOUCH_NEW(arena, int);
    if (!input || !output)
        return VOUCH_ERR_MEMORY;
    input[0] = in0 ? vouch_graph_value(b, in0) : -1;
    input[1] = in1 ? vouch_graph_value(b, in1) : -1;
    output[0] = out ? vouch_graph_value(b, out) : -1;
    if ((in0 && input[0] < 0) || (in1 && input[1] < 0) || (out && output[0] < 0))
        return VOUCH_ERR_MEMORY;
    const vouch_node node = {.type = type,
                             .name = name,
                             .input_count = 2,
                             .output_count = 1,
                             .input = input,
                             .output = output};
    return vouch_graph_add_node(b, &node);
}

static vouch_status add_weights(vouch_graph_builder *b, const char *name, int64_t count)
{
    const vouch_shape shape = {1, {count}};
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), VOUCH_F32, &shape);
    return t ? vouch_graph_add_constant(b, name, t) : VOUCH_ERR_MEMORY;
}

static vouch_status add_input(vouch_graph_builder *b, const char *name)
{
    const vouch_shape shape = {2, {1, 3}};
    return vouch_graph_add_input(b, name, VOUCH_F32, &shape);
}

/* y = Relu(x + w), its nodes in the wrong order, one value unused */
static vouch_status fill_small(vouch_graph_builder *b)
{
    VOUCH_TRY(add_input(b, "x"));
    VOUCH_TRY(add_weights(b, "w", 3));
    VOUCH_TRY(add_weights(b, "unused", 100));
    VOUCH_TRY(add(b, "Relu", "act", "sum", NULL, "y"));
    VOUCH_TRY(add(b, "Add", NULL, "x", "w", "sum"));
    return vouch_graph_add_output(b, "y");
}

static void a_finished_graph_is_sorted_and_linked(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph_builder *b = new_builder(ctx);
    vouch_graph *g = NULL;
    vouch_test_ok(ctx, fill_small(b));
    vouch_test_ok(ctx, vouch_graph_finish(b, &g));
    assert_string_equal(g->source, "net.onnx");
    assert_int_equal(g->opset, 13);
    assert_int_equal(g->node_count, 2);
    assert_string_equal(g->node[0].type, "Add");
    assert_string_equal(g->node[0].name, "");
    assert_string_equal(g->node[0].domain, "");
    assert_string_equal(g->node[1].type, "Relu");
    assert_int_equal(g->input_count, 1);
    assert_int_equal(g->output_count, 1);
    const vouch_value *x = &g->value[g->input[0]], *y = &g->value[g->output[0]];
    assert_string_equal(x->name, "x");
    assert_int_equal(x->producer, -1);
    assert_int_equal(x->dtype, VOUCH_F32);
    assert_true(x->shape_known && x->shape.rank == 2);
    assert_int_equal(y->producer, 1);
    assert_false(y->shape_known);
    assert_int_equal(g->value[g->node[1].input[0]].producer, 0);
    assert_non_null(g->value[g->node[0].input[1]].constant);
    assert_int_equal(vouch_graph_parameters(g), 3);
    vouch_graph_free(g);
    vouch_graph_free(NULL);
    vouch_context_free(ctx);
}

/* Every value that a node reads comes from an earlier node or from none. */
static void assert_sorted(const vouch_graph *g)
{
    for (int n = 0; n < g->node_count; n++) {
        for (int i = 0; i < g->node[n].input_count; i++)
            if (g->node[n].input[i] >= 0)
                assert_true(g->value[g->node[n].input[i]].producer < n);
        assert_int_equal(g->value[g->node[n].output[0]].producer, n);
    }
}

/* Node k computes v<k> from two earlier values; the file gives the nodes in order[]. */
static vouch_graph *random_graph(vouch_context *ctx, const int *order, int count, uint64_t seed)
{
    vouch_graph_builder *b = new_builder(ctx);
    vouch_graph *g = NULL;
    vouch_test_ok(ctx, add_input(b, "x"));
    for (int i = 0; i < count; i++) {
        const int k = order[i];
        vouch_random r = vouch_random_stream(seed, "edges", (uint64_t)k);
        char out[32], in[2][32] = {"x", "x"};
        (void)snprintf(out, sizeof out, "v%d", k);
        for (int e = 0; e < 2 && k > 0; e++)
            (void)snprintf(in[e], sizeof in[e], "v%d",
                           k - 1 - (int)vouch_random_below(&r, (uint64_t)(k < 9 ? k : 9)));
        vouch_test_ok(ctx, add(b, "Add", out, in[0], in[1], out));
    }
    char last[32];
    (void)snprintf(last, sizeof last, "v%d", count - 1);
    vouch_test_ok(ctx, vouch_graph_add_output(b, last));
    vouch_test_ok(ctx, vouch_graph_finish(b, &g));
    return g;
}

enum { MANY = 3000 };

static void nodes_in_any_order_are_sorted(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_random r = vouch_random_stream(1, "shuffle", 0);
    static int order[MANY];
    for (int i = 0; i < MANY; i++) {
        const int j = (int)vouch_random_below(&r, (uint64_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    vouch_graph *g = random_graph(ctx, order, MANY, 1);
    assert_int_equal(g->node_count, MANY);
    assert_int_equal(g->value_count, MANY + 1);
    assert_sorted(g);
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

static void a_sorted_file_keeps_its_order_and_a_reversed_one_is_turned(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    for (int reversed = 0; reversed < 2; reversed++) {
        static int order[MANY];
        for (int i = 0; i < MANY; i++)
            order[i] = reversed ? MANY - 1 - i : i;
        vouch_graph *g = random_graph(ctx, order, MANY, 2);
        assert_sorted(g);
        for (int i = 0; i < MANY && !reversed; i++)
            assert_int_equal(g->value[g->node[i].output[0]].producer, i);
        vouch_graph_free(g);
    }
    vouch_context_free(ctx);
}

static void finish_fails(vouch_context *ctx, vouch_graph_builder *b, const char *text)
{
    vouch_graph *g = (vouch_graph *)&text; /* must become NULL */
    vouch_test_fails(ctx, vouch_graph_finish(b, &g), VOUCH_ERR_PARSE, text);
    assert_null(g);
}

static void a_cycle_is_refused_naming_a_node_on_it(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph_builder *b = new_builder(ctx);
    vouch_test_ok(ctx, add_input(b, "x"));
    vouch_test_ok(ctx, add(b, "Add", "before", "x", NULL, "a"));
    vouch_test_ok(ctx, add(b, "Add", "one", "a", "d", "c"));
    vouch_test_ok(ctx, add(b, "Relu", "two", "c", NULL, "d"));
    vouch_test_ok(ctx, add(b, "Relu", "after", "d", NULL, "y"));
    vouch_test_ok(ctx, vouch_graph_add_output(b, "y"));
    finish_fails(ctx, b, "net.onnx: node 'two' (Relu): it lies on a cycle");

    b = new_builder(ctx);
    vouch_test_ok(ctx, add(b, "Relu", NULL, "y", NULL, "y"));
    vouch_test_ok(ctx, vouch_graph_add_output(b, "y"));
    finish_fails(ctx, b, "node of 'y' (Relu): it lies on a cycle");
    vouch_context_free(ctx);
}

static void a_value_without_source_is_refused_by_name(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph_builder *b = new_builder(ctx);
    vouch_test_ok(ctx, add_input(b, "x"));
    vouch_test_ok(ctx, add(b, "Add", "n", "x", "weights", "y"));
    vouch_test_ok(ctx, vouch_graph_add_output(b, "y"));
    finish_fails(ctx, b, "net.onnx: node 'n' (Add): its input 'weights'");

    b = new_builder(ctx);
    vouch_test_ok(ctx, vouch_graph_add_output(b, "nowhere"));
    finish_fails(ctx, b, "nothing computes output 'nowhere'");

    b = new_builder(ctx);
    vouch_test_ok(ctx, add_input(b, "x"));
    finish_fails(ctx, b, "no output");
    vouch_context_free(ctx);
}

static void a_second_source_is_refused_by_name(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph_builder *b = new_builder(ctx);
    vouch_test_ok(ctx, add_input(b, "x"));
    vouch_test_fails(ctx, add_input(b, "x"), VOUCH_ERR_PARSE, "'x' is defined twice");
    vouch_test_fails(ctx, add_weights(b, "x", 1), VOUCH_ERR_PARSE, "'x' is defined twice");
    vouch_test_ok(ctx, add_weights(b, "w", 1));
    vouch_test_fails(ctx, add_input(b, "w"), VOUCH_ERR_PARSE, "'w' is defined twice");
    vouch_test_fails(ctx, add(b, "Relu", "n", "x", NULL, "w"), VOUCH_ERR_PARSE,
                     "node 'n' (Relu): its output 'w' is defined twice");
    vouch_graph_builder_free(b);
    vouch_graph_builder_free(NULL);
    vouch_context_free(ctx);
}

static void a_value_index_out_of_range_is_refused(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_graph_builder *b = new_builder(ctx);
    const int input = 5;
    const vouch_node node = {.type = "Relu", .input_count = 1, .input = &input};
    vouch_test_fails(ctx, vouch_graph_add_node(b, &node), VOUCH_ERR_INTERNAL, "net.onnx");
    vouch_graph_builder_free(b);
    vouch_context_free(ctx);
}

static const int64_t two_ints[] = {4, 5};
static const vouch_attr attrs[] = {
    {.name = "axis", .kind = VOUCH_ATTR_INT, .i = -2},
    {.name = "alpha", .kind = VOUCH_ATTR_FLOAT, .f = .25},
    {.name = "mode", .kind = VOUCH_ATTR_TEXT, .text = "same"},
    {.name = "pads", .kind = VOUCH_ATTR_INTS, .count = 2, .ints = two_ints},
};
static const vouch_node with_attrs = {
    .type = "Conv", .name = "c", .attr_count = 4, .attr = attrs};
static const vouch_graph unnamed = {.source = "n"};

static void attributes_are_read_or_take_their_default(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    const vouch_node *n = &with_attrs;
    int64_t i = 0;
    double f = 0;
    const char *text = NULL;
    const int64_t *ints = NULL;
    size_t count = 9;
    vouch_test_ok(ctx, vouch_node_int(ctx, &unnamed, n, "axis", 7, &i));
    assert_int_equal(i, -2);
    vouch_test_ok(ctx, vouch_node_int(ctx, &unnamed, n, "group", 7, &i));
    assert_int_equal(i, 7);
    vouch_test_ok(ctx, vouch_node_real(ctx, &unnamed, n, "alpha", 1, &f));
    assert_true(f == .25);
    vouch_test_ok(ctx, vouch_node_real(ctx, &unnamed, n, "beta", 1, &f));
    assert_true(f == 1);
    vouch_test_ok(ctx, vouch_node_text(ctx, &unnamed, n, "mode", "x", &text));
    assert_string_equal(text, "same");
    vouch_test_ok(ctx, vouch_node_text(ctx, &unnamed, n, "auto_pad", "x", &text));
    assert_string_equal(text, "x");
    vouch_test_ok(ctx, vouch_node_ints(ctx, &unnamed, n, "pads", &ints, &count));
    assert_true(ints == two_ints && count == 2);
    vouch_test_ok(ctx, vouch_node_ints(ctx, &unnamed, n, "strides", &ints, &count));
    assert_true(ints == NULL && count == 0);
    vouch_context_free(ctx);
}

static void an_attribute_of_the_wrong_kind_is_refused(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    const vouch_node *n = &with_attrs;
    int64_t i;
    double f;
    const char *text;
    const int64_t *ints;
    size_t count;
    vouch_test_fails(ctx, vouch_node_int(ctx, &unnamed, n, "alpha", 7, &i), VOUCH_ERR_PARSE,
                     "n: node 'c' (Conv): attribute 'alpha' is a float instead of an integer");
    vouch_test_fails(ctx, vouch_node_real(ctx, &unnamed, n, "axis", 7, &f), VOUCH_ERR_PARSE,
                     "is an integer instead of a float");
    vouch_test_fails(ctx, vouch_node_text(ctx, &unnamed, n, "pads", "", &text), VOUCH_ERR_PARSE,
                     "is a list of integers instead of a text");
    vouch_test_fails(ctx, vouch_node_ints(ctx, &unnamed, n, "mode", &ints, &count),
                     VOUCH_ERR_PARSE, "is a text instead of a list of integers");
    vouch_context_free(ctx);
}

static vouch_status build_small(vouch_context *ctx, void *user)
{
    (void)user;
    vouch_graph_builder *b = vouch_graph_builder_new(ctx, "net.onnx", 13);
    if (!b)
        return VOUCH_ERR_MEMORY;
    vouch_status s = fill_small(b);
    char name[32];
    for (int i = 0; i < 2000 && s == VOUCH_OK; i++) {
        (void)snprintf(name, sizeof name, "weight %d", i);
        s = add_weights(b, name, 1);
    }
    if (s != VOUCH_OK) {
        vouch_graph_builder_free(b);
        return s;
    }
    vouch_graph *g = NULL;
    s = vouch_graph_finish(b, &g);
    vouch_graph_free(g);
    return s;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    vouch_test_every_allocation_fails(build_small, NULL);
    vouch_test_some_allocations_fail(build_small, NULL, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_graph_is_sorted_and_linked),
        cmocka_unit_test(nodes_in_any_order_are_sorted),
        cmocka_unit_test(a_sorted_file_keeps_its_order_and_a_reversed_one_is_turned),
        cmocka_unit_test(a_cycle_is_refused_naming_a_node_on_it),
        cmocka_unit_test(a_value_without_source_is_refused_by_name),
        cmocka_unit_test(a_second_source_is_refused_by_name),
        cmocka_unit_test(a_value_index_out_of_range_is_refused),
        cmocka_unit_test(attributes_are_read_or_take_their_default),
        cmocka_unit_test(an_attribute_of_the_wrong_kind_is_refused),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
