/* VNN-LIB 1.0: what the normal form of a property is. */
#include "spec_fixture.h"

#include <math.h>
#include <stdio.h>

static void open_2_2(spec_fixture *f, const char *text)
{
    fixture_open(f, 2, 2);
    if (fixture_parse(f, text) != VOUCH_OK)
        fail_msg("%s", vouch_context_error(f->ctx));
    assert_non_null(f->spec);
}

static const vouch_row *only_row(const spec_fixture *f)
{
    assert_int_equal(f->spec->case_count, 1);
    assert_int_equal(f->spec->cases[0].row_count, 1);
    return &f->spec->cases[0].row[0];
}

static void bounds_of_inputs_become_the_box(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f, DECLARE_2_2 "(assert (<= X_0 0.5))\n(assert (>= X_0 -0.25))\n"
                             "(assert (>= 1.5e1 X_1))(assert (<= -1.5E+2 X_1))");
    assert_int_equal(f.spec->version, 1);
    assert_int_equal(f.spec->box_count, 1);
    assert_int_equal(f.spec->case_count, 1);
    assert_int_equal(f.spec->cases[0].row_count, 0);
    assert_true(f.spec->box[0].high[0] == 0.5);
    assert_true(f.spec->box[0].low[0] == -0.25);
    assert_true(f.spec->box[0].high[1] == 15);
    assert_true(f.spec->box[0].low[1] == -150);
    assert_null(f.spec->note);
    fixture_close(&f);
}

static void decimal_bounds_are_rounded_outward(void **state)
{
    spec_fixture f;
    const vouch_box *b;

    (void)state;
    open_2_2(&f, DECLARE_2_2 "(assert (and (<= X_0 0.1) (>= X_0 -0.1) (<= X_1 0.3)"
                             " (>= X_1 0.1)))");
    b = &f.spec->box[0];
    assert_true(b->high[0] == 0.1); /* the double 0.1 is above the decimal */
    assert_true(b->low[0] == -0.1);
    assert_true(b->high[1] == nextafter(0.3, 1)); /* the double 0.3 is below */
    assert_true(b->low[1] == nextafter(0.1, 0));
    assert_true(mpq_cmp_ui(b->exact_high[0], 1, 10) == 0);
    fixture_close(&f);
}

static void a_box_excludes_the_double_beyond_its_decimal(void **state)
{
    spec_fixture f;
    const double inside[2] = {0.09999999, 0.2}, beyond[2] = {0.1, 0.2};
    const double last[2] = {0.09999999999999999, 0.3};

    (void)state;
    open_2_2(&f, DECLARE_2_2 "(assert (and (<= X_0 0.1) (>= X_0 0) (<= X_1 0.3)"
                             " (>= X_1 0.1)))");
    assert_true(vouch_spec_box_contains(f.spec, 0, inside));
    assert_false(vouch_spec_box_contains(f.spec, 0, beyond));
    assert_true(vouch_spec_box_contains(f.spec, 0, last));
    fixture_close(&f);
}

static void sides_may_be_swapped(void **state)
{
    const char *const same[] = {"(assert (<= Y_0 Y_1))", "(assert (>= Y_1 Y_0))",
                                "(assert (<= (- Y_0 Y_1) 0))", "(assert (>= 0 (- Y_0 Y_1)))",
                                "(assert (not (> Y_0 Y_1)))"};

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        char text[512];
        spec_fixture f;
        const vouch_row *row;

        (void)snprintf(text, sizeof text, "%s%s", DECLARE_2_2 BOX_2, same[i]);
        open_2_2(&f, text);
        row = only_row(&f);
        assert_int_equal(row->term_count, 2);
        assert_true(row->term[0].is_output && row->term[0].index == 0);
        assert_true(row->term[0].coefficient == 1 && row->term[0].slack == 0);
        assert_true(row->term[1].coefficient == -1);
        assert_true(row->bound == 0 && !row->strict);
        assert_int_equal(row->line, 3);
        fixture_close(&f);
    }
}

static void rows_mix_inputs_and_outputs(void **state)
{
    spec_fixture f;
    const vouch_row *row;

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2
             "(assert (< (+ (* 2 X_1) (* Y_0 -0.5) 3 (- X_1)) (+ Y_1 (/ 1 3) 0.1)))");
    row = only_row(&f);
    assert_int_equal(row->term_count, 3);
    assert_true(!row->term[0].is_output && row->term[0].index == 1);
    assert_true(row->term[0].coefficient == 1);
    assert_true(row->term[1].coefficient == -0.5 && row->term[2].coefficient == -1);
    assert_true(row->strict);
    assert_true(mpq_cmp_si(row->exact_bound, -77, 30) == 0); /* 1/3 + 1/10 - 3 */
    assert_true(row->bound > -77.0 / 30 - 1e-15 && row->bound < -77.0 / 30 + 1e-15);
    fixture_close(&f);
}

static void a_coefficient_that_is_no_double_has_a_slack(void **state)
{
    spec_fixture f;
    const vouch_row *row;

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (<= (* 0.1 Y_0) 0.1))");
    row = only_row(&f);
    assert_true(row->term[0].coefficient == 0.1);
    assert_true(row->term[0].slack > 5e-18 && row->term[0].slack < 6e-18);
    assert_true(row->bound == 0.1);
    fixture_close(&f);
}

static void property_6_has_two_boxes_and_four_cases_each(void **state)
{
    spec_fixture f;

    (void)state;
    fixture_open(&f, 2, 5);
    assert_int_equal(
        fixture_parse(
            &f, "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n"
                "(declare-const Y_1 Real)(declare-const Y_2 Real)(declare-const Y_3 Real)\n"
                "(declare-const Y_4 Real)\n"
                "(assert (or (and (<= X_0 1) (>= X_0 0) (<= X_1 0.5) (>= X_1 0.1))\n"
                "  (and (<= X_0 1) (>= X_0 0) (<= X_1 -0.1) (>= X_1 -0.5))))\n"
                "(assert (or (and (<= Y_1 Y_0)) (and (<= Y_2 Y_0)) (and (<= Y_3 Y_0))\n"
                "  (and (<= Y_4 Y_0))))"),
        VOUCH_OK);
    assert_int_equal(f.spec->box_count, 2);
    assert_int_equal(f.spec->case_count, 8);
    for (int k = 0; k < 8; k++) {
        assert_int_equal(f.spec->cases[k].box, k / 4);
        assert_int_equal(f.spec->cases[k].row_count, 1);
        assert_int_equal(f.spec->cases[k].row[0].term[1].index, k % 4 + 1);
    }
    assert_true(f.spec->box[1].high[1] == nextafter(-0.1, 0));
    fixture_close(&f);
}

static void equal_boxes_of_different_branches_are_one(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f, DECLARE_2_2
             "(assert (or (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1.0) (<= Y_0 0))\n"
             " (and (<= X_1 1) (<= X_0 1e0) (>= X_0 0.0) (>= X_1 -0) (<= Y_1 0))\n"
             " (and (<= X_1 2) (<= X_0 1e0) (>= X_0 0.0) (>= X_1 -0) (<= Y_1 0))))");
    assert_int_equal(f.spec->box_count, 2);
    assert_int_equal(f.spec->case_count, 3);
    assert_int_equal(f.spec->cases[1].box, 0);
    assert_int_equal(f.spec->cases[2].box, 1);
    fixture_close(&f);
}

static void a_bound_inside_a_disjunct_tightens_its_case_only(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (or (and (<= X_0 0) (<= Y_0 0)) (<= Y_1 0)))");
    assert_int_equal(f.spec->case_count, 2);
    assert_true(f.spec->box[0].high[0] == 0);
    assert_true(f.spec->box[1].high[0] == 1);
    fixture_close(&f);
}

static void repeated_constraints_do_not_multiply_cases(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2
             "(assert (or (<= Y_0 0) (<= Y_1 0)))(assert (or (<= Y_1 0) (<= Y_0 0)))\n"
             "(assert (or (<= Y_0 0) (<= Y_1 0)))(assert (or (<= Y_0 1) (<= Y_1 0)))");
    assert_int_equal(f.spec->case_count, 2);
    for (int k = 0; k < 2; k++)
        assert_int_equal(f.spec->cases[k].row_count, 1);
    fixture_close(&f);
}

static void the_tightest_of_parallel_rows_stays(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2
             "(assert (<= Y_0 3))(assert (< Y_0 2))(assert (<= Y_0 2))(assert (<= Y_0 4))");
    assert_true(only_row(&f)->bound == 2);
    assert_true(only_row(&f)->strict);
    fixture_close(&f);
}

static void equality_is_two_rows_and_inequality_two_strict_cases(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (= Y_0 2))");
    assert_int_equal(f.spec->case_count, 1);
    assert_int_equal(f.spec->cases[0].row_count, 2);
    fixture_close(&f);
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (!= Y_0 2))");
    assert_int_equal(f.spec->case_count, 2);
    assert_true(f.spec->cases[0].row[0].strict && f.spec->cases[1].row[0].strict);
    fixture_close(&f);
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (= X_0 0.25))");
    assert_int_equal(f.spec->cases[0].row_count, 0);
    assert_true(f.spec->box[0].low[0] == 0.25 && f.spec->box[0].high[0] == 0.25);
    fixture_close(&f);
}

static void a_strict_input_bound_excludes_its_end(void **state)
{
    spec_fixture f;
    const double end[2] = {0.5, 0}, inner[2] = {0.499, 0}, y[2] = {0, 0};

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (< X_0 0.5))");
    assert_true(f.spec->box[0].high[0] == 0.5);
    assert_int_equal(f.spec->cases[0].row_count, 1);
    assert_true(vouch_spec_box_contains(f.spec, 0, end));
    assert_false(vouch_spec_case_holds(f.spec, 0, end, y, y));
    assert_true(vouch_spec_case_holds(f.spec, 0, inner, y, y));
    fixture_close(&f);
}

static void a_strict_input_bound_that_cannot_matter_is_dropped(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (< X_0 2))(assert (> X_0 -3))");
    assert_int_equal(f.spec->cases[0].row_count, 0);
    fixture_close(&f);
}

static void expect_never(const char *text, const char *note)
{
    spec_fixture f;

    open_2_2(&f, text);
    assert_int_equal(f.spec->case_count, 0);
    assert_non_null(f.spec->note);
    assert_string_equal(f.spec->note, note);
    fixture_close(&f);
}

static void contradictions_leave_no_case_and_a_note(void **state)
{
    (void)state;
    expect_never(DECLARE_2_2 BOX_2 "(assert (>= X_1 2))",
                 "contradictory bounds of X_1: lower bound at line 3, upper bound at line 2");
    expect_never(DECLARE_2_2 BOX_2 "(assert (>= X_1 1))\n(assert (< X_1 1))",
                 "contradictory bounds of X_1: lower bound at line 3, upper bound at line 2");
    expect_never(DECLARE_2_2 "(assert (>= X_1 1))\n(assert (<= X_1 0))",
                 "contradictory bounds of X_1: lower bound at line 2, upper bound at line 3");
    expect_never(DECLARE_2_2 BOX_2 "(assert (>= Y_1 1))\n(assert (< Y_1 1))",
                 "contradictory constraints at lines 3 and 4");
    expect_never(DECLARE_2_2 BOX_2 "(assert (<= (- Y_1 Y_1) -1))",
                 "the constraint at line 3 is never true");
    expect_never(DECLARE_2_2 "(assert false)", "the constraint at line 2 is never true");
}

static void a_contradictory_branch_is_dropped(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f,
             DECLARE_2_2 BOX_2 "(assert (or (>= X_0 2) (and (<= Y_0 0) (< 3 2)) (<= Y_1 0)))");
    assert_int_equal(f.spec->case_count, 1);
    assert_int_equal(f.spec->box_count, 1);
    assert_null(f.spec->note);
    fixture_close(&f);
}

static void a_branch_that_a_strict_bound_empties_leaves_no_box(void **state)
{
    spec_fixture f;

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (or (and (< X_0 0) (>= X_0 0)) (<= Y_1 0)))");
    assert_int_equal(f.spec->case_count, 1);
    assert_int_equal(f.spec->box_count, 1);
    assert_true(f.spec->box[0].high[0] == 1);
    fixture_close(&f);
}

static void a_case_holds_exactly_or_not_at_all(void **state)
{
    spec_fixture f;
    const double x[2] = {0, 0}, y[2] = {0.1, 0.2}, low[2] = {0.1, 0.1}, high[2] = {0.3, 0.2};
    const double sum[2] = {0.1, 0.2};

    (void)state;
    /* 0.1 + 0.2 as doubles add up to a little more than the decimal 0.3 */
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (<= (+ Y_0 Y_1) 0.3))");
    assert_false(vouch_spec_case_holds(f.spec, 0, x, sum, sum));
    fixture_close(&f);
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (<= (- Y_0 Y_1) 0.1))");
    assert_true(vouch_spec_case_holds(f.spec, 0, x, y, y));
    assert_false(vouch_spec_case_holds(f.spec, 0, x, low, high));
    fixture_close(&f);
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (<= Y_0 100))");
    assert_false(vouch_spec_case_holds(f.spec, 0, x, y, (double[2]){INFINITY, 0}));
    assert_false(vouch_spec_case_holds(f.spec, 0, x, y, (double[2]){NAN, 0}));
    assert_false(vouch_spec_case_holds(f.spec, 0, (double[2]){NAN, 0}, y, y));
    fixture_close(&f);
}

static void words_say_what_is_unsafe(void **state)
{
    spec_fixture f;
    char text[256], shortened[16];

    (void)state;
    open_2_2(&f, DECLARE_2_2 BOX_2 "(assert (<= Y_0 Y_1))(assert (>= Y_0 3.5))");
    assert_string_equal(vouch_spec_describe(f.spec, 0, text, sizeof text),
                        "unsafe if Y_0 <= Y_1 and Y_0 >= 3.5");
    assert_string_equal(vouch_spec_describe(f.spec, -1, shortened, sizeof shortened),
                        "unsafe if Y_...");
    fixture_close(&f);
    open_2_2(&f, DECLARE_2_2 BOX_2
             "(assert (or (< (* 2 Y_0) (+ X_1 Y_1 -2)) (and (<= Y_1 0) (<= Y_0 1))))");
    assert_string_equal(vouch_spec_describe(f.spec, -1, text, sizeof text),
                        "unsafe if 2 Y_0 < X_1 + Y_1 - 2 or (Y_1 <= 0 and Y_0 <= 1)");
    fixture_close(&f);
    open_2_2(&f, DECLARE_2_2 BOX_2);
    assert_string_equal(vouch_spec_describe(f.spec, 0, text, sizeof text),
                        "unsafe if the input is in the box");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_of_inputs_become_the_box),
        cmocka_unit_test(decimal_bounds_are_rounded_outward),
        cmocka_unit_test(a_box_excludes_the_double_beyond_its_decimal),
        cmocka_unit_test(sides_may_be_swapped),
        cmocka_unit_test(rows_mix_inputs_and_outputs),
        cmocka_unit_test(a_coefficient_that_is_no_double_has_a_slack),
        cmocka_unit_test(property_6_has_two_boxes_and_four_cases_each),
        cmocka_unit_test(equal_boxes_of_different_branches_are_one),
        cmocka_unit_test(a_bound_inside_a_disjunct_tightens_its_case_only),
        cmocka_unit_test(repeated_constraints_do_not_multiply_cases),
        cmocka_unit_test(the_tightest_of_parallel_rows_stays),
        cmocka_unit_test(equality_is_two_rows_and_inequality_two_strict_cases),
        cmocka_unit_test(a_strict_input_bound_excludes_its_end),
        cmocka_unit_test(a_strict_input_bound_that_cannot_matter_is_dropped),
        cmocka_unit_test(contradictions_leave_no_case_and_a_note),
        cmocka_unit_test(a_contradictory_branch_is_dropped),
        cmocka_unit_test(a_branch_that_a_strict_bound_empties_leaves_no_box),
        cmocka_unit_test(a_case_holds_exactly_or_not_at_all),
        cmocka_unit_test(words_say_what_is_unsafe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
