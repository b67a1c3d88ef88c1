/* Forward forms through products: a factor that the box fixes costs nothing, and whatever the
 * factors' intervals, no value of the product lies outside. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bounds/domain.h"
#include "support/op_case.h"
#include "support/random_graph.h"

enum { OUTPUTS_MOST = 8, INPUTS_MOST = 32, SAMPLES = 200 };

typedef struct product {
    op_case op;
    bool *varying;
    int inputs, outputs;
    double low[INPUTS_MOST], high[INPUTS_MOST];
    double output[OUTPUTS_MOST * OUTPUTS_MOST], input[OUTPUTS_MOST * INPUTS_MOST];
    vouch_linear_rows rows; /* row i: output i, less what the test puts into `input` */
} product;

static void open_product(product *p, const char *text)
{
    *p = (product){0};
    vouch_test_op_open(&p->op, text, 5);
    p->inputs = (int)vouch_op_input_size(p->op.graph);
    p->outputs = (int)vouch_op_output_size(p->op.graph);
    assert_true(p->inputs <= INPUTS_MOST && p->outputs <= OUTPUTS_MOST);
    p->varying = calloc((size_t)p->op.graph->value_count, sizeof *p->varying);
    assert_non_null(p->varying);
    vouch_op_varying(p->op.graph, p->varying);
    for (int i = 0; i < p->outputs; i++)
        p->output[i * p->outputs + i] = 1;
    p->rows = (vouch_linear_rows){.count = p->outputs, .output = p->output, .input = p->input};
}

static void close_product(product *p)
{
    free(p->varying);
    vouch_test_op_close(&p->op);
}

static vouch_bounds bound(product *p, const char *domain)
{
    vouch_bounds b;
    const vouch_bound_problem problem = {.graph = p->op.graph,
                                         .varying = p->varying,
                                         .input_size = p->inputs,
                                         .output_size = p->outputs,
                                         .low = p->low,
                                         .high = p->high,
                                         .rows = &p->rows};
    vouch_test_ok(p->op.ctx,
                  vouch_domain_find(domain)->run(p->op.ctx, p->op.arena, NULL, &problem, &b));
    return b;
}

static void a_fixed_factor_loses_nothing(void **state)
{
    static const char *const domains[] = {"symbolic", "symbolic_parallel", "zonotope"};
    product p;
    (void)state;
    open_product(&p, "Mul 14 | v3 v3 |");
    for (int i = 0; i < 3; i++) {
        p.low[i] = -1;
        p.high[i] = 3;
        p.low[3 + i] = p.high[3 + i] = .5 * i; /* the mask */
        p.input[i * p.inputs + i] = -.5 * i;   /* rows: x_i m_i - m_i x_i */
    }
    for (size_t d = 0; d < VOUCH_TEST_COUNT(domains); d++) {
        vouch_bounds b = bound(&p, domains[d]);
        for (int i = 0; i < 3; i++) {
            assert_true(b.row_low[i] <= 0 && b.row_high[i] >= 0);
            assert_true(b.row_high[i] - b.row_low[i] < 1e-12);
        }
    }
    close_product(&p);
}

/* Widths from nothing over the neighbours of a decimal to wide. */
static void draw_box(product *p, vouch_random *r)
{
    static const double widths[] = {0, 1e-16, 1e-9, .1, 2};
    for (int d = 0; d < p->inputs; d++) {
        double centre = 4 * vouch_random_unit(r) - 2;
        p->low[d] = centre;
        p->high[d] = centre + widths[(int)(5 * vouch_random_unit(r))];
    }
    for (int i = 0; i < p->outputs * p->inputs; i++)
        p->input[i] = vouch_random_unit(r) - .5;
}

static void check_sampled(product *p, const vouch_bounds *b, vouch_random *r)
{
    double x[INPUTS_MOST], y[OUTPUTS_MOST];
    for (int s = 0; s < SAMPLES; s++) {
        vouch_test_random_point(r, p->inputs, p->low, p->high, x);
        vouch_test_ok(p->op.ctx, vouch_op_eval_graph(p->op.ctx, p->op.graph, VOUCH_F64, x, y));
        for (int i = 0; i < p->outputs; i++) {
            double row = y[i], lower = b->lower_offset[i], upper = b->upper_offset[i];
            for (int d = 0; d < p->inputs; d++) {
                row += p->input[i * p->inputs + d] * x[d];
                lower += b->lower[i * p->inputs + d] * x[d];
                upper += b->upper[i * p->inputs + d] * x[d];
            }
            assert_true(row >= b->row_low[i] - 1e-13 && row <= b->row_high[i] + 1e-13);
            assert_true(row >= lower - 1e-13 && row <= upper + 1e-13);
        }
    }
}

static void no_value_lies_outside(void **state)
{
    static const char *const texts[] = {"Mul 14 | v3 v3 |", "Mul 14 | v2,3 v3 |",
                                        "MatMul 13 | v2,3 v3,2 |"};
    vouch_random r = vouch_random_stream(3, "products", 0);
    (void)state;
    for (size_t t = 0; t < VOUCH_TEST_COUNT(texts); t++)
        for (int k = 0; k < 30; k++) {
            product p;
            open_product(&p, texts[t]);
            draw_box(&p, &r);
            vouch_bounds b = bound(&p, k % 2 ? "symbolic" : "zonotope");
            check_sampled(&p, &b, &r);
            close_product(&p);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_factor_loses_nothing),
        cmocka_unit_test(no_value_lies_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
