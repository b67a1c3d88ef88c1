/* Operators when memory runs out: every allocation of binding, evaluating and decomposing fails
 * once. */
#include <stdio.h>

#include "lower/decompose.h"
#include "op/op.h"
#include "support/op_case.h"

/* Builds, binds, evaluates and decomposes one case. */
static vouch_status whole_case(vouch_context *ctx, void *user)
{
    op_case f = {.text = user, .ctx = ctx, .random = vouch_random_stream(1, user, 0)};
    double x[1 << 12] = {1}, y[1 << 14];
    vouch_graph *copy = NULL;
    vouch_status status = vouch_test_op_build(&f, f.text);
    if (!status)
        status = vouch_op_eval_graph(ctx, f.graph, VOUCH_F32, x, y);
    if (!status)
        status = vouch_lower_decompose(ctx, f.graph, &copy);
    vouch_graph_free(copy);
    vouch_graph_free(f.graph);
    return status;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    for (int i = 0; vouch_test_op_cases[i]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%s", vouch_test_op_cases[i]);
        vouch_test_every_allocation_fails(whole_case, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
