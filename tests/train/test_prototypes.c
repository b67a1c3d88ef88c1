/* Networks with prototypes: what their words add, and how the judging layer starts. */
#include "grad/prototype.h"
#include "op/op.h"
#include "support/support.h"
#include "train/architecture.h"

static vouch_graph *build(vouch_context *ctx, const char *text)
{
    const vouch_architecture a = {
        .text = text, .channels = 2, .height = 5, .width = 4, .deviation = 1, .seed = 3};
    vouch_graph *g = NULL;
    vouch_test_ok(ctx, vouch_architecture_build(ctx, &a, &g));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, g));
    return g;
}

static bool find(const vouch_graph *g, vouch_prototypes *p)
{
    for (int n = 0; n < g->node_count; n++)
        if (vouch_prototypes_at(g, n, p))
            return true;
    return false;
}

static void prototypes_are_found_in_the_graph(void **state)
{
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = build(ctx, "conv6k2 sigmoid proto9 fc3");
    vouch_prototypes p;
    (void)state;
    assert_true(find(g, &p));
    assert_int_equal(p.count, 9);
    assert_int_equal(p.dimension, 6);
    assert_int_equal(p.components, 12);
    assert_int_equal(g->value[p.latent].shape.dim[1], 6);
    assert_true(p.offset[0] == (double)1e-4F);
    vouch_graph_free(g);
    g = build(ctx, "conv6k2 sigmoid fc3");
    assert_false(find(g, &p));
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

static void each_class_starts_with_prototypes_of_its_own(void **state)
{
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = build(ctx, "conv6k2 sigmoid proto9 fc3");
    const vouch_node *last = &g->node[g->node_count - 1];
    const vouch_tensor *w = g->value[last->input[1]].constant;
    (void)state;
    for (int c = 0; c < 3; c++)
        for (int j = 0; j < 9; j++)
            assert_true(vouch_tensor_get(w, 9 * c + j) == (j / 3 == c ? 1 : -0.5));
    vouch_graph_free(g);
    vouch_context_free(ctx);
}

static void bad_words_are_refused(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {{"conv6 proto fc3", "prototypes look like proto30"},
               {"conv6 proto0 fc3", "prototypes look like proto30"},
               {"conv6 proto3x fc3", "prototypes look like proto30"},
               {"proto3 fc3", "a layer must come first"}};
    vouch_context *ctx = vouch_test_context();
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        const vouch_architecture a = {
            .text = bad[i].text, .channels = 2, .height = 5, .width = 4, .deviation = 1};
        vouch_graph *g = NULL;
        vouch_test_fails(ctx, vouch_architecture_build(ctx, &a, &g), VOUCH_ERR_ARGUMENT,
                         bad[i].error);
    }
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prototypes_are_found_in_the_graph),
        cmocka_unit_test(each_class_starts_with_prototypes_of_its_own),
        cmocka_unit_test(bad_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
