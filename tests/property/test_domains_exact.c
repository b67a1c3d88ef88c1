/* Bounds against rationals: on dense ReLU networks the real value of every output, row and form
 * is computed exactly and must lie inside, to the last bit. Boxes are points or tiny, so that a
 * bound that forgot a rounding error misses the value. And one example with known answers. */
#include "property/domains.h"
#include "support/net.h"
#include "support/tiny.h"

/* ---- exact values ------------------------------------------------------------------------ */

/* total += coefficient . x */
static void add_form(mpq_t total, int64_t n, const double *coefficient, const double *x)
{
    mpq_t at;

    mpq_init(at);
    for (int64_t j = 0; coefficient && j < n; j++) {
        mpq_set_d(at, x[j]);
        vouch_tiny_add(total, at, coefficient[j]);
    }
    mpq_clear(at);
}

static void check_exact(const fixture *f, const vouch_domain *domain, const char *what,
                        const mpq_t x, double low, double high)
{
    if (isnan(low) || isnan(high) || vouch_tiny_compare(x, low) < 0 ||
        vouch_tiny_compare(x, high) > 0)
        fail_msg("network %llu, %s: %s: [%.17g, %.17g] misses %.17g",
                 (unsigned long long)f->index, domain->name, what, low, high, mpq_get_d(x));
}

static void row_value(const fixture *f, int r, mpq_t *y, const double *x, mpq_t value)
{
    const vouch_bound_problem *p = &f->problem;

    mpq_set_d(value, f->rows.constant ? f->rows.constant[r] : 0);
    for (int64_t i = 0; i < p->output_size; i++)
        vouch_tiny_add(value, y[i], f->rows.output[r * p->output_size + i]);
    add_form(value, p->input_size, f->rows.input ? f->rows.input + r * p->input_size : NULL, x);
}

/* low <= value - form . x <= high for the forms' offsets. */
static void check_form(const fixture *f, const vouch_domain *domain, const vouch_bounds *b,
                       int r, const mpq_t value, const double *x)
{
    int64_t n = f->problem.input_size;
    mpq_t rest;

    mpq_init(rest);
    add_form(rest, n, b->lower + r * n, x);
    mpq_sub(rest, value, rest);
    check_exact(f, domain, "lower form", rest, b->lower_offset[r], (double)INFINITY);
    mpq_set_ui(rest, 0, 1);
    add_form(rest, n, b->upper + r * n, x);
    mpq_sub(rest, value, rest);
    check_exact(f, domain, "upper form", rest, -(double)INFINITY, b->upper_offset[r]);
    mpq_clear(rest);
}

static void check_point(const fixture *f, const vouch_domain *domain, const vouch_bounds *b,
                        mpq_t *y, const double *x)
{
    int v = f->graph->output[0];
    mpq_t value;

    mpq_init(value);
    for (int64_t i = 0; i < f->problem.output_size; i++)
        check_exact(f, domain, "output", y[i], b->low[v][i], b->high[v][i]);
    for (int r = 0; r < f->rows.count; r++) {
        row_value(f, r, y, x, value);
        check_exact(f, domain, "row", value, b->row_low[r], b->row_high[r]);
        if (domain->has_forms)
            check_form(f, domain, b, r, value, x);
    }
    mpq_clear(value);
}

/* ---- networks and boxes ------------------------------------------------------------------ */

static void random_net(fixture *f, vouch_test_net *net)
{
    int size[VOUCH_TEST_NET_LAYERS + 1], layers = 1 + (int)vouch_random_below(&f->random, 4);

    for (int l = 0; l <= layers; l++)
        size[l] = 1 + (int)vouch_random_below(&f->random, 6);
    vouch_test_net_random(f->ctx, vouch_random_unit(&f->random) < .5 ? VOUCH_F32 : VOUCH_F64,
                          layers, size, &f->random, net);
    make_problem(f, net->graph);
}

/* Half the boxes shrink to a point or to a few last places around one. */
static void shrink_box(fixture *f)
{
    double *low = (double *)(uintptr_t)f->problem.low,
           *high = (double *)(uintptr_t)f->problem.high;
    uint64_t kind = vouch_random_below(&f->random, 4);

    for (int64_t j = 0; kind < 2 && j < f->problem.input_size; j++) {
        high[j] = low[j];
        for (int k = 0; kind == 1 && k < 3; k++)
            high[j] = nextafter(high[j], (double)INFINITY);
    }
}

enum { EXACT_POINTS = 4 };

static void check_domains(fixture *f, const vouch_test_net *net, mpq_t *y)
{
    double *x = VOUCH_NEW_ARRAY(f->arena, double, f->problem.input_size);

    assert_non_null(x);
    for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
        vouch_bounds b = bound(f, *d, &f->problem);

        assert_false(b.empty);
        for (int p = 0; p < EXACT_POINTS; p++) {
            vouch_test_random_point(&f->random, f->problem.input_size, f->problem.low,
                                    f->problem.high, x);
            vouch_test_net_exact(net, x, y);
            check_point(f, *d, &b, y, x);
        }
    }
}

static void bounds_hold_over_the_rationals(void **state)
{
    enum { OUTPUTS = 8 };
    uint64_t nets = net_count(200);
    mpq_t y[OUTPUTS];

    (void)state;
    for (int i = 0; i < OUTPUTS; i++)
        mpq_init(y[i]);
    for (uint64_t k = 0; k < nets; k++) {
        vouch_test_net net;
        fixture f;

        begin_fixture(&f, k);
        random_net(&f, &net);
        shrink_box(&f);
        check_domains(&f, &net, y);
        vouch_test_net_free(&net);
        f.graph = NULL;
        end_fixture(&f);
    }
    for (int i = 0; i < OUTPUTS; i++)
        mpq_clear(y[i]);
}

/* ---- the running example of the DeepPoly paper ------------------------------------------- */

typedef struct answer {
    const char *domain;
    double high;    /* of x11 */
    double row_low; /* of x11 - x12 */
} answer;

/* Singh 2019, Fig. 2. By hand: x11 <= 5.5 (sec. 2), and x11 - x12 = x9 + 1 >= 1, which intervals
 * see too behind the last ReLUs. */
static const answer answers[] = {
    {"interval", 7, 1},          {"zonotope", 5.5, 1}, {"symbolic", 6, 1},
    {"symbolic_parallel", 6, 1}, {"crown", 5.5, 1},    {"meet", 5.5, 1},
};

static void the_example_of_the_deeppoly_paper_has_its_bounds(void **state)
{
    static const int size[] = {2, 2, 2, 2};
    static const float parameters[] = {1, 1, 1, -1, 0, 0, 1, 1, 1, -1, 0, 0, 1, 0, 1, 1, 1, 0};
    static const double low[] = {-1, -1}, high[] = {1, 1}, difference[] = {1, -1};
    vouch_linear_rows rows = {.count = 1, .output = difference};
    vouch_test_net net;
    fixture f;

    (void)state;
    begin_fixture(&f, 0);
    vouch_test_net_new(f.ctx, VOUCH_F64, 3, size, parameters, &net);
    make_problem(&f, net.graph);
    f.problem.low = low;
    f.problem.high = high;
    f.problem.rows = &rows;
    for (size_t k = 0; k < VOUCH_TEST_COUNT(answers); k++) {
        vouch_bounds b = bound(&f, vouch_domain_find(answers[k].domain), &f.problem);
        double x11 = b.high[net.graph->output[0]][0];

        if (!(fabs(x11 - answers[k].high) < 1e-9) ||
            !(fabs(b.row_low[0] - answers[k].row_low) < 1e-9))
            fail_msg("%s: x11 <= %.10g, x11 - x12 >= %.10g", answers[k].domain, x11,
                     b.row_low[0]);
    }
    vouch_test_net_free(&net);
    f.graph = NULL;
    end_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_hold_over_the_rationals),
        cmocka_unit_test(the_example_of_the_deeppoly_paper_has_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
