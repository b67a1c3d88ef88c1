/* Faulty properties: each gives one clear line, and nothing else. */
#include "spec_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define V1 DECLARE_2_2 BOX_2
#define V2 "(vnnlib-version <2.0>)\n"
#define N2 V2 "(declare-network N (declare-input X Real [2]) (declare-output Y Real [1,2]))\n"

typedef struct bad_property {
    const char *text;
    vouch_status status;
    const char *error;
} bad_property;

static const bad_property bad[] = {
    /* tokens and parentheses */
    {"", VOUCH_ERR_PARSE, "p.vnnlib:1: the file is empty"},
    {"; only a comment\n", VOUCH_ERR_PARSE, "p.vnnlib:2: the file is empty"},
    {V1 "(assert (<= Y_0 1)\n", VOUCH_ERR_PARSE,
     "p.vnnlib:3: missing ')': the file ends within what begins here"},
    {V1 "(assert (<= Y_0 1)\n(assert (<= Y_1 1))", VOUCH_ERR_PARSE,
     "p.vnnlib:4: missing ')': expected the end of what begins at line 3, found '('"},
    {V1 "(assert (and (<= Y_0 1)\n(assert (<= Y_1 1))", VOUCH_ERR_PARSE,
     "p.vnnlib:4: expected and, or, not or a comparison, found 'assert'"},
    {V1 "(assert (<= Y_0 1)))", VOUCH_ERR_PARSE, "p.vnnlib:3: a ')' without its '('"},
    {V1 "assert", VOUCH_ERR_PARSE, "p.vnnlib:3: expected '(', found 'assert'"},
    {V1 "()", VOUCH_ERR_PARSE, "p.vnnlib:3: expected a command, found ')'"},
    {V1 "(push 1)", VOUCH_ERR_PARSE, "p.vnnlib:3: unknown command 'push'"},
    {V1 "\x01\xff(", VOUCH_ERR_PARSE, "p.vnnlib:3: expected '(', found '\?\?'"},
    {"GIF89a this is no property", VOUCH_ERR_PARSE, "p.vnnlib:1: expected '(', found 'GIF89a'"},
    {V1 "(assert \"open", VOUCH_ERR_PARSE, "p.vnnlib:3: a string without closing quote"},
    {V1 "(set-info :source (", VOUCH_ERR_PARSE,
     "p.vnnlib:3: missing ')': the file ends within what begins here"},
    /* formulas */
    {V1 "(assert Y_0)", VOUCH_ERR_PARSE,
     "p.vnnlib:3: expected a formula in parentheses, found 'Y_0'"},
    {V1 "(assert (xor (<= Y_0 1) (<= Y_1 1)))", VOUCH_ERR_PARSE,
     "p.vnnlib:3: expected and, or, not or a comparison, found 'xor'"},
    {V1 "(assert (and))", VOUCH_ERR_PARSE,
     "p.vnnlib:3: expected a formula in parentheses, found ')'"},
    {V1 "(assert (<= Y_0 1 2))", VOUCH_ERR_PARSE,
     "p.vnnlib:3: expected ')' after the two sides of a comparison, found '2'"},
    {V1 "(assert (<= Y_0))", VOUCH_ERR_PARSE,
     "p.vnnlib:3: expected a number, a variable or '(', found ')'"},
    {V1 "(assert)", VOUCH_ERR_PARSE,
     "p.vnnlib:3: expected a formula in parentheses, found ')'"},
    /* terms */
    {V1 "(assert (<= Y_0 1.2.3))", VOUCH_ERR_PARSE, "p.vnnlib:3: '1.2.3' is not a number"},
    {V1 "(assert (<= Y_0 1e))", VOUCH_ERR_PARSE, "p.vnnlib:3: '1e' is not a number"},
    {V1 "(assert (<= Y_0 -))", VOUCH_ERR_PARSE, "p.vnnlib:3: '-' is not a number"},
    {V1 "(assert (<= Y_0 0x10))", VOUCH_ERR_PARSE, "p.vnnlib:3: '0x10' is not a number"},
    {V1 "(assert (<= Y_0 five))", VOUCH_ERR_PARSE, "p.vnnlib:3: unknown variable 'five'"},
    {V1 "(assert (<= Y_0 nan))", VOUCH_ERR_PARSE, "p.vnnlib:3: unknown variable 'nan'"},
    {V1 "(assert (<= Y_0 1e99999999999999999999))", VOUCH_ERR_LIMIT,
     "p.vnnlib:3: number '1e99999999999999999999' has an exponent beyond +-2000"},
    {V1 "(assert (<= Y_0 1e400))", VOUCH_ERR_VALUE,
     "p.vnnlib:3: a constant is beyond the range of double precision numbers"},
    {V1 "(assert (<= X_0 -1e400))", VOUCH_ERR_VALUE,
     "p.vnnlib:3: a constant is beyond the range of double precision numbers"},
    {V1 "(assert (<= (* Y_0 Y_1) 1))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:3: non-linear arithmetic is not supported: a product of variables"},
    {V1 "(assert (<= (/ 1 Y_1) 1))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:3: division by a variable is not supported"},
    {V1 "(assert (<= (/ Y_1 0) 1))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:3: division by zero is not supported"},
    {V1 "(assert (<= (sin Y_1) 1))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:3: operator 'sin' is not supported in a term (expected + - * /)"},
    {V1 "(assert (<= (+) 1))", VOUCH_ERR_PARSE, "p.vnnlib:3: expected a term, found ')'"},
    {V1 "(assert (<= ((+ 1)) 1))", VOUCH_ERR_PARSE,
     "p.vnnlib:3: expected an operator (+ - * /), found '('"},
    /* variables */
    {V1 "(assert (<= Z_0 1))", VOUCH_ERR_PARSE, "p.vnnlib:3: unknown variable 'Z_0'"},
    {V1 "(assert (<= X_2 1))", VOUCH_ERR_PARSE,
     "p.vnnlib:3: unknown variable 'X_2': not declared"},
    {"(assert (<= X_0 1))", VOUCH_ERR_PARSE,
     "p.vnnlib:1: unknown variable 'X_0': not declared"},
    {"(declare-const X_00 Real)", VOUCH_ERR_PARSE,
     "p.vnnlib:1: unknown variable 'X_00': expected a name X_i or Y_i"},
    {"(declare-const X_0 Int)", VOUCH_ERR_PARSE,
     "p.vnnlib:1: expected the type Real, found 'Int'"},
    {DECLARE_2_2 "(declare-const X_0 Real)", VOUCH_ERR_PARSE,
     "p.vnnlib:2: 'X_0' is declared twice"},
    /* another input size */
    {"(declare-const X_2 Real)", VOUCH_ERR_SHAPE,
     "p.vnnlib:1: 'X_2' is declared, but the network 'net.onnx' has 2 inputs"},
    {"(declare-const Y_17 Real)", VOUCH_ERR_SHAPE,
     "p.vnnlib:1: 'Y_17' is declared, but the network 'net.onnx' has 2 outputs"},
    {"(declare-const X_0 Real)\n(declare-const Y_0 Real)(declare-const Y_1 Real)\n",
     VOUCH_ERR_SHAPE, "p.vnnlib:2: a property for 1 inputs, but the network 'net.onnx' has 2"},
    {"(declare-const X_0 Real)(declare-const X_1 Real)\n(declare-const Y_0 Real)\n",
     VOUCH_ERR_SHAPE, "p.vnnlib:2: a property for 1 outputs, but the network 'net.onnx' has 2"},
    /* bounds */
    {DECLARE_2_2 "(assert (<= X_0 1))", VOUCH_ERR_VALUE, "p.vnnlib: X_0 has no lower bound"},
    {DECLARE_2_2 "(assert (and (<= X_0 1) (>= X_0 1) (>= X_1 0)))", VOUCH_ERR_VALUE,
     "p.vnnlib: X_1 has no upper bound"},
    {DECLARE_2_2 "(assert (and (<= X_0 1) (>= X_0 0) (>= X_1 0)))\n"
                 "(assert (or (<= X_1 1)\n (<= Y_0 0)))",
     VOUCH_ERR_VALUE, "p.vnnlib:4: X_1 has no upper bound in the case that ends here"},
    /* versions */
    {"(vnnlib-version <3.0>)", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:1: version '<3.0>' is not supported (expected <1.0> or <2.0>)"},
    {"(vnnlib-version 2)", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:1: version '2' is not supported (expected <1.0> or <2.0>)"},
    {DECLARE_2_2 "(vnnlib-version <1.0>)", VOUCH_ERR_PARSE,
     "p.vnnlib:2: vnnlib-version must come first, once"},
    {V2 "(declare-const X_0 Real)", VOUCH_ERR_PARSE,
     "p.vnnlib:2: this command belongs to VNN-LIB 1.0, but the file is VNN-LIB 2.0"},
    {DECLARE_2_2 "(declare-network N)", VOUCH_ERR_PARSE,
     "p.vnnlib:2: this command belongs to VNN-LIB 2.0, but the file is VNN-LIB 1.0"},
    /* 2.0 */
    {V2, VOUCH_ERR_PARSE, "p.vnnlib:2: no network is declared"},
    {V2 "(declare-network N (declare-input X Real [3]))", VOUCH_ERR_SHAPE,
     "p.vnnlib:2: 'X' is declared as [3], but input 'in' of the network 'net.onnx' is [1,2]"},
    {V2 "(declare-network N (declare-input X Real []))", VOUCH_ERR_SHAPE,
     "p.vnnlib:2: 'X' is declared as [], but input 'in' of the network 'net.onnx' is [1,2]"},
    {V2 "(declare-network N (declare-input X Real [2])\n (declare-input Z Real [2]))",
     VOUCH_ERR_SHAPE,
     "p.vnnlib:3: more inputs are declared than the network 'net.onnx' has (1)"},
    {V2 "(declare-network N (declare-input X Real [2]))", VOUCH_ERR_SHAPE,
     "p.vnnlib:2: 'N' declares 1 inputs and 0 outputs, but the network 'net.onnx' has 1 "
     "inputs and 1 outputs"},
    {V2 "(declare-network N (declare-input X Real [2] \"image\"))", VOUCH_ERR_SHAPE,
     "p.vnnlib:2: the network 'net.onnx' has no input 'image'"},
    {V2 "(declare-network N (declare-input X int8 [2]))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:2: element type 'int8' is not supported"},
    {V2 "(declare-network N (declare-input X real [2]))", VOUCH_ERR_PARSE,
     "p.vnnlib:2: expected an element type (Real, float32 ...), found 'real'"},
    {V2 "(declare-network N (declare-input X Real [2] initialized))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:2: initialized input 'X': not supported yet"},
    {V2 "(declare-network N (declare-input X Real [2])\n(declare-hidden H Real [2] \"h\"))",
     VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:3: hidden tensors (declare-hidden) are not supported yet"},
    {N2 "(declare-network M (declare-input A Real [2]) (declare-output B Real [2]))",
     VOUCH_ERR_UNSUPPORTED, "p.vnnlib:3: several networks ('N', 'M') are not supported yet"},
    {V2 "(declare-network N\n (equal-to M))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:3: several networks (equal-to) are not supported yet"},
    {V2 "(declare-network N (declare-input X Real [1,1,1,1,1,1,1,1,2]))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:2: tensors of more than 8 axes are not supported"},
    {V2 "(declare-network N (declare-input X Real [2]) (declare-output X Real [2]))",
     VOUCH_ERR_PARSE, "p.vnnlib:2: 'X' is declared twice"},
    {V2 "(declare-network N (declare-inputs X Real [2]))", VOUCH_ERR_PARSE,
     "p.vnnlib:2: expected declare-input, declare-hidden or declare-output, found "
     "'declare-inputs'"},
    {N2 "(assert (<= X[2] 1))", VOUCH_ERR_SHAPE,
     "p.vnnlib:3: index 2 is outside axis 0 of 'X' (2 elements)"},
    {N2 "(assert (<= X 1))", VOUCH_ERR_SHAPE,
     "p.vnnlib:3: 'X' has 1 axes, but 0 indices are given"},
    {N2 "(assert (<= Y[0] 1))", VOUCH_ERR_SHAPE,
     "p.vnnlib:3: 'Y' has 2 axes, but 1 indices are given"},
    {N2 "(assert (<= X[-1] 1))", VOUCH_ERR_PARSE, "p.vnnlib:3: expected an index, found '-1'"},
    {N2 "(assert (<= X[0 1))", VOUCH_ERR_PARSE, "p.vnnlib:3: expected ',' or ']', found '1'"},
    {N2 "(assert (<= Z[0] 1))", VOUCH_ERR_PARSE, "p.vnnlib:3: unknown variable 'Z'"},
    {N2 "(assert (<= (* X[0] X[0]) 1))", VOUCH_ERR_UNSUPPORTED,
     "p.vnnlib:3: non-linear arithmetic is not supported: a product of variables"},
    {N2 "(assert (<= X[0] 1))", VOUCH_ERR_VALUE, "p.vnnlib: X[0] has no lower bound"},
};

static void every_fault_gives_its_one_line(void **state)
{
    spec_fixture f;

    (void)state;
    fixture_open(&f, 2, 2);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vouch_status status = fixture_parse(&f, bad[i].text);

        assert_null(f.spec);
        assert_string_equal(vouch_context_error(f.ctx), bad[i].error);
        assert_int_equal(status, bad[i].status);
    }
    fixture_close(&f);
}

/* An assertion of head n times, middle, tail n times. */
static vouch_status parse_nested(spec_fixture *f, const char *head, const char *middle,
                                 const char *tail, size_t n)
{
    size_t size = strlen(V1) + n * (strlen(head) + strlen(tail)) + strlen(middle) + 64;
    char *text = malloc(size);
    size_t at;
    vouch_status status;

    assert_non_null(text);
    at = (size_t)snprintf(text, size, "%s(assert ", V1);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, size - at, "%s", head);
    at += (size_t)snprintf(text + at, size - at, "%s", middle);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, size - at, "%s", tail);
    (void)snprintf(text + at, size - at, ")");
    status = fixture_parse(f, text);
    free(text);
    return status;
}

static void nesting_is_limited(void **state)
{
    spec_fixture f;

    (void)state;
    fixture_open(&f, 2, 2);
    assert_int_equal(parse_nested(&f, "(and ", "(<= Y_0 1)", ")", 900), VOUCH_OK);
    assert_int_equal(f.spec->case_count, 1);
    assert_int_equal(parse_nested(&f, "(or (<= Y_1 2) ", "(<= Y_0 1)", ")", 900), VOUCH_OK);
    assert_int_equal(f.spec->case_count, 2);
    assert_int_equal(parse_nested(&f, "(and ", "(<= Y_0 1)", ")", 100000), VOUCH_ERR_LIMIT);
    assert_string_equal(vouch_context_error(f.ctx),
                        "p.vnnlib:3: parentheses are nested more than 1000 deep");
    assert_int_equal(parse_nested(&f, "(<= (- ", "1", ") 1)", 100000), VOUCH_ERR_UNSUPPORTED);

    assert_int_equal(parse_nested(&f, "(not ", "(<= Y_0 1)", ")", 901), VOUCH_OK);
    assert_true(f.spec->cases[0].row[0].strict);
    fixture_close(&f);
}

static void an_expansion_without_end_is_an_error(void **state)
{
    char text[8192] = V1;
    spec_fixture f;

    (void)state;
    fixture_open(&f, 2, 2);
    for (int i = 0; i < 40; i++) /* 2^40 cases: Y_0 + i Y_1 is <= 0 or >= 1 */
        (void)sprintf(text + strlen(text),
                      "(assert (or (<= (+ Y_0 (* %d Y_1)) 0) (>= (+ Y_0 (* %d Y_1)) 1)))\n", i,
                      i);
    assert_int_equal(fixture_parse(&f, text), VOUCH_ERR_LIMIT);
    assert_non_null(strstr(vouch_context_error(f.ctx), "nested 'or' expand into"));
    fixture_close(&f);
}

static void a_branch_without_any_case_is_bounded_work_too(void **state)
{
    char text[8192] = V1;
    spec_fixture f;

    (void)state;
    fixture_open(&f, 2, 2);
    for (int i = 1; i < 40; i++)
        (void)sprintf(text + strlen(text),
                      "(assert (or (<= (+ Y_0 (* %d Y_1)) 0) (>= (+ Y_0 (* %d Y_1)) 1)))\n", i,
                      i);
    (void)sprintf(text + strlen(text), "(assert (or (>= X_0 2) (<= X_0 -2)))");
    assert_int_equal(fixture_parse(&f, text), VOUCH_ERR_LIMIT);
    fixture_close(&f);
}

static void numbers_cannot_grow_without_end(void **state)
{
    static char text[200000];
    spec_fixture f;

    (void)state;
    fixture_open(&f, 2, 2);
    (void)strcpy(text, V1 "(assert (<= Y_0 (*");
    for (int i = 0; i < 100; i++)
        (void)strcat(text, " 1e2000");
    (void)strcat(text, ")))");
    assert_int_equal(fixture_parse(&f, text), VOUCH_ERR_LIMIT);
    assert_string_equal(vouch_context_error(f.ctx),
                        "p.vnnlib:3: the exact value of a constant is too long");
    (void)strcpy(text, V1 "(assert (<= Y_0 (+");
    for (int i = 0; i < 5000; i++)
        (void)sprintf(text + strlen(text), " (/ 1 %d)", 10007 + 2 * i);
    (void)strcat(text, ")))");
    assert_int_equal(fixture_parse(&f, text), VOUCH_ERR_LIMIT);
    fixture_close(&f);
}

static void an_unknown_network_size_is_an_error(void **state)
{
    spec_fixture f;

    (void)state;
    fixture_open(&f, 2, 2);
    f.value[1].shape_known = false;
    assert_int_equal(fixture_parse(&f, V1), VOUCH_ERR_SHAPE);
    assert_string_equal(vouch_context_error(f.ctx),
                        "net.onnx: the size of output 'out' is unknown or too large");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_gives_its_one_line),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(an_expansion_without_end_is_an_error),
        cmocka_unit_test(a_branch_without_any_case_is_bounded_work_too),
        cmocka_unit_test(numbers_cannot_grow_without_end),
        cmocka_unit_test(an_unknown_network_size_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
