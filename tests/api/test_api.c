/* The public interface, from a network and properties of a few lines. */
#include <vouch/vouch.h>

#include <math.h>
#include <string.h>

#include "support/support.h"

/* y0 = relu(x0 + x1), y1 = relu(x0 - x1), without normalisation */
static const char net[] = "// two neurons\n"
                          "2,2,2,2,\n"
                          "2,2,2,\n"
                          "0,\n"
                          "-10.0,-10.0,\n"
                          "10.0,10.0,\n"
                          "0.0,0.0,0.0,\n"
                          "1.0,1.0,1.0,\n"
                          "1.0,1.0,\n"
                          "1.0,-1.0,\n"
                          "0.0,\n"
                          "0.0,\n"
                          "1.0,0.0,\n"
                          "0.0,1.0,\n"
                          "0.0,\n"
                          "0.0,\n";

#define VARIABLES                                                                              \
    "(declare-const X_0 Real)(declare-const X_1 Real)"                                         \
    "(declare-const Y_0 Real)(declare-const Y_1 Real)"                                         \
    "(assert (>= X_0 0))(assert (<= X_0 1))(assert (>= X_1 0))(assert (<= X_1 1))"
static const char holds[] = VARIABLES "(assert (>= Y_0 2.5))";
static const char violated[] = VARIABLES "(assert (>= Y_0 1.5))";

typedef struct files {
    char dir[VOUCH_TEST_PATH], net[VOUCH_TEST_PATH], holds[VOUCH_TEST_PATH];
} files;

static int write_files(void **state)
{
    static files f;
    vouch_test_temp_dir(f.dir);
    vouch_test_join(f.dir, "n.nnet", f.net);
    vouch_test_join(f.dir, "holds.vnnlib", f.holds);
    vouch_test_write(f.net, net, sizeof net - 1);
    vouch_test_write(f.holds, holds, sizeof holds - 1);
    *state = &f;
    return 0;
}

static int remove_files(void **state)
{
    vouch_test_remove_dir(((files *)*state)->dir);
    return 0;
}

/* Verdict on a property given as text. */
static vouch_status decide(vouch_context *ctx, const char *path, const char *spec,
                           vouch_result **result)
{
    vouch_network *network = NULL;
    vouch_property *property = NULL;
    vouch_status s = vouch_network_load(ctx, path, &network);
    if (s == VOUCH_OK)
        s = vouch_property_parse(ctx, network, "p.vnnlib", spec, strlen(spec), &property);
    if (s == VOUCH_OK)
        s = vouch_network_verify(ctx, network, property, NULL, 0, result);
    vouch_property_free(property);
    vouch_network_free(network);
    return s;
}

static void a_property_that_holds_is_unsat(void **state)
{
    const files *f = *state;
    vouch_context *ctx = vouch_test_context();
    vouch_result *r = NULL;
    vouch_test_ok(ctx, decide(ctx, f->net, holds, &r));
    assert_int_equal(vouch_result_verdict(r), VOUCH_UNSAT);
    assert_null(vouch_result_witness(r));
    assert_null(vouch_result_witness_output(r));
    assert_true(vouch_result_subproblems(r) >= 1);
    assert_true(vouch_result_proved_share(r) == 1);
    assert_true(vouch_result_seconds(r) >= 0 && vouch_result_cpu_seconds(r) >= 0);
    assert_true(vouch_result_depth(r) >= 0);
    vouch_result_free(r);
    vouch_context_free(ctx);
}

static void a_property_that_is_violated_is_sat_with_a_witness(void **state)
{
    const files *f = *state;
    vouch_context *ctx = vouch_test_context();
    vouch_result *r = NULL;
    vouch_test_ok(ctx, decide(ctx, f->net, violated, &r));
    assert_int_equal(vouch_result_verdict(r), VOUCH_SAT);
    const double *x = vouch_result_witness(r), *y = vouch_result_witness_output(r);
    assert_true(x[0] >= 0 && x[0] <= 1 && x[1] >= 0 && x[1] <= 1);
    assert_true(x[0] + x[1] >= 1.5 && fabs(y[0] - (x[0] + x[1])) < 1e-6);
    vouch_result_free(r);
    vouch_context_free(ctx);
}

static void a_network_tells_its_size_and_evaluates(void **state)
{
    const files *f = *state;
    vouch_context *ctx = vouch_test_context();
    vouch_network *n = NULL;
    vouch_test_ok(ctx, vouch_network_load(ctx, f->net, &n));
    assert_int_equal(vouch_network_inputs(n), 2);
    assert_int_equal(vouch_network_outputs(n), 2);
    assert_true(vouch_network_parameters(n) >= 12);
    assert_int_equal(strlen(vouch_network_sha256(n)), 64);
    double y[2];
    vouch_test_ok(ctx, vouch_network_evaluate(ctx, n, (const double[]){.5, .25}, y));
    assert_true(y[0] == .75 && y[1] == .25);
    vouch_network_free(n);
    vouch_context_free(ctx);
}

static void settings_are_checked_and_described(void **state)
{
    const files *f = *state;
    vouch_context *ctx = vouch_test_context();
    vouch_network *n = NULL;
    vouch_property *p = NULL;
    vouch_result *r = NULL;
    vouch_test_ok(ctx, vouch_network_load(ctx, f->net, &n));
    vouch_test_ok(ctx, vouch_property_load(ctx, n, f->holds, &p));
    const vouch_setting good[] = {{"timeout", "60"}, {"threads", "2"}, {"attack", "false"}};
    vouch_test_ok(ctx, vouch_network_verify(ctx, n, p, good, 3, &r));
    assert_int_equal(vouch_result_verdict(r), VOUCH_UNSAT);
    assert_non_null(vouch_result_reason(r));
    vouch_result_free(r);
    const vouch_setting unknown = {"color", "red"}, wrong = {"timeout", "soon"};
    vouch_test_fails(ctx, vouch_network_verify(ctx, n, p, &unknown, 1, &r), VOUCH_ERR_ARGUMENT,
                     "no setting 'color'");
    vouch_test_fails(ctx, vouch_network_verify(ctx, n, p, &wrong, 1, &r), VOUCH_ERR_ARGUMENT,
                     "'timeout': 'soon'");
    assert_null(r);
    const char *name = NULL, *help = NULL;
    size_t count = 0;
    for (; vouch_setting_describe(count, &name, &help); count++)
        assert_true(name && *name && help && *help);
    assert_true(count > 5);
    vouch_property_free(p);
    vouch_network_free(n);
    vouch_context_free(ctx);
}

static void bad_input_gives_an_error_and_no_object(void **state)
{
    const files *f = *state;
    vouch_context *ctx = vouch_test_context();
    vouch_network *n = NULL;
    vouch_property *p = NULL;
    char missing[VOUCH_TEST_PATH];
    vouch_test_join(f->dir, "missing.onnx", missing);
    vouch_test_fails(ctx, vouch_network_load(ctx, missing, &n), VOUCH_ERR_IO, "missing.onnx");
    assert_null(n);
    vouch_test_ok(ctx, vouch_network_load(ctx, f->net, &n));
    vouch_test_fails(ctx, vouch_property_load(ctx, n, missing, &p), VOUCH_ERR_IO, "missing");
    vouch_test_fails(ctx, vouch_property_parse(ctx, n, "q.vnnlib", "(assert", 7, &p),
                     VOUCH_ERR_PARSE, "q.vnnlib:1");
    assert_null(p);
    vouch_network_free(n);
    vouch_network_free(NULL);
    vouch_property_free(NULL);
    vouch_result_free(NULL);
    vouch_context_free(ctx);
}

static void a_cancelled_call_is_unknown(void **state)
{
    const files *f = *state;
    vouch_context *ctx = vouch_test_context();
    vouch_network *n = NULL;
    vouch_property *p = NULL;
    vouch_result *r = NULL;
    vouch_test_ok(ctx, vouch_network_load(ctx, f->net, &n));
    vouch_test_ok(ctx, vouch_property_load(ctx, n, f->holds, &p));
    vouch_context_cancel(ctx);
    vouch_test_ok(ctx, vouch_network_verify(ctx, n, p, NULL, 0, &r));
    assert_true(vouch_result_verdict(r) == VOUCH_UNKNOWN ||
                vouch_result_verdict(r) == VOUCH_UNSAT);
    vouch_result_free(r);
    vouch_property_free(p);
    vouch_network_free(n);
    vouch_context_free(ctx);
}

static vouch_status decide_and_forget(vouch_context *ctx, void *user)
{
    vouch_result *r = NULL;
    const vouch_status s = decide(ctx, user, holds, &r);
    vouch_result_free(r);
    return s;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    files *f = *state;
    vouch_test_some_allocations_fail(decide_and_forget, f->net, 200);
}

static void the_version_has_three_parts(void **state)
{
    (void)state;
    int dots = 0;
    for (const char *v = vouch_version(); *v; v++)
        dots += *v == '.';
    assert_int_equal(dots, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_property_that_holds_is_unsat),
        cmocka_unit_test(a_property_that_is_violated_is_sat_with_a_witness),
        cmocka_unit_test(a_network_tells_its_size_and_evaluates),
        cmocka_unit_test(settings_are_checked_and_described),
        cmocka_unit_test(bad_input_gives_an_error_and_no_object),
        cmocka_unit_test(a_cancelled_call_is_unknown),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
        cmocka_unit_test(the_version_has_three_parts),
    };
    return cmocka_run_group_tests(tests, write_files, remove_files);
}
