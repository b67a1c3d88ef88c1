/* Where inputs matter only through a step, a property is decided place by place. */
#include <string.h>

#include "support/lines.h"
#include "support/net.h"
#include "verify/verify.h"

#define CUT(input, place)                                                                      \
    {"Gather", {"x", input}, place "_x", NULL, 0}, { "Cast", {place "_x"}, place, "to", 7 }

/* y = table[place 0] + table[place 1], places being integer parts */
static const vouch_test_line sum[] = {CUT("zero", "a"),
                                      CUT("one", "b"),
                                      {"Gather", {"table", "a"}, "ta", NULL, 0},
                                      {"Gather", {"table", "b"}, "tb", NULL, 0},
                                      {"Add", {"ta", "tb"}, "y", NULL, 0},
                                      {0}};

/* y = table[place 0] + x[1] */
static const vouch_test_line mixed[] = {CUT("zero", "a"),
                                        {"Gather", {"table", "a"}, "ta", NULL, 0},
                                        {"Gather", {"x", "one"}, "x1", NULL, 0},
                                        {"Add", {"ta", "x1"}, "y", NULL, 0},
                                        {0}};

typedef struct outcome {
    vouch_verdict verdict;
    uint64_t subproblems;
    double x[2];
} outcome;

static outcome decide(const vouch_test_line *lines, const char *property, int threads)
{
    vouch_test_lines f;
    vouch_verify_settings settings;
    vouch_verify_result result;
    outcome o = {0};
    vouch_test_lines_open(&f, lines);
    vouch_spec *spec = vouch_test_spec(f.ctx, f.graph, property);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.threads = threads;
    settings.max_subproblems = 2000;
    vouch_test_ok(f.ctx, vouch_verify(f.ctx, f.arena, f.graph, spec, &settings, NULL, &result));
    o.verdict = result.verdict;
    o.subproblems = result.subproblems;
    if (result.verdict == VOUCH_SAT)
        memcpy(o.x, result.witness_input, sizeof o.x);
    vouch_spec_free(spec);
    vouch_test_lines_close(&f);
    return o;
}

#define BOX "(assert (>= X_0 0))(assert (<= X_0 4.5))(assert (>= X_1 0.5))(assert (<= X_1 4))"

static void every_place_is_proved_once(void **state)
{
    (void)state;
    const outcome o = decide(sum, BOX "(assert (>= Y_0 82.5))", 1);
    assert_int_equal(o.verdict, VOUCH_UNSAT);
    assert_int_equal(o.subproblems, 25); /* integer parts 0 .. 4 of each, 0.5 having 0 */
}

static void a_single_place_with_a_witness_is_found_for_any_number_of_threads(void **state)
{
    (void)state;
    const outcome one = decide(sum, BOX "(assert (>= Y_0 81.5))", 1);
    assert_int_equal(one.verdict, VOUCH_SAT);
    assert_true((int)one.x[0] == 4 && (int)one.x[1] == 4);
    const outcome two = decide(sum, BOX "(assert (>= Y_0 71.5))", 2);
    const outcome three = decide(sum, BOX "(assert (>= Y_0 71.5))", 3);
    assert_int_equal(two.verdict, VOUCH_SAT);
    assert_memory_equal(two.x, three.x, sizeof two.x);
}

/* The place of 0.5 <= x <= 0.7 is that of 0, which the box does not hold. */
static void a_place_is_looked_at_within_the_box(void **state)
{
    (void)state;
    const char *box = "(assert (>= X_0 0.5))(assert (<= X_0 0.7))"
                      "(assert (>= X_1 3))(assert (<= X_1 3))(assert (<= Y_0 32.5))";
    const outcome o = decide(sum, box, 1);
    assert_int_equal(o.verdict, VOUCH_SAT);
    assert_true(o.x[0] >= 0.5 && o.x[0] <= 0.7);
}

static void a_row_over_a_place_is_not_decided_by_the_place(void **state)
{
    (void)state;
    const outcome o =
        decide(sum, BOX "(assert (>= X_0 4.25))(assert (>= (+ X_0 Y_0) 86.2))", 1);
    assert_int_equal(o.verdict, VOUCH_SAT); /* at 4.25 and beyond, not at 4 */
}

static void where_another_input_varies_the_search_decides(void **state)
{
    (void)state;
    assert_int_equal(decide(mixed, BOX "(assert (>= Y_0 44.5))", 1).verdict, VOUCH_SAT);
    assert_int_equal(decide(mixed, BOX "(assert (>= Y_0 46))", 1).verdict, VOUCH_UNSAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_is_proved_once),
        cmocka_unit_test(a_single_place_with_a_witness_is_found_for_any_number_of_threads),
        cmocka_unit_test(a_place_is_looked_at_within_the_box),
        cmocka_unit_test(a_row_over_a_place_is_not_decided_by_the_place),
        cmocka_unit_test(where_another_input_varies_the_search_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
