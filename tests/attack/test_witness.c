/* What counts as a witness: points on the boundary, strict rows, decimals, element types. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attack/falsify.h"
#include "support/net.h"

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    double input[8], output[8];
    vouch_witness witness;
} fixture;

static void open_fixture(fixture *f, vouch_dtype dtype, int layers, const int *size,
                         const float *parameters)
{
    memset(f, 0, sizeof *f);
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    assert_non_null(f->arena);
    vouch_test_net_new(f->ctx, dtype, layers, size, parameters, &f->net);
    f->witness.input = f->input;
    f->witness.output = f->output;
}

static void close_fixture(fixture *f)
{
    vouch_test_net_free(&f->net);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* Is the candidate a witness? Every yes under real semantics is replayed in rationals. */
static bool check(fixture *f, vouch_semantics semantics, const char *assertions,
                  const double *candidate)
{
    vouch_spec *spec = vouch_test_spec(f->ctx, f->net.graph, assertions);

    vouch_test_ok(f->ctx, vouch_witness_check(f->ctx, f->arena, f->net.graph, spec, semantics,
                                              candidate, &f->witness));
    if (f->witness.found && semantics == VOUCH_SEMANTICS_REAL)
        assert_true(vouch_test_net_holds(&f->net, spec, f->witness.which_case, f->input));
    vouch_spec_free(spec);
    return f->witness.found;
}

static bool real(fixture *f, const char *assertions, double candidate)
{
    return check(f, VOUCH_SEMANTICS_REAL, assertions, &candidate);
}

static const int one_to_one[] = {1, 1};

static void a_row_met_with_equality_is_decided_exactly(void **state)
{
    static const float identity[] = {1, 0};
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, identity);
    assert_true(real(&f, "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (>= Y_0 1))", 1.7));
    assert_true(f.input[0] == 1 && f.output[0] == 1 && f.witness.which_case == 0);
    assert_false(real(&f,
                      "(assert (>= X_0 0)) (assert (<= X_0 1))"
                      "(assert (>= Y_0 1.000000000000000000000000001))",
                      1));
    assert_false(real(&f, "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (>= Y_0 1.1))", 1));
    close_fixture(&f);
}

static void a_strict_row_is_not_met_by_equality(void **state)
{
    static const float identity[] = {1, 0};
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, identity);
    assert_false(real(&f, "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (> Y_0 1))", 1));
    assert_true(real(&f, "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (< Y_0 1))", .5));
    close_fixture(&f);
}

static void products_are_compared_with_all_their_digits(void **state)
{
    static const float triple[] = {3, 0}; /* 3 * 0.1f, exactly, is the decimal below */
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, triple);
    assert_true(real(&f,
                     "(assert (>= X_0 0)) (assert (<= X_0 1))"
                     "(assert (>= Y_0 0.300000004470348358154296875))"
                     "(assert (<= Y_0 0.300000004470348358154296875))",
                     .1));
    assert_false(real(&f,
                      "(assert (>= X_0 0)) (assert (<= X_0 1))"
                      "(assert (>= Y_0 0.300000004470348358154296876))"
                      "(assert (<= Y_0 0.300000004470348358154296876))",
                      .1));
    close_fixture(&f);
}

static void equality_deep_in_a_relu_network_is_decided_exactly(void **state)
{
    /* y = relu(.1f x0 - .1f x1) + relu(.1f x1 - .1f x0) - x1 * 0 : 0 where x0 = x1 */
    static const float parameters[] = {.1F, -.1F, -.1F, .1F, 0, 0, .3F, .7F, 0};
    static const int size[] = {2, 2, 1};
    const double equal[2] = {.7, .7}, unequal[2] = {.7, .7000002};
    static const char property[] = "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (>= X_1 0))"
                                   "(assert (<= X_1 1)) (assert (<= Y_0 0))";
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 2, size, parameters);
    assert_true(check(&f, VOUCH_SEMANTICS_REAL, property, equal));
    assert_false(check(&f, VOUCH_SEMANTICS_REAL, property, unequal));
    close_fixture(&f);
}

static void the_witness_lies_in_the_decimal_box_not_in_the_rounded_one(void **state)
{
    static const float identity[] = {1, 0};
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, identity);
    /* the float nearest to .1 is above it */
    assert_true(
        real(&f, "(assert (>= X_0 0)) (assert (<= X_0 0.1)) (assert (>= Y_0 0.0999999))", .1));
    assert_true(f.input[0] == (double)nextafterf(.1F, 0));
    assert_false(
        real(&f, "(assert (>= X_0 0)) (assert (<= X_0 0.1)) (assert (>= Y_0 0.1))", .1));
    close_fixture(&f);

    open_fixture(&f, VOUCH_F64, 1, one_to_one, identity); /* so is the double */
    assert_true(
        real(&f, "(assert (>= X_0 0)) (assert (<= X_0 0.1)) (assert (>= Y_0 0.0999999))", .1));
    assert_true(f.input[0] == nextafter(.1, 0));
    close_fixture(&f);
}

#define FIXED(decimal) "(assert (>= X_0 " decimal ")) (assert (<= X_0 " decimal "))"

static void a_constant_no_number_holds_is_taken_at_its_decimal(void **state)
{
    static const float identity[] = {1, 0};

    (void)state;
    for (int d = 0; d < 2; d++) { /* 0.1 is neither a float32 nor a double */
        fixture f;
        open_fixture(&f, d ? VOUCH_F64 : VOUCH_F32, 1, one_to_one, identity);
        assert_true(real(&f, FIXED("0.1") "(assert (>= Y_0 0.0999))", .7));
        assert_true(f.input[0] == .1);
        assert_true(real(&f, FIXED("0.1") "(assert (>= Y_0 0.1)) (assert (<= Y_0 0.1))", .1));
        assert_true(real(&f, FIXED("0.1") "(assert (<= Y_0 X_0)) (assert (<= X_0 Y_0))", .1));
        assert_false(real(&f, FIXED("0.1") "(assert (> Y_0 0.1))", .1));
        assert_false(real(&f, FIXED("0.1") "(assert (< Y_0 0.1))", .1));
        assert_false(real(&f, FIXED("0.1") "(assert (>= Y_0 0.10000000000000000001))", .1));
        assert_true(real(&f, FIXED("0.5") "(assert (>= Y_0 0))", .1));
        assert_true(f.input[0] == .5);
        close_fixture(&f);
    }
}

static void an_interval_between_two_floats_is_taken_at_a_double_inside(void **state)
{
    static const float identity[] = {1, 0};
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, identity);
    assert_true(real(&f,
                     "(assert (>= X_0 0.1)) (assert (<= X_0 0.1000000001))"
                     "(assert (>= Y_0 0.1)) (assert (<= Y_0 0.1000000001))",
                     7));
    assert_true(f.input[0] > .1 && f.input[0] < .1000000001);
    assert_true(f.output[0] == f.input[0]);
    close_fixture(&f);
}

static void the_nearest_float32_stands_for_a_constant_under_float32_semantics(void **state)
{
    static const float identity[] = {1, 0};
    const double tenth = .1;
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, identity);
    assert_true(
        check(&f, VOUCH_SEMANTICS_FLOAT32, FIXED("0.1") "(assert (> Y_0 0.1))", &tenth));
    assert_true(f.input[0] == (double).1F && f.output[0] == (double).1F);
    assert_false(
        check(&f, VOUCH_SEMANTICS_FLOAT32, FIXED("0.1") "(assert (<= Y_0 0.1))", &tenth));
    close_fixture(&f);
}

static void inputs_between_numbers_are_counted(void **state)
{
    static const float sum[] = {1, 1, 1, 0};
    static const int size[] = {3, 1};
    static const char property[] = "(assert (and (>= X_0 0.1) (<= X_0 0.1) (>= X_1 0.5)"
                                   "(<= X_1 0.5) (>= X_2 0) (<= X_2 0.1) (>= Y_0 0)))";
    fixture f;
    int64_t count;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, size, sum);
    vouch_spec *spec = vouch_test_spec(f.ctx, f.net.graph, property);
    vouch_test_ok(f.ctx, vouch_witness_between(f.arena, f.net.graph, spec, VOUCH_SEMANTICS_REAL,
                                               0, &count));
    assert_int_equal(count, 1);
    vouch_spec_free(spec);
    close_fixture(&f);
}

static void each_case_has_its_own_box(void **state)
{
    static const float identity[] = {1, 0};
    static const char property[] = "(assert (or (and (>= X_0 0) (<= X_0 1) (>= Y_0 2))"
                                   "            (and (>= X_0 3) (<= X_0 4) (<= Y_0 3))))";
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, identity);
    assert_true(real(&f, property, .5)); /* clamped to 3 for the second case */
    assert_true(f.input[0] == 3);
    close_fixture(&f);
}

static void rows_may_mix_inputs_and_outputs(void **state)
{
    static const float twice[] = {2, 0};
    static const char property[] =
        "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (>= Y_0 X_0))"
        "(assert (<= Y_0 (* 2 X_0)))";
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, twice);
    assert_true(real(&f, property, .3));
    close_fixture(&f);
}

static void candidates_that_are_no_numbers_do_no_harm(void **state)
{
    static const float identity[] = {1, 0};
    static const char property[] =
        "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (>= Y_0 1))";
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 1, one_to_one, identity);
    assert_false(real(&f, property, (double)NAN));
    assert_true(real(&f, property, (double)INFINITY));
    close_fixture(&f);
}

static void float32_and_real_semantics_may_differ(void **state)
{
    /* y = (x + 2^26) - 2^26: over the reals x, in float32 a multiple of 8 */
    static const float parameters[] = {1, 67108864.0F, 1, -67108864.0F};
    static const int size[] = {1, 1, 1};
    static const char above[] = "(assert (>= X_0 1)) (assert (<= X_0 1)) (assert (>= Y_0 0.5))";
    static const char below[] = "(assert (>= X_0 1)) (assert (<= X_0 1)) (assert (<= Y_0 0.5))";
    const double one = 1;
    fixture f;

    (void)state;
    open_fixture(&f, VOUCH_F32, 2, size, parameters);
    assert_true(check(&f, VOUCH_SEMANTICS_REAL, above, &one));
    assert_false(check(&f, VOUCH_SEMANTICS_REAL, below, &one));
    assert_false(check(&f, VOUCH_SEMANTICS_FLOAT32, above, &one));
    assert_true(check(&f, VOUCH_SEMANTICS_FLOAT32, below, &one));
    assert_true(f.output[0] == 0);
    close_fixture(&f);
}

/* The bound is the exact output at a random point: met there, and missed by a hair beyond. */
static void exact_outputs_of_random_networks_are_their_own_bounds(void **state)
{
    const int size[] = {3, 8, 8, 2};

    (void)state;
    for (uint64_t k = 0; k < 40; k++) {
        vouch_random r = vouch_random_stream(3, "exact", k);
        char text[8192], number[2048];
        double x[3];
        fixture f;
        mpq_t y[2];
        mpz_t scaled;
        memset(&f, 0, sizeof f);
        f.ctx = vouch_test_context();
        f.arena = vouch_arena_new(f.ctx);
        f.witness = (vouch_witness){.input = f.input, .output = f.output};
        vouch_test_net_random(f.ctx, VOUCH_F32, 3, size, &r, &f.net);
        for (int i = 0; i < 3; i++)
            x[i] = (double)(float)vouch_random_unit(&r);
        mpq_inits(y[0], y[1], NULL);
        mpz_init(scaled);
        vouch_test_net_exact(&f.net, x, y);
        /* y = z / 2^k exactly = z 5^k / 10^k: print it as a decimal */
        unsigned long digits = mpz_sizeinbase(mpq_denref(y[0]), 2) - 1;
        mpz_ui_pow_ui(scaled, 5, digits);
        mpz_mul(scaled, scaled, mpq_numref(y[0]));
        gmp_snprintf(number, sizeof number, "%Zde-%lu", scaled, digits);
        for (int strict = 0; strict < 2; strict++) {
            snprintf(text, sizeof text,
                     "(assert (>= X_0 0)) (assert (<= X_0 1)) (assert (>= X_1 0))"
                     "(assert (<= X_1 1)) (assert (>= X_2 0)) (assert (<= X_2 1))"
                     "(assert (<= Y_0 %s)) (assert (%s Y_0 %s))",
                     number, strict ? ">" : ">=", number);
            assert_int_equal(check(&f, VOUCH_SEMANTICS_REAL, text, x), !strict);
        }
        mpz_clear(scaled);
        mpq_clears(y[0], y[1], NULL);
        close_fixture(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_met_with_equality_is_decided_exactly),
        cmocka_unit_test(a_strict_row_is_not_met_by_equality),
        cmocka_unit_test(products_are_compared_with_all_their_digits),
        cmocka_unit_test(equality_deep_in_a_relu_network_is_decided_exactly),
        cmocka_unit_test(the_witness_lies_in_the_decimal_box_not_in_the_rounded_one),
        cmocka_unit_test(a_constant_no_number_holds_is_taken_at_its_decimal),
        cmocka_unit_test(an_interval_between_two_floats_is_taken_at_a_double_inside),
        cmocka_unit_test(the_nearest_float32_stands_for_a_constant_under_float32_semantics),
        cmocka_unit_test(inputs_between_numbers_are_counted),
        cmocka_unit_test(each_case_has_its_own_box),
        cmocka_unit_test(rows_may_mix_inputs_and_outputs),
        cmocka_unit_test(candidates_that_are_no_numbers_do_no_harm),
        cmocka_unit_test(float32_and_real_semantics_may_differ),
        cmocka_unit_test(exact_outputs_of_random_networks_are_their_own_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
