/* vouch_verify against an oracle that decides tiny networks exactly: random networks, boxes and
 * properties (strict and not, touching an optimum, several cases and boxes, rows that mix
 * inputs and outputs), under every domain, split, cut and precision of the tables.
 *
 * The oracle says whether a real solution exists. `unsat` with a solution, or `sat` without one
 * or with a witness that is none, is unsound. VOUCH_NETS sets the number of networks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounds/domain.h"
#include "support/net.h"
#include "support/tiny.h"
#include "verify/cut.h"
#include "verify/pick.h"
#include "verify/split.h"
#include "verify/verify.h"

enum { TEXT = 1 << 16, SEED = 11 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_random random;
    vouch_tiny net;
    vouch_spec *spec;
    char text[TEXT]; /* the property */
    size_t length;
    uint64_t index;
    bool solvable;
} fixture;

static int nets(int usual)
{
    const char *text = getenv("VOUCH_NETS");

    return text ? atoi(text) : usual;
}

static uint64_t below(fixture *f, uint64_t n) { return vouch_random_below(&f->random, n); }

/* ---- properties ------------------------------------------------------------------------ */

static void put(fixture *f, const char *text)
{
    size_t length = strlen(text);

    assert_true(f->length + length < TEXT);
    memcpy(f->text + f->length, text, length + 1);
    f->length += length;
}

static void put_rational(fixture *f, const mpq_t q)
{
    char text[VOUCH_TINY_TEXT];

    put(f, vouch_tiny_decimal(q, text));
}

/* A number of the network's style, multiples of 1/8 or of 1e-3: most of the latter no double.
 */
static double number(fixture *f, bool eighths)
{
    return eighths ? (double)below(f, 33) / 8 - 2 : ((double)below(f, 4001) - 2000) / 1000;
}

static void put_decimal(fixture *f, double x)
{
    char text[64];

    snprintf(text, sizeof text, "%.3f", x);
    put(f, text);
}

typedef struct box {
    double low[3], high[3];
} box;

static box draw_box(fixture *f, bool eighths)
{
    box b;

    for (int d = 0; d < f->net.size[0]; d++) {
        double x = number(f, eighths), y = below(f, 6) ? number(f, eighths) : x;
        b.low[d] = fmin(x, y);
        b.high[d] = fmax(x, y);
    }
    return b;
}

static void put_box(fixture *f, const box *b)
{
    char name[32];

    for (int d = 0; d < f->net.size[0]; d++)
        for (int side = 0; side < 2; side++) {
            snprintf(name, sizeof name, " (%s X_%d ", side ? "<=" : ">=", d);
            put(f, name);
            put_decimal(f, side ? b->high[d] : b->low[d]);
            put(f, ")");
        }
}

/* Writes a random row  (+ (* c Y_0) (* c X_1) ...) op bound; the bound is about the row's value
 * at some point of the box, most often the least of those tried, so that many rows touch. */
static void put_row(fixture *f, const box *b)
{
    int n = f->net.size[0], m = f->net.size[f->net.layers];
    double output[VOUCH_TINY_WIDTH], input[3];
    mpq_t *x = vouch_tiny_rationals(3), *y = vouch_tiny_rationals(VOUCH_TINY_WIDTH);
    mpq_t value, least;
    char part[128];
    bool first = true;

    mpq_inits(value, least, NULL);
    for (int i = 0; i < m; i++)
        output[i] = (double)below(f, 9) / 4 - 1;
    for (int i = 0; i < n; i++)
        input[i] = below(f, 4) ? 0 : (double)below(f, 9) / 4 - 1;
    output[0] = output[0] == 0 ? 1 : output[0];
    for (int tries = 1 + (int)below(f, 12); tries > 0; tries--) {
        for (int d = 0; d < n; d++) {
            int at = (int)below(f, 5);
            double t = at / 4.0;
            mpq_set_d(x[d], at == 4 ? b->high[d] : b->low[d] + t * (b->high[d] - b->low[d]));
        }
        vouch_tiny_values(&f->net, x, NULL, y);
        mpq_set_si(value, 0, 1);
        for (int i = 0; i < m; i++)
            vouch_tiny_add(value, y[i], output[i]);
        for (int i = 0; i < n; i++)
            vouch_tiny_add(value, x[i], input[i]);
        if (first || mpq_cmp(value, least) < 0)
            mpq_set(least, value);
        first = false;
    }
    if (below(f, 2)) {
        mpq_set_d(value, ldexp(below(f, 3) ? -1 : 1, -(int)below(f, 40)));
        mpq_add(least, least, value);
    }
    put(f, below(f, 3) ? " (<= (+" : " (< (+");
    for (int i = 0; i < m + n; i++) {
        double c = i < m ? output[i] : input[i - m];
        snprintf(part, sizeof part, " (* %.3f %c_%d)", c, i < m ? 'Y' : 'X', i < m ? i : i - m);
        if (c != 0)
            put(f, part);
    }
    put(f, " 0.0) ");
    put_rational(f, least);
    put(f, ")");
    mpq_clears(value, least, NULL);
    vouch_tiny_rationals_free(x, 3);
    vouch_tiny_rationals_free(y, VOUCH_TINY_WIDTH);
}

/* (assert (or (and box row row) (and box row) ...)): one or two boxes, one to three cases. */
static void draw_property(fixture *f)
{
    bool eighths = below(f, 3) > 0;
    box boxes[2] = {draw_box(f, eighths), draw_box(f, eighths)};
    int cases = 1 + (int)below(f, 3);

    f->length = 0;
    put(f, "(assert (or");
    for (int k = 0; k < cases; k++) {
        const box *b = &boxes[below(f, 4) == 0];
        put(f, " (and");
        put_box(f, b);
        for (int rows = 1 + (int)below(f, 2); rows > 0; rows--)
            put_row(f, b);
        put(f, ")");
    }
    put(f, "))\n");
}

static void begin_as(fixture *f, uint64_t index, bool extrema)
{
    memset(f, 0, sizeof *f);
    f->ctx = vouch_test_context();
    f->index = index;
    f->random = vouch_random_stream(SEED, "verify", index);
    vouch_tiny_shape shape = {.inputs = 1 + (int)below(f, 2),
                              .outputs = 1 + (int)below(f, 2),
                              .hidden = 1 + (int)below(f, 2),
                              .width = 4,
                              .relu_only = below(f, 2),
                              .extrema = extrema,
                              .style = (vouch_tiny_style)below(f, VOUCH_TINY_STYLES),
                              .dtype = below(f, 2) ? VOUCH_F32 : VOUCH_F64};
    vouch_tiny_random(f->ctx, &shape, &f->random, &f->net);
    draw_property(f);
    f->spec = vouch_test_spec(f->ctx, f->net.graph, f->text);
    for (int k = 0; k < f->spec->case_count; k++)
        f->solvable = f->solvable || vouch_tiny_case_solvable(&f->net, f->spec, k, NULL);
}

static void begin(fixture *f, uint64_t index) { begin_as(f, index, false); }

static void end(fixture *f)
{
    vouch_spec_free(f->spec);
    vouch_tiny_free(&f->net);
    vouch_context_free(f->ctx);
}

/* ---- settings -------------------------------------------------------------------------- */

static const char *any_domain(fixture *f)
{
    static const char *const batched[] = {"auto", "auto", "crown", "symbolic"};
    const vouch_domain *const *table = vouch_domain_table();
    size_t count = 0;

    if (below(f, 3))
        return batched[below(f, 4)];
    while (table[count])
        count++;
    return table[below(f, count)]->name;
}

static const char *any_split(fixture *f)
{
    const vouch_split *const *table = vouch_split_table();
    size_t count = 0;

    while (table[count])
        count++;
    return table[below(f, count)]->name;
}

static const char *any_cut(fixture *f)
{
    const vouch_cut_shape *const *table = vouch_cut_table();
    size_t count = 0;

    while (table[count])
        count++;
    return table[below(f, count)]->name;
}

static vouch_verify_settings usual_settings(void)
{
    vouch_verify_settings s;

    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &s);
    s.max_subproblems = 2000;
    return s;
}

static vouch_verify_settings any_settings(fixture *f)
{
    static const char *const precisions[] = {"auto", "float", "double"};
    static const char *const searches[] = {"auto", "boxes", "branch", "branch"};
    vouch_verify_settings s = usual_settings();
    const vouch_pick *const *picks = vouch_pick_table();
    size_t pick_count = 0;

    while (picks[pick_count])
        pick_count++;
    s.search = searches[below(f, 4)];
    s.pick = picks[below(f, pick_count)]->name;
    s.root_steps = (int64_t)below(f, 10);
    s.branch_steps = (int64_t)below(f, 4);

    s.domain = any_domain(f);
    s.split = any_split(f);
    s.cut = any_cut(f);
    s.precision = precisions[below(f, 3)];
    s.attack = below(f, 2);
    s.clip = below(f, 4) > 0;
    s.compress = below(f, 4) > 0;
    s.slope_steps = (int64_t)below(f, 4);
    s.seed = (int64_t)below(f, 100);
    s.max_subproblems = 1 + (int64_t)below(f, 600);
    return s;
}

static void describe(const fixture *f, const vouch_verify_settings *s, const char *what)
{
    print_message("network %llu: %s\ndomain %s split %s cut %s precision %s attack %d clip %d "
                  "compress %d steps %lld seed %lld limit %lld search %s pick %s\n%s",
                  (unsigned long long)f->index, what, s->domain, s->split, s->cut, s->precision,
                  s->attack, s->clip, s->compress, (long long)s->slope_steps,
                  (long long)s->seed, (long long)s->max_subproblems, s->search, s->pick,
                  f->text);
    fail();
}

/* The witness solves its case, exactly; a fixed input is at its decimal. */
static bool is_witness(const fixture *f, const vouch_verify_result *result)
{
    const vouch_box *its = &f->spec->box[f->spec->cases[result->witness_case].box];
    mpq_t *x = vouch_tiny_rationals(3);

    for (int d = 0; d < f->net.size[0]; d++) {
        mpq_set_d(x[d], result->witness_input[d]);
        if (mpq_equal(its->exact_low[d], its->exact_high[d]))
            mpq_set(x[d], its->exact_low[d]);
    }
    bool holds = vouch_tiny_case_holds(&f->net, f->spec, result->witness_case, x);
    vouch_tiny_rationals_free(x, 3);
    return holds;
}

/* Verifies; the witness's input goes to x if there is one. */
static vouch_verdict verify(fixture *f, const vouch_verify_settings *s, double x[3])
{
    vouch_arena *arena = vouch_arena_new(f->ctx);
    vouch_verify_result result;

    assert_non_null(arena);
    vouch_test_ok(f->ctx, vouch_verify(f->ctx, arena, f->net.graph, f->spec, s, NULL, &result));
    if (result.verdict == VOUCH_UNSAT && f->solvable)
        describe(f, s, "unsat, but there is a solution");
    if (result.verdict == VOUCH_SAT && !f->solvable)
        describe(f, s, "sat, but there is no solution");
    if (result.verdict == VOUCH_SAT && !is_witness(f, &result))
        describe(f, s, "the witness is none");
    for (int d = 0; d < 3; d++)
        x[d] = result.verdict == VOUCH_SAT && d < f->net.size[0] ? result.witness_input[d] : 0;
    vouch_arena_free(arena);
    return result.verdict;
}

/* ---- tests ----------------------------------------------------------------------------- */

static void verdicts_agree_with_the_oracle(void **state)
{
    int count = nets(300), decided = 0, unsat = 0;
    double x[3];

    (void)state;
    for (int i = 0; i < count; i++) {
        fixture f;
        begin(&f, (uint64_t)i);
        vouch_verify_settings s = usual_settings();
        vouch_verdict verdict = verify(&f, &s, x);
        decided += verdict == VOUCH_SAT || verdict == VOUCH_UNSAT;
        unsat += verdict == VOUCH_UNSAT;
        for (int run = 0; run < 3; run++) {
            s = any_settings(&f);
            verify(&f, &s, x);
        }
        end(&f);
    }
    print_message("%d networks: %d decided, %d unsat\n", count, decided, unsat);
    /* what is left touches a boundary at no representable point */
    assert_true(decided >= count * 3 / 4 && unsat >= count / 10 &&
                decided - unsat >= count / 10);
}

static void two_threads_find_what_one_finds(void **state)
{
    int count = nets(300) / 4;
    double one[3], two[3];

    (void)state;
    for (int i = 0; i < count; i++) {
        fixture f;
        begin(&f, (uint64_t)i + 1000000);
        vouch_verify_settings s = any_settings(&f);
        s.attack = false;
        s.max_subproblems = 400;
        vouch_verdict first = verify(&f, &s, one);
        s.threads = 2;
        vouch_verdict second = verify(&f, &s, two);
        bool limited = first == VOUCH_UNKNOWN || second == VOUCH_UNKNOWN;
        if (!limited && (first != second || memcmp(one, two, sizeof one) != 0))
            describe(&f, &s, "two threads differ from one");
        end(&f);
    }
}

/* Networks that have a form, so that linear programs take part: from the first subproblem on
 * those that bounds leave open. */
static void branching_and_its_leaves_decide_as_the_oracle_does(void **state)
{
    int count = nets(300), decided = 0;
    double one[3], two[3];

    (void)state;
    for (int i = 0; i < count; i++) {
        fixture f;
        begin(&f, (uint64_t)i + 3000000);
        vouch_verify_settings s = usual_settings();
        s.search = "branch";
        s.attack = i % 2;
        s.max_subproblems = 400;
        vouch_verdict first = verify(&f, &s, one);
        s.threads = 2;
        vouch_verdict second = verify(&f, &s, two);
        if (!s.attack && (first != second || memcmp(one, two, sizeof one) != 0))
            describe(&f, &s, "two threads differ from one");
        decided += first == VOUCH_SAT || first == VOUCH_UNSAT;
        end(&f);
    }
    print_message("%d networks: %d decided\n", count, decided);
    assert_true(decided >= count / 2);
}

/* Nothing rounds: what it leaves undecided has solutions over the reals, none of which the
 * input's type holds, as far as it looked. */
static void the_exact_search_decides_as_the_oracle_does(void **state)
{
    int count = nets(300), decided = 0;
    double x[3];

    (void)state;
    for (int i = 0; i < count; i++) {
        fixture f;
        begin_as(&f, (uint64_t)i + 2000000, i % 3 == 0);
        vouch_verify_settings s = usual_settings();
        s.complete = "exact";
        vouch_verdict verdict = verify(&f, &s, x);
        bool is_decided = verdict == VOUCH_SAT || verdict == VOUCH_UNSAT;
        if (!is_decided && !f.solvable)
            describe(&f, &s, "undecided, but there is no solution");
        decided += is_decided;
        s.complete = "search";
        verify(&f, &s, x);
        end(&f);
    }
    print_message("%d networks: %d decided\n", count, decided);
    assert_true(decided >= count * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_agree_with_the_oracle),
        cmocka_unit_test(two_threads_find_what_one_finds),
        cmocka_unit_test(branching_and_its_leaves_decide_as_the_oracle_does),
        cmocka_unit_test(the_exact_search_decides_as_the_oracle_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
