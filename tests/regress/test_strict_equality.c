/* A strict row that is met with equality at the boundary is proved, not searched for ever: Relu
 * never goes below 0, so Y_0 < 0 is impossible although Y_0 = 0 is reached; nor is Ceil above 1 on
 * [-1, 1], which the branching search decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "op/op.h"
#include "support/support.h"
#include "verify/verify.h"

#define PROPERTY(row)                                                                          \
    "(declare-const X_0 Real)(declare-const Y_0 Real)"                                         \
    "(assert (>= X_0 -1))(assert (<= X_0 1))(assert " row ")"

static vouch_graph *one_node(vouch_context *ctx, const char *type)
{
    vouch_graph_builder *b = vouch_graph_builder_new(ctx, type, 13);
    vouch_shape shape = {1, {1}};
    vouch_graph *graph = NULL;
    assert_int_equal(vouch_graph_add_input(b, "x", VOUCH_F32, &shape), VOUCH_OK);
    int *end = vouch_arena_array(vouch_graph_builder_arena(b), 2, sizeof *end);
    end[0] = vouch_graph_value(b, "x");
    end[1] = vouch_graph_value(b, "y");
    vouch_node node = {.type = type, .name = "", .domain = ""};
    node.input_count = node.output_count = 1;
    node.input = &end[0];
    node.output = &end[1];
    assert_int_equal(vouch_graph_add_node(b, &node), VOUCH_OK);
    assert_int_equal(vouch_graph_add_output(b, "y"), VOUCH_OK);
    assert_int_equal(vouch_graph_finish(b, &graph), VOUCH_OK);
    assert_int_equal(vouch_op_bind_graph(ctx, graph), VOUCH_OK);
    return graph;
}

static void expect_proof(const char *type, const char *property)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_graph *graph = one_node(ctx, type);
    vouch_spec *spec = NULL;
    vouch_verify_settings settings;
    vouch_verify_result result;
    assert_int_equal(vouch_spec_parse(ctx, graph, "strict", property, strlen(property), &spec),
                     VOUCH_OK);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.max_subproblems = 10000;
    assert_int_equal(vouch_verify(ctx, arena, graph, spec, &settings, NULL, &result), VOUCH_OK);
    assert_int_equal(result.verdict, VOUCH_UNSAT);
    vouch_spec_free(spec);
    vouch_graph_free(graph);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void strict_row_met_with_equality_is_proved(void **state)
{
    (void)state;
    expect_proof("Relu", PROPERTY("(< Y_0 0)"));
}

static void strict_row_met_with_equality_at_a_jump_is_proved(void **state)
{
    (void)state;
    expect_proof("Ceil", PROPERTY("(> Y_0 1)"));
    expect_proof("Ceil", PROPERTY("(< Y_0 -1)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict_row_met_with_equality_is_proved),
        cmocka_unit_test(strict_row_met_with_equality_at_a_jump_is_proved)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
