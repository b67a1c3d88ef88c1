/* Random formulas: the normal form is true exactly where the formula is.
 *
 * A generator writes formulas over small numbers in quarters, so that plain doubles evaluate
 * them exactly; the evaluator below reads the text again, on its own, and shares no code with
 * the parser under test. The formula must agree with the cases at many points, bounds and their
 * ends among them, and the written-out specification must parse into an equal one.
 */
#include "spec_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "spec/rational.h"

enum { INPUTS = 2, OUTPUTS = 2, TEXT = 1 << 16 };

/* ---- generator ------------------------------------------------------------------------- */

typedef struct generator {
    vouch_random r;
    char *text;
    size_t at;
} generator;

static unsigned pick(generator *g, unsigned n)
{
    return (unsigned)vouch_random_below(&g->r, n);
}

static void put(generator *g, const char *text)
{
    size_t n = strlen(text);

    if (g->at + n + 1 < TEXT) {
        memcpy(g->text + g->at, text, n + 1);
        g->at += n;
    }
}

static void put_number(generator *g)
{
    char text[32];
    double value = ((double)pick(g, 17) - 8) / 4;

    if (pick(g, 3) == 0)
        (void)snprintf(text, sizeof text, "%.4e ", value);
    else if (pick(g, 2) == 0)
        (void)snprintf(text, sizeof text, "%+.3f ", value);
    else
        (void)snprintf(text, sizeof text, "%g ", value);
    put(g, text);
}

static void put_variable(generator *g)
{
    static const char *const names[] = {"X_0 ", "X_1 ", "Y_0 ", "Y_1 "};

    put(g, names[pick(g, 4)]);
}

static void put_term(generator *g, int depth)
{
    switch (depth > 0 ? pick(g, 6) : pick(g, 2)) {
    case 0:
        put_number(g);
        return;
    case 1:
        put_variable(g);
        return;
    case 2:
        put(g, "(+ ");
        break;
    case 3:
        put(g, "(- ");
        break;
    case 4:
        put(g, "(* ");
        put_number(g);
        put_term(g, depth - 1);
        put(g, ") ");
        return;
    default:
        put(g, "(/ ");
        put_term(g, depth - 1);
        put(g, "-2) ");
        return;
    }
    for (unsigned n = 1 + pick(g, 3); n > 0; n--)
        put_term(g, depth - 1);
    put(g, ") ");
}

static void put_comparison(generator *g)
{
    static const char *const ops[] = {"<= ", ">= ", "< ", "> ", "<= ", ">= ", "== ", "!= "};

    put(g, "(");
    put(g, ops[pick(g, 8)]);
    if (pick(g, 3) == 0) { /* a plain bound */
        put(g, pick(g, 2) ? "X_0 " : "X_1 ");
        put_number(g);
    } else {
        put_term(g, 2);
        put_term(g, 1);
    }
    put(g, ")\n");
}

static void put_formula(generator *g, int depth)
{
    if (depth == 0 || pick(g, 4) == 0) {
        put_comparison(g);
        return;
    }
    if (pick(g, 8) == 0) {
        put(g, "(not ");
        put_formula(g, depth - 1);
    } else {
        put(g, pick(g, 2) ? "(and " : "(or ");
        for (unsigned n = 1 + pick(g, 3); n > 0; n--)
            put_formula(g, depth - 1);
    }
    put(g, ")");
}

static void make_property(generator *g)
{
    g->at = 0;
    put(g, "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
           "(declare-const Y_1 Real)\n(assert (and (<= X_0 2) (>= X_0 -2) (<= X_1 2)"
           " (>= X_1 -2)))\n");
    for (unsigned n = 1 + pick(g, 4); n > 0; n--) {
        put(g, "(assert ");
        put_formula(g, 3);
        put(g, ")\n");
    }
}

/* ---- evaluator -------------------------------------------------------------------------- */

typedef struct evaluator {
    const char *at;
    const double *x, *y;
} evaluator;

static void blanks(evaluator *e)
{
    while (*e->at == ' ' || *e->at == '\n')
        e->at++;
}

static bool take(evaluator *e, const char *word)
{
    size_t n = strlen(word);

    blanks(e);
    if (strncmp(e->at, word, n) != 0)
        return false;
    e->at += n;
    return true;
}

static double term_value(evaluator *e)
{
    double sum = 0, value;
    char op;

    blanks(e);
    if (*e->at == 'X' || *e->at == 'Y') {
        value = (*e->at == 'X' ? e->x : e->y)[e->at[2] - '0'];
        e->at += 3;
        return value;
    }
    if (*e->at != '(') {
        char *end;

        value = strtod(e->at, &end);
        e->at = end;
        return value;
    }
    op = e->at[1];
    e->at += 2;
    for (int n = 0; !take(e, ")"); n++) {
        value = term_value(e);
        if (n == 0)
            sum = value;
        else if (op == '+')
            sum += value;
        else if (op == '-')
            sum -= value;
        else if (op == '*')
            sum *= value;
        else
            sum /= value;
        if (n == 0 && op == '-' && take(e, ")"))
            return -sum;
    }
    return sum;
}

static bool compare(const char *op, double a, double b)
{
    if (op[0] == '<')
        return op[1] == '=' ? a <= b : a < b;
    if (op[0] == '>')
        return op[1] == '=' ? a >= b : a > b;
    return (op[0] == '=') == (a == b);
}

static bool formula_value(evaluator *e)
{
    const char *op;
    bool is_and, value;
    double a, b;

    assert_true(take(e, "("));
    if (take(e, "not ")) {
        value = !formula_value(e);
        assert_true(take(e, ")"));
        return value;
    }
    is_and = take(e, "and ");
    if (is_and || take(e, "or ")) {
        value = is_and;
        while (!take(e, ")")) {
            bool child = formula_value(e);

            value = is_and ? value && child : value || child;
        }
        return value;
    }
    op = e->at;
    while (*e->at != ' ')
        e->at++;
    a = term_value(e);
    b = term_value(e);
    assert_true(take(e, ")"));
    return compare(op, a, b);
}

static bool property_value(const char *text, const double *x, const double *y)
{
    evaluator e = {strstr(text, "(assert"), x, y};
    bool value = true;

    while (take(&e, "(assert")) {
        bool one = formula_value(&e);

        value = value && one;
        assert_true(take(&e, ")"));
    }
    return value;
}

/* ---- comparison -------------------------------------------------------------------------- */

static bool some_case_holds(const vouch_spec *spec, const double *x, const double *y)
{
    bool holds = false;

    for (int k = 0; k < spec->case_count; k++)
        holds = vouch_spec_case_holds(spec, k, x, y, y) || holds;
    return holds;
}

static void check_points(generator *g, const vouch_spec *spec, const vouch_spec *again)
{
    for (int i = 0; i < 60; i++) {
        double x[INPUTS], y[OUTPUTS];
        bool value;

        for (int k = 0; k < INPUTS; k++)
            x[k] = ((double)pick(g, 37) - 18) / 8;
        for (int k = 0; k < OUTPUTS; k++)
            y[k] = ((double)pick(g, 65) - 32) / 8;
        value = property_value(g->text, x, y);
        if (some_case_holds(spec, x, y) != value || some_case_holds(again, x, y) != value)
            fail_msg("wrong at X = %g %g, Y = %g %g: the formula is %d\n%s", x[0], x[1], y[0],
                     y[1], value, g->text);
    }
}

/* The written text says the same in no more cases (what is implied may be left out). */
static void check_equal(const vouch_spec *a, const vouch_spec *b)
{
    assert_true(b->case_count <= a->case_count && b->box_count <= a->box_count);
    assert_int_equal(a->case_count > 0, b->case_count > 0);
    for (int i = 0; i < b->box_count; i++) {
        int same = 0;

        for (int j = 0; j < a->box_count; j++)
            same += mpq_equal(a->box[j].exact_low[0], b->box[i].exact_low[0]) &&
                    mpq_equal(a->box[j].exact_low[1], b->box[i].exact_low[1]) &&
                    mpq_equal(a->box[j].exact_high[0], b->box[i].exact_high[0]) &&
                    mpq_equal(a->box[j].exact_high[1], b->box[i].exact_high[1]);
        assert_int_equal(same, 1);
    }
}

/* What spec.h promises of every parsed specification. */
static void check_invariants(const vouch_spec *spec)
{
    int used = -1;

    for (int k = 0; k < spec->case_count; k++) {
        const vouch_case *c = &spec->cases[k];

        assert_true(c->box == used || c->box == used + 1); /* sorted, no box without a case */
        used = c->box;
        for (int i = 0; i < c->row_count; i++) {
            assert_true(vouch_rational_up(c->row[i].exact_bound) == c->row[i].bound);
            assert_true(i == 0 || c->row[i].term != c->row[i - 1].term);
        }
    }
    assert_int_equal(spec->box_count, used + 1);
    assert_true((spec->note != NULL) == (spec->case_count == 0));
    for (int i = 0; i < spec->box_count; i++)
        for (int k = 0; k < INPUTS; k++) {
            const vouch_box *box = &spec->box[i];

            assert_true(vouch_rational_down(box->exact_low[k]) == box->low[k]);
            assert_true(vouch_rational_up(box->exact_high[k]) == box->high[k]);
            assert_true(mpq_cmp(box->exact_low[k], box->exact_high[k]) <= 0);
        }
}

static void check_words(const vouch_spec *spec)
{
    char text[64];

    assert_true(strlen(vouch_spec_describe(spec, -1, text, sizeof text)) < sizeof text);
    for (int k = 0; k < spec->case_count; k++)
        assert_true(strlen(vouch_spec_describe(spec, k, text, sizeof text)) < sizeof text);
}

static void the_cases_are_true_exactly_where_the_formula_is(void **state)
{
    static char text[TEXT];
    spec_fixture f, again;
    int some = 0, none = 0;

    (void)state;
    fixture_open(&f, INPUTS, OUTPUTS);
    fixture_open(&again, INPUTS, OUTPUTS);
    for (unsigned i = 0; i < 1500; i++) {
        generator g = {vouch_random_stream(7, "formulas", i), text, 0};
        const char *written;
        size_t size;

        make_property(&g);
        if (fixture_parse(&f, text) != VOUCH_OK)
            fail_msg("%s\n%s", vouch_context_error(f.ctx), text);
        assert_int_equal(vouch_spec_write(f.spec, f.spec->arena, &written, &size), VOUCH_OK);
        assert_int_equal(size, strlen(written));
        if (fixture_parse(&again, written) != VOUCH_OK)
            fail_msg("%s\n%s", vouch_context_error(again.ctx), written);
        check_equal(f.spec, again.spec);
        check_invariants(f.spec);
        check_points(&g, f.spec, again.spec);
        check_words(f.spec);
        some += f.spec->case_count > 0;
        none += f.spec->case_count == 0;
    }
    assert_true(some > 500 && none > 50); /* the generator makes both */
    fixture_close(&f);
    fixture_close(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cases_are_true_exactly_where_the_formula_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
