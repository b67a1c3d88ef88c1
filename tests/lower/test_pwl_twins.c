/* Lowering: what is stable, equal or opposite needs no neuron of its own. */
#include <math.h>

#include "lower/pwl.h"
#include "support/net.h"

static const vouch_pwl_limits LIMITS = {100, 10000};

static vouch_pwl *lower(vouch_context *ctx, const vouch_graph *graph, double low, double high)
{
    const double l[2] = {low, low}, h[2] = {high, high};
    vouch_pwl *form;
    vouch_test_ok(ctx, vouch_pwl_lower(ctx, graph, l, h, &LIMITS, &form));
    assert_non_null(form);
    return form;
}

/* min(a, b) = (relu(s) - relu(-s) - relu(d) - relu(-d)) / 2 with s = a + b, d = a - b, the way
 * lattice networks store it. */
static void minimum(vouch_context *ctx, vouch_test_net *net)
{
    static const int size[] = {2, 4, 1};
    static const float parameters[] = {1, -1, 1, -1,   1,     -1,    -1,    1, 0,
                                       0, 0,  0, 0.5F, -0.5F, -0.5F, -0.5F, 0};
    vouch_test_net_new(ctx, VOUCH_F32, 2, size, parameters, net);
}

static void a_minimum_of_two_needs_one_neuron(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_test_net net;
    minimum(ctx, &net);
    vouch_pwl *form = lower(ctx, net.graph, -1, 1);
    /* of the sum and of the difference; the output uses the latter alone */
    assert_true(form->neuron_count <= 2);
    const double *row = vouch_pwl_row(form, form->neuron_count);
    for (double a = -1; a <= 1; a += 0.25)
        for (double b = -1; b <= 1; b += 0.25) {
            double y = row[0] * a + row[1] * b + row[2];
            for (int k = 0; k < form->neuron_count; k++) {
                const double *z = vouch_pwl_row(form, k);
                y += row[3 + k] * fmax(0, z[0] * a + z[1] * b + z[2]);
            }
            assert_true(fabs(y - fmin(a, b)) <= form->radius[form->neuron_count] + 1e-15);
        }
    vouch_pwl_free(ctx, form);
    vouch_test_net_free(&net);
    vouch_context_free(ctx);
}

static void stable_neurons_are_folded(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_test_net net;
    static const int size[] = {2, 2, 1};
    /* relu(a + 3) - relu(b - 3) */
    static const float parameters[] = {1, 0, 0, 1, 3, -3, 1, -1, 0};
    vouch_test_net_new(ctx, VOUCH_F32, 2, size, parameters, &net);
    vouch_pwl *form = lower(ctx, net.graph, -1, 1);
    assert_int_equal(form->neuron_count, 0);
    assert_true(fabs(vouch_pwl_row(form, 0)[0] - 1) == 0);
    assert_true(fabs(vouch_pwl_row(form, 0)[2] - 3) == 0);
    vouch_pwl_free(ctx, form);
    vouch_test_net_free(&net);
    vouch_context_free(ctx);
}

static void a_difference_of_equals_is_no_neuron(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_test_net net;
    static const int size[] = {2, 2, 1, 1};
    /* h = relu(a + 2), relu(a + 2);  relu(0.1 h_1 - 0.1 h_2) */
    static const float parameters[] = {1, 1, 0, 0, 2, 2, 0.1F, -0.1F, 0, 1, 0};
    vouch_test_net_new(ctx, VOUCH_F32, 3, size, parameters, &net);
    vouch_pwl *form = lower(ctx, net.graph, -1, 1);
    assert_int_equal(form->neuron_count, 0);
    assert_true(form->radius[0] < 1e-12);
    vouch_pwl_free(ctx, form);
    vouch_test_net_free(&net);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimum_of_two_needs_one_neuron),
        cmocka_unit_test(stable_neurons_are_folded),
        cmocka_unit_test(a_difference_of_equals_is_no_neuron),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
