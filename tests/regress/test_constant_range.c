/* A node on constants whose result has no exact double stays in the network, in a tiny interval.
 * Found on quadrotor networks: the product of two float32 matrices was bounded by reading their
 * floats as doubles, and what followed from that was not sound. */
#include <math.h>
#include <stdlib.h>

#include "bounds/domain.h"
#include "support/net.h"
#include "support/op_case.h"

static void a_product_of_stored_floats_is_bounded_by_their_values(void **state)
{
    op_case f;
    vouch_bounds bounds;
    bool *varying;
    int v;

    (void)state;
    vouch_test_op_open(&f, "MatMul 13 | c2,3 c3,4 |", 5);
    v = f.graph->output[0];
    assert_null(f.graph->value[v].constant); /* it rounds: else this tests nothing */
    varying = calloc((size_t)f.graph->value_count, sizeof *varying);
    assert_non_null(varying);
    vouch_op_varying(f.graph, varying);
    const vouch_bound_problem problem = {.graph = f.graph,
                                         .varying = varying,
                                         .output_size = 8,
                                         .low = (const double[]){0},
                                         .high = (const double[]){0}};
    vouch_test_ok(f.ctx,
                  vouch_domain_find("interval")->run(f.ctx, f.arena, NULL, &problem, &bounds));
    double y[8];
    vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, problem.low, y));
    for (int i = 0; i < 8; i++) {
        assert_true(bounds.low[v][i] <= y[i] + 1e-12 && bounds.high[v][i] >= y[i] - 1e-12);
        assert_true(bounds.high[v][i] - bounds.low[v][i] < 1e-12);
    }
    free(varying);
    vouch_test_op_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_of_stored_floats_is_bounded_by_their_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
