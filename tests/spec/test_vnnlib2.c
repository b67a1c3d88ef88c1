/* VNN-LIB 2.0: declarations matched to a network, tensor elements, what is left for later. */
#include "spec_fixture.h"

#include <stdio.h>

#define V2 "(vnnlib-version <2.0>)\n"

static void expect_ok(spec_fixture *f, const char *text)
{
    if (fixture_parse(f, text) != VOUCH_OK)
        fail_msg("%s", vouch_context_error(f->ctx));
}

static void tensor_elements_are_flattened_row_by_row(void **state)
{
    spec_fixture f;

    (void)state;
    fixture_open(&f, 6, 2);
    expect_ok(&f, V2 "(declare-network N (declare-input X Real [2,3])\n"
                     " (declare-output Y float32 [1,2]))\n"
                     "(assert (and (>= X[0,0] 0) (<= X[0,0] 1) (>= X[0,1] 0) (<= X[0,1] 2)))\n"
                     "(assert (and (>= X[0,2] 0) (<= X[0,2] 3) (>= X[1,0] 0) (<= X[1,0] 4)))\n"
                     "(assert (and (>= X[1,1] 0) (<= X [ 1 , 1 ] 5) (>= X[1,2] 0)))\n"
                     "(assert (<= X[1,2] 6)) ; the last\n"
                     "(assert (!= Y[0,1] (* 2.0 Y[0,0])))");
    assert_int_equal(f.spec->version, 2);
    for (int i = 0; i < 6; i++)
        assert_true(f.spec->box[0].high[i] == i + 1);
    assert_int_equal(f.spec->case_count, 2);
    assert_int_equal(f.spec->cases[0].row[0].term[1].index, 1);
    assert_true(f.spec->cases[0].row[0].strict);
    fixture_close(&f);
}

static void names_are_those_of_the_property(void **state)
{
    spec_fixture f;
    char text[128], name[VOUCH_SPEC_NAME];

    (void)state;
    fixture_open(&f, 2, 1);
    expect_ok(&f, V2 "(declare-network acc (declare-input in Real [1,2])\n"
                     " (declare-output out Real []))\n"
                     "(assert (and (>= in[0,0] 0) (<= in[0,0] 1) (== in[0,1] 0.5)))\n"
                     "(assert (>= out 3))");
    assert_string_equal(vouch_spec_variable_name(f.spec, false, 1, name), "in[0,1]");
    assert_string_equal(vouch_spec_describe(f.spec, 0, text, sizeof text),
                        "unsafe if out >= 3");
    fixture_close(&f);
}

/* A network with inputs a (2) and b (3), outputs c (1) and d (2). */
static void open_two_by_two(spec_fixture *f)
{
    fixture_open(f, 2, 1);
    f->value[0] = fixture_value("a", 2);
    f->value[1] = fixture_value("b", 3);
    f->value[2] = fixture_value("c", 1);
    f->value[3] = fixture_value("d", 2);
    f->input[1] = 1;
    f->output[0] = 2;
    f->output[1] = 3;
    f->graph.value_count = 4;
    f->graph.input_count = f->graph.output_count = 2;
}

#define BOUNDS                                                                                 \
    "(assert (and (>= A[0] 0) (<= A[0] 1) (>= A[1] 0) (<= A[1] 2) (>= B[0] 0)\n"               \
    " (<= B[0] 3) (>= B[1] 0) (<= B[1] 4) (>= B[2] 0) (<= B[2] 5)))\n"                         \
    "(assert (<= D[1] C[0]))"

static void several_inputs_are_matched_by_order(void **state)
{
    spec_fixture f;

    (void)state;
    open_two_by_two(&f);
    expect_ok(&f, V2 "(declare-network N (declare-input A Real [2])(declare-input B Real [3])"
                     "(declare-output C Real [1])(declare-output D Real [2]))\n" BOUNDS);
    for (int i = 0; i < 5; i++)
        assert_true(f.spec->box[0].high[i] == i + 1);
    assert_int_equal(f.spec->cases[0].row[0].term[0].index, 0);
    assert_int_equal(f.spec->cases[0].row[0].term[1].index, 2);
    fixture_close(&f);
}

static void several_inputs_are_matched_by_name(void **state)
{
    spec_fixture f;

    (void)state;
    open_two_by_two(&f);
    expect_ok(&f, V2 "(declare-network N (declare-input B Real [3] \"b\")"
                     "(declare-input A Real [2] \"a\")(declare-output D Real [2] \"d\")"
                     "(declare-output C Real [1] \"c\"))\n" BOUNDS);
    for (int i = 0; i < 5; i++)
        assert_true(f.spec->box[0].high[i] == i + 1);
    assert_int_equal(fixture_parse(&f, V2 "(declare-network N (declare-input B Real [3] \"b\")"
                                          "(declare-input A Real [3] \"b\"))"),
                     VOUCH_ERR_PARSE);
    assert_string_equal(vouch_context_error(f.ctx),
                        "p.vnnlib:2: 'B' and 'A' stand for the same input of the network");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensor_elements_are_flattened_row_by_row),
        cmocka_unit_test(names_are_those_of_the_property),
        cmocka_unit_test(several_inputs_are_matched_by_order),
        cmocka_unit_test(several_inputs_are_matched_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
