/* Operators when memory runs out: every allocation of binding and evaluating fails once. */
#include <stdio.h>

#include "op/op.h"
#include "support/op_case.h"

/* Builds, binds, evaluates and takes the range of one case. */
static vouch_status whole_case(vouch_context *ctx, void *user)
{
    op_case f = {.text = user, .ctx = ctx, .random = vouch_random_stream(1, user, 0)};
    double x[64] = {1}, y[256];
    vouch_status status = vouch_test_op_build(&f, f.text);
    if (!status)
        status = vouch_op_eval_graph(ctx, f.graph, VOUCH_F32, x, y);
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
