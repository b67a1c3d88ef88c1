/* Every domain of the table is sound: what a network really computes, at corners and inner
 * points of random boxes, lies inside every interval and between the linear forms. VOUCH_NETS
 * sets how many networks are drawn. */
#include "property/domains.h"

/* ---- what must hold ---------------------------------------------------------------------- */

static void check_interval(const fixture *f, const vouch_domain *domain, const char *what,
                           double low, double high, double point_low, double point_high)
{
    if (isnan(low) || isnan(high))
        fail_msg("network %llu, %s: a bound of %s is NaN", (unsigned long long)f->index,
                 domain->name, what);
    if (point_high < low || point_low > high)
        fail_msg("network %llu, %s: %s: [%.17g, %.17g] misses the value [%.17g, %.17g]",
                 (unsigned long long)f->index, domain->name, what, low, high, point_low,
                 point_high);
}

static void check_values(const fixture *f, const vouch_domain *domain, const vouch_bounds *b,
                         const vouch_bounds *point)
{
    for (int v = 0; v < f->graph->value_count; v++) {
        const vouch_value *value = &f->graph->value[v];

        if (!value->shape_known)
            continue;
        for (int64_t i = 0; i < vouch_shape_count(&value->shape); i++)
            check_interval(f, domain, value->name, b->low[v][i], b->high[v][i],
                           point->low[v][i], point->high[v][i]);
    }
}

static void check_rows(const fixture *f, const vouch_domain *domain, const vouch_bounds *b,
                       const vouch_bounds *point, const double *x)
{
    int64_t n = f->problem.input_size;

    for (int r = 0; r < f->rows.count; r++) {
        check_interval(f, domain, "a row", b->row_low[r], b->row_high[r], point->row_low[r],
                       point->row_high[r]);
        if (!domain->has_forms)
            continue;
        check_interval(f, domain, "a form of a row",
                       vouch_form_min(n, b->lower + r * n, b->lower_offset[r], x, x),
                       vouch_form_max(n, b->upper + r * n, b->upper_offset[r], x, x),
                       point->row_low[r], point->row_high[r]);
    }
}

static void check_points(fixture *f, const vouch_domain *domain, const vouch_bounds *b)
{
    vouch_arena_mark mark = vouch_arena_get_mark(f->arena);

    if (b->empty)
        fail_msg("network %llu, %s: a box with points is called empty",
                 (unsigned long long)f->index, domain->name);
    for (int k = 0; k < POINTS; k++) {
        double *x = VOUCH_NEW_ARRAY(f->arena, double, f->problem.input_size);
        vouch_bounds point;

        assert_non_null(x);
        vouch_test_random_point(&f->random, f->problem.input_size, f->problem.low,
                                f->problem.high, x);
        point = bound_point(f, x);
        check_values(f, domain, b, &point);
        check_rows(f, domain, b, &point, x);
        vouch_arena_reset(f->arena, mark);
    }
}

/* ---- tests ------------------------------------------------------------------------------- */

static void every_domain_contains_what_the_network_computes(void **state)
{
    uint64_t nets = net_count(300);

    (void)state;
    for (uint64_t k = 0; k < nets; k++) {
        fixture f;

        begin_fixture(&f, k);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_ANY, SEED, k));
        for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
            vouch_bounds b = bound(&f, *d, &f.problem);

            check_points(&f, *d, &b);
        }
        end_fixture(&f);
    }
}

static void check_inside_part(const fixture *f, const vouch_domain *part, const char *what,
                              const double *low, const double *high, const double *part_low,
                              const double *part_high, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (low[i] < part_low[i] || high[i] > part_high[i])
            fail_msg("network %llu: meet is looser than %s for %s",
                     (unsigned long long)f->index, part->name, what);
}

static void meet_is_never_looser_than_its_parts(void **state)
{
    static const char *const parts[] = {"zonotope", "symbolic", "crown"};
    uint64_t nets = net_count(300);

    (void)state;
    for (uint64_t k = 0; k < nets; k++) {
        fixture f;

        begin_fixture(&f, k);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_ANY, SEED + 4, k));
        vouch_bounds meet = bound(&f, vouch_domain_find("meet"), &f.problem);
        for (size_t p = 0; p < VOUCH_TEST_COUNT(parts); p++) {
            const vouch_domain *domain = vouch_domain_find(parts[p]);
            vouch_bounds part = bound(&f, domain, &f.problem);
            for (int v = 0; v < f.graph->value_count; v++)
                if (f.graph->value[v].shape_known)
                    check_inside_part(&f, domain, f.graph->value[v].name, meet.low[v],
                                      meet.high[v], part.low[v], part.high[v],
                                      vouch_shape_count(&f.graph->value[v].shape));
            check_inside_part(&f, domain, "a row", meet.row_low, meet.row_high, part.row_low,
                              part.row_high, ROWS);
        }
        end_fixture(&f);
    }
}

/* Half of the box along a random dimension, as a child of the search sees it. */
static vouch_bound_problem half_of(fixture *f, const vouch_bounds *parent)
{
    vouch_bound_problem half = f->problem;
    int64_t n = half.input_size, j = (int64_t)vouch_random_below(&f->random, (uint64_t)n);
    double *high = VOUCH_NEW_ARRAY(f->arena, double, n);

    assert_non_null(high);
    memcpy(high, half.high, (size_t)n * sizeof *high);
    high[j] = .5 * half.low[j] + .5 * half.high[j];
    half.high = high;
    half.known_low = (const double *const *)parent->low;
    half.known_high = (const double *const *)parent->high;
    return half;
}

static void check_inside(const fixture *f, const vouch_domain *domain,
                         const vouch_bounds *child, const vouch_bounds *parent)
{
    for (int v = 0; v < f->graph->value_count; v++)
        for (int64_t i = 0;
             f->graph->value[v].shape_known && i < vouch_shape_count(&f->graph->value[v].shape);
             i++)
            if (child->low[v][i] < parent->low[v][i] || child->high[v][i] > parent->high[v][i])
                fail_msg("network %llu, %s: a split loosens %s", (unsigned long long)f->index,
                         domain->name, f->graph->value[v].name);
}

static void a_split_never_loosens_and_stays_sound(void **state)
{
    uint64_t nets = net_count(300) / 3 + 1;

    (void)state;
    for (uint64_t k = 0; k < nets; k++) {
        fixture f;

        begin_fixture(&f, k);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_ANY, SEED + 1, k));
        for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
            vouch_bound_problem whole = f.problem;
            vouch_bounds parent = bound(&f, *d, &whole);
            vouch_bounds child;

            f.problem = half_of(&f, &parent);
            child = bound(&f, *d, &f.problem);
            check_inside(&f, *d, &child, &parent);
            f.problem.known_low = f.problem.known_high = NULL;
            check_points(&f, *d, &child);
            f.problem = whole;
        }
        end_fixture(&f);
    }
}

/* The mean value theorem: row(x) - row(x') is within the gradient's bounds times x - x'. */
static void check_gradient(fixture *f, const double *low, const double *high)
{
    int64_t n = f->problem.input_size;
    double *x[2] = {NULL, NULL};
    vouch_bounds at[2];

    for (int k = 0; k < 2; k++) {
        x[k] = VOUCH_NEW_ARRAY(f->arena, double, n);
        assert_non_null(x[k]);
        vouch_test_random_point(&f->random, n, f->problem.low, f->problem.high, x[k]);
        at[k] = bound_point(f, x[k]);
    }
    for (int r = 0; r < f->rows.count; r++) {
        double least = 0, most = 0, scale = 0;
        double change_low = at[0].row_low[r] - at[1].row_high[r];
        double change_high = at[0].row_high[r] - at[1].row_low[r];

        for (int64_t j = 0; j < n; j++) {
            double d = x[0][j] - x[1][j], a = d * low[r * n + j], b = d * high[r * n + j];

            if (d == 0)
                continue;
            least += fmin(a, b);
            most += fmax(a, b);
            scale += fabs(a) + fabs(b);
        }
        scale = 1e-12 * (scale + fabs(change_low) + fabs(change_high) + fabs(at[0].row_low[r]));
        if (change_high < least - scale || change_low > most + scale)
            fail_msg("network %llu: a row changes by [%g, %g], its gradient allows [%g, %g]",
                     (unsigned long long)f->index, change_low, change_high, least, most);
    }
}

static void gradients_explain_every_change_of_a_row(void **state)
{
    uint64_t nets = net_count(300);

    (void)state;
    for (uint64_t k = 0; k < nets; k++) {
        double *low, *high;
        vouch_bounds b;
        fixture f;

        begin_fixture(&f, k);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_ANY, SEED + 2, k));
        low = VOUCH_NEW_ARRAY(f.arena, double, ROWS *f.problem.input_size);
        high = VOUCH_NEW_ARRAY(f.arena, double, ROWS *f.problem.input_size);
        assert_true(low && high);
        b = bound(&f, vouch_domain_find("interval"), &f.problem);
        vouch_test_ok(f.ctx, vouch_gradient_bounds(f.ctx, f.arena, &f.problem, &b, low, high));
        for (int p = 0; p < POINTS; p++)
            check_gradient(&f, low, high);
        end_fixture(&f);
    }
}

/* Mean width of the first row over many dense networks; every domain must beat intervals. */
static void linear_domains_are_tighter_than_intervals_on_dense_networks(void **state)
{
    enum { NETS = 60, DOMAINS = 64 };
    double ratio[DOMAINS] = {0};
    int counted = 0, d;

    (void)state;
    for (uint64_t k = 0; k < NETS; k++) {
        fixture f;
        vouch_bounds b;
        double width;

        begin_fixture(&f, k);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_DENSE, SEED, k));
        b = bound(&f, vouch_domain_find("interval"), &f.problem);
        width = b.row_high[0] - b.row_low[0];
        for (d = 0; width > 1e-6 && vouch_domain_table()[d]; d++) {
            b = bound(&f, vouch_domain_table()[d], &f.problem);
            ratio[d] += (b.row_high[0] - b.row_low[0]) / width;
        }
        counted += width > 1e-6;
        end_fixture(&f);
    }
    assert_true(counted > NETS / 2);
    for (d = 0; vouch_domain_table()[d]; d++) {
        const vouch_domain *domain = vouch_domain_table()[d];

        print_message("%-18s %.3f of the interval's width\n", domain->name, ratio[d] / counted);
        if (domain->has_forms && ratio[d] > .95 * counted)
            fail_msg("%s is no tighter than intervals", domain->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_domain_contains_what_the_network_computes),
        cmocka_unit_test(a_split_never_loosens_and_stays_sound),
        cmocka_unit_test(meet_is_never_looser_than_its_parts),
        cmocka_unit_test(gradients_explain_every_change_of_a_row),
        cmocka_unit_test(linear_domains_are_tighter_than_intervals_on_dense_networks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
