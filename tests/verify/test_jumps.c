/* Jumps are decided on both sides: a branch z > p knows that p is not its own. */
#include <stdio.h>
#include <string.h>

#include "support/lines.h"
#include "support/net.h"
#include "verify/verify.h"

typedef struct outcome {
    vouch_verdict verdict;
    double x;
} outcome;

/* X_1 is 0, X_0 in [-1, 1]. */
static outcome decide(const vouch_test_line *lines, bool attack, const char *rows)
{
    char property[512];
    vouch_test_lines f;
    vouch_verify_settings settings;
    vouch_verify_result result;
    outcome o = {0};
    vouch_test_lines_open(&f, lines);
    snprintf(property, sizeof property,
             "(assert (>= X_0 -1))(assert (<= X_0 1))(assert (>= X_1 0))(assert (<= X_1 0))%s",
             rows);
    vouch_spec *spec = vouch_test_spec(f.ctx, f.graph, property);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.attack = attack;
    settings.max_subproblems = 200;
    vouch_test_ok(f.ctx, vouch_verify(f.ctx, f.arena, f.graph, spec, &settings, NULL, &result));
    o.verdict = result.verdict;
    if (result.verdict == VOUCH_SAT)
        o.x = result.witness_input[0];
    vouch_spec_free(spec);
    vouch_test_lines_close(&f);
    return o;
}

#define PARTS                                                                                  \
    {"Gather", {"x", "zero"}, "a", NULL, 0}, {"Gather", {"x", "one"}, "b", NULL, 0},           \
        {"Gather", {"table", "zero"}, "unit", NULL, 0}, {"Sub", {"a", "b"}, "d", NULL, 0},     \
    {                                                                                          \
        "Add", {"d", "unit"}, "e", NULL, 0                                                     \
    }

/* y = a - b + 1 where the relation of a and b holds, a - b elsewhere */
#define BRANCH(relation)                                                                       \
    {                                                                                          \
        PARTS, {relation, {"a", "b"}, "c", NULL, 0}, {"Where", {"c", "e", "d"}, "y", NULL, 0}, \
        {                                                                                      \
            0                                                                                  \
        }                                                                                      \
    }
static const vouch_test_line greater[] = BRANCH("Greater");
static const vouch_test_line greater_equal[] = BRANCH("GreaterOrEqual");
static const vouch_test_line less[] = BRANCH("Less");
static const vouch_test_line less_equal[] = BRANCH("LessOrEqual");
static const vouch_test_line equal[] = BRANCH("Equal");

static void a_branch_is_decided_on_both_sides_of_a_comparison(void **state)
{
    (void)state;
    assert_int_equal(
        decide(greater, true, "(assert (>= Y_0 0.1))(assert (<= Y_0 0.9))").verdict,
        VOUCH_UNSAT);
    assert_int_equal(
        decide(greater_equal, true, "(assert (>= Y_0 0.1))(assert (<= Y_0 0.9))").verdict,
        VOUCH_UNSAT);
    /* a < b: y in [0, 1), else y in [0, 1]: -0.1 is never reached */
    assert_int_equal(decide(less, true, "(assert (<= Y_0 -0.1))").verdict, VOUCH_UNSAT);
    assert_int_equal(decide(less_equal, true, "(assert (<= Y_0 -0.1))").verdict, VOUCH_UNSAT);
}

/* At a = b the value is 1 or 0, as the relation says. */
static void the_point_at_the_jump_belongs_to_one_side(void **state)
{
    static const struct {
        const vouch_test_line *lines;
        double at;
    } cases[] = {{greater, 0}, {greater_equal, 1}, {less, 0}, {less_equal, 1}, {equal, 1}};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++) {
        char rows[160];
        snprintf(
            rows, sizeof rows,
            "(assert (>= X_0 0))(assert (<= X_0 0))(assert (>= Y_0 %g))(assert (<= Y_0 %g))",
            cases[i].at - .25, cases[i].at + .25);
        const outcome o = decide(cases[i].lines, false, rows);
        assert_int_equal(o.verdict, VOUCH_SAT);
        assert_true(o.x == 0);
        snprintf(
            rows, sizeof rows,
            "(assert (>= X_0 0))(assert (<= X_0 0))(assert (>= Y_0 %g))(assert (<= Y_0 %g))",
            .75 - cases[i].at, 1.25 - cases[i].at);
        assert_int_equal(decide(cases[i].lines, true, rows).verdict, VOUCH_UNSAT);
    }
}

static void a_value_at_one_point_alone_is_proved_away_elsewhere(void **state)
{
    (void)state;
    /* y = 1 at a = b, else a - b: in (0.5, 0.9) only for a > 0.5 */
    assert_int_equal(
        decide(equal, true, "(assert (>= Y_0 0.6))(assert (<= Y_0 0.9))(assert (<= X_0 0.5))")
            .verdict,
        VOUCH_UNSAT);
}

/* of a difference, so that the search decides, not an enumeration of places */
static const vouch_test_line sign[] = {PARTS, {"Sign", {"d"}, "y", NULL, 0}, {0}};
static const vouch_test_line saw[] = {
    {"Floor", {"x"}, "f", NULL, 0}, {"Sub", {"f", "x"}, "y", NULL, 0}, {0}};

static void sign_has_three_values(void **state)
{
    (void)state;
    assert_int_equal(decide(sign, true, "(assert (>= Y_0 0.1))(assert (<= Y_0 0.9))").verdict,
                     VOUCH_UNSAT);
    assert_int_equal(decide(sign, true, "(assert (>= Y_0 -0.9))(assert (<= Y_0 -0.1))").verdict,
                     VOUCH_UNSAT);
    const outcome o = decide(sign, false, "(assert (>= Y_0 -0.5))(assert (<= Y_0 0.5))");
    assert_int_equal(o.verdict, VOUCH_SAT);
    assert_true(o.x == 0);
}

static void a_saw_tooth_is_decided(void **state)
{
    (void)state;
    assert_int_equal(decide(saw, true, "(assert (>= Y_0 0.05))").verdict, VOUCH_UNSAT);
    assert_int_equal(decide(saw, true, "(assert (<= Y_0 -1.05))").verdict, VOUCH_UNSAT);
    assert_int_equal(decide(saw, true, "(assert (<= Y_0 -0.95))").verdict, VOUCH_SAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_branch_is_decided_on_both_sides_of_a_comparison),
        cmocka_unit_test(the_point_at_the_jump_belongs_to_one_side),
        cmocka_unit_test(a_value_at_one_point_alone_is_proved_away_elsewhere),
        cmocka_unit_test(sign_has_three_values),
        cmocka_unit_test(a_saw_tooth_is_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
