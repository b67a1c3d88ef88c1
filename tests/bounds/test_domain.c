/* The table of domains, their options and helpers, and domains when memory runs out. */
#include <float.h>
#include <stdlib.h>

#include "property/domains.h"
#include "support/net.h"

/* ---- table and helpers ------------------------------------------------------------------- */

static void every_domain_is_found_by_its_name(void **state)
{
    (void)state;
    for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
        assert_ptr_equal(vouch_domain_find((*d)->name), *d);
        assert_true((*d)->summary[0] && (*d)->citation[0]);
        assert_int_equal((*d)->settings_size > 0, (*d)->option_count > 0);
    }
    assert_null(vouch_domain_find("none"));
}

static void a_form_takes_its_extrema_at_corners(void **state)
{
    static const double coef[] = {2, -3, 0}, low[] = {-1, 0, -INFINITY};
    static const double high[] = {1, 2, INFINITY};
    double least = vouch_form_min(3, coef, 1, low, high);
    double most = vouch_form_max(3, coef, 1, low, high);

    (void)state;
    assert_true(least <= -7 && least > -7 - 1e-12);
    assert_true(most >= 3 && most < 3 + 1e-12);
}

static void a_form_over_an_unbounded_box_is_unbounded(void **state)
{
    static const double coef[] = {1, -1}, low[] = {0, -INFINITY}, high[] = {INFINITY, 0};

    (void)state;
    assert_true(vouch_form_min(2, coef, 0, low, high) <= 0);
    assert_true(isinf(vouch_form_max(2, coef, 0, low, high)));
    assert_true(vouch_form_max(2, coef, -DBL_MAX, low, high) > 0);
}

/* ---- options ----------------------------------------------------------------------------- */

static vouch_bounds bound_with(fixture *f, const char *domain, const char *option,
                               const char *value)
{
    const vouch_domain *d = vouch_domain_find(domain);
    void *settings = vouch_arena_alloc(f->arena, d->settings_size);
    const vouch_option *row = vouch_option_find(d->options, d->option_count, option);
    vouch_bounds bounds;

    assert_non_null(settings);
    assert_non_null(row);
    vouch_options_default(d->options, d->option_count, settings);
    vouch_test_ok(f->ctx, vouch_option_set(f->ctx, row, value, settings));
    vouch_test_ok(f->ctx, d->run(f->ctx, f->arena, settings, &f->problem, &bounds));
    return bounds;
}

static void dense_fixture(fixture *f, uint64_t index)
{
    begin_fixture(f, index);
    make_problem(f, vouch_test_random_graph(f->ctx, VOUCH_TEST_DENSE, SEED, index));
}

static void check_rows_close(const vouch_bounds *a, const vouch_bounds *b)
{
    for (int r = 0; r < ROWS; r++) {
        double size = 1e-9 * (1 + fabs(a->row_low[r]) + fabs(a->row_high[r]));

        assert_true(fabs(a->row_low[r] - b->row_low[r]) <= size);
        assert_true(fabs(a->row_high[r] - b->row_high[r]) <= size);
    }
}

static void crown_in_chunks_of_one_row_gives_the_same_bounds(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 20; k++) {
        fixture f;
        vouch_bounds whole, parts;

        dense_fixture(&f, k);
        whole = bound(&f, vouch_domain_find("crown"), &f.problem);
        parts = bound_with(&f, "crown", "cells", "1");
        check_rows_close(&whole, &parts);
        end_fixture(&f);
    }
}

static void a_zonotope_without_generators_is_as_symbolic_parallel(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 20; k++) {
        fixture f;
        vouch_bounds parallel, zonotope;

        dense_fixture(&f, k);
        parallel = bound(&f, vouch_domain_find("symbolic_parallel"), &f.problem);
        zonotope = bound_with(&f, "zonotope", "generators", "0");
        check_rows_close(&parallel, &zonotope);
        end_fixture(&f);
    }
}

/* Row 0's real values at sampled points are inside. */
static void check_sampled(fixture *f, const vouch_bounds *b)
{
    double *x = VOUCH_NEW_ARRAY(f->arena, double, f->problem.input_size);

    assert_non_null(x);
    for (int p = 0; p < POINTS; p++) {
        vouch_bounds point;

        vouch_test_random_point(&f->random, f->problem.input_size, f->problem.low,
                                f->problem.high, x);
        point = bound_point(f, x);
        for (int r = 0; r < ROWS; r++)
            assert_true(point.row_high[r] >= b->row_low[r] &&
                        point.row_low[r] <= b->row_high[r]);
    }
}

enum { PIECES = 4 };

/* Boxes along a diagonal of the problem's box. */
static void cut_into_pieces(fixture *f, vouch_bound_problem *problem)
{
    const int64_t n = problem->input_size;
    double *low = VOUCH_NEW_ARRAY(f->arena, double, PIECES *n);
    double *high = VOUCH_NEW_ARRAY(f->arena, double, PIECES *n);

    assert_non_null(low);
    assert_non_null(high);
    for (int64_t i = 0; i < PIECES * n; i++) {
        const double from = problem->low[i % n], to = problem->high[i % n];

        low[i] = fmin(to, from + (double)(i / n) * (to - from) / PIECES);
        high[i] = fmin(to, from + (double)(i / n + 1) * (to - from) / PIECES);
    }
    problem->piece_count = PIECES;
    problem->piece_low = low;
    problem->piece_high = high;
}

/* What is said of a box in pieces holds in the pieces, and crown says more than of the box. */
static void pieces_are_bounded_soundly_and_more_closely(void **state)
{
    int closer = 0;

    (void)state;
    for (uint64_t k = 0; k < 40; k++) {
        fixture f;
        vouch_bound_problem pieces;

        begin_fixture(&f, k);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_ANY, SEED, k));
        pieces = f.problem;
        cut_into_pieces(&f, &pieces);
        for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
            const vouch_bounds whole = bound(&f, *d, &f.problem), b = bound(&f, *d, &pieces);

            for (int r = 0; r < ROWS; r++)
                closer += b.row_low[r] > whole.row_low[r] + 1e-6;
            for (int p = 0; p < PIECES; p++) {
                f.problem.low = pieces.piece_low + p * pieces.input_size;
                f.problem.high = pieces.piece_high + p * pieces.input_size;
                check_sampled(&f, &b);
            }
            f.problem.low = pieces.low;
            f.problem.high = pieces.high;
        }
        end_fixture(&f);
    }
    assert_true(closer > 40);
}

static void every_setting_is_sound(void **state)
{
    static const char *const settings[][3] = {
        {"crown", "intermediate", "symbolic"},
        {"crown", "intermediate", "interval"},
        {"symbolic", "cells", "1"},
        {"symbolic", "cells", "30"},
        {"symbolic_parallel", "cells", "20"},
        {"zonotope", "cells", "40"},
        {"zonotope", "generators", "3"},
    };

    (void)state;
    for (uint64_t k = 0; k < 40; k++) {
        fixture f;

        begin_fixture(&f, k);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_ANY, SEED, k));
        for (size_t s = 0; s < VOUCH_TEST_COUNT(settings); s++) {
            vouch_bounds b = bound_with(&f, settings[s][0], settings[s][1], settings[s][2]);

            check_sampled(&f, &b);
        }
        end_fixture(&f);
    }
}

/* ---- unusual boxes ----------------------------------------------------------------------- */

static void contradictory_knowledge_proves_the_box_empty(void **state)
{
    (void)state;
    for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
        fixture f;
        vouch_bounds b;
        const double **low;
        double above;
        int y;

        dense_fixture(&f, 3);
        y = f.graph->output[0];
        low = VOUCH_NEW_ARRAY(f.arena, const double *, f.graph->value_count);
        assert_non_null(low);
        b = bound(&f, *d, &f.problem);
        above = b.high[y][0] + 1;
        low[y] = &above;
        assert_true(vouch_shape_count(&f.graph->value[y].shape) >= 1);
        f.problem.known_low = low;
        if (vouch_shape_count(&f.graph->value[y].shape) == 1) {
            b = bound(&f, *d, &f.problem);
            assert_true(b.empty);
        }
        end_fixture(&f);
    }
}

static void an_unbounded_box_gives_no_nan_and_stays_sound(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 40; k++) {
        fixture f;
        double *high;

        begin_fixture(&f, k);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_ANY, SEED + 3, k));
        high = VOUCH_NEW_ARRAY(f.arena, double, f.problem.input_size);
        assert_non_null(high);
        memcpy(high, f.problem.high, (size_t)f.problem.input_size * sizeof *high);
        for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
            vouch_bound_problem unbounded = f.problem;
            vouch_bounds b;

            high[0] = (double)INFINITY;
            unbounded.high = high;
            b = bound(&f, *d, &unbounded);
            for (int r = 0; r < ROWS; r++)
                assert_false(isnan(b.row_low[r]) || isnan(b.row_high[r]));
            check_sampled(&f, &b);
        }
        end_fixture(&f);
    }
}

/* ---- memory ------------------------------------------------------------------------------ */

typedef struct memory_case {
    const vouch_domain *domain;
    const fixture *fixture;
} memory_case;

static vouch_status run_domain(vouch_context *ctx, void *user)
{
    const memory_case *c = user;
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_bounds bounds;
    vouch_status status;

    if (!arena)
        return VOUCH_ERR_MEMORY;
    status = c->domain->run(ctx, arena, NULL, &c->fixture->problem, &bounds);
    vouch_arena_free(arena);
    return status;
}

static void a_failed_allocation_is_an_error_in_every_domain(void **state)
{
    (void)state;
    for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
        fixture f;
        memory_case c = {.domain = *d, .fixture = &f};

        begin_fixture(&f, 11);
        make_problem(&f, vouch_test_random_graph(f.ctx, VOUCH_TEST_ANY, SEED, 11));
        vouch_test_every_allocation_fails(run_domain, &c);
        end_fixture(&f);
    }
}

static void a_cancelled_run_says_so(void **state)
{
    (void)state;
    for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
        vouch_bounds bounds;
        fixture f;

        dense_fixture(&f, 5);
        vouch_context_cancel(f.ctx);
        vouch_test_fails(f.ctx, (*d)->run(f.ctx, f.arena, NULL, &f.problem, &bounds),
                         VOUCH_ERR_CANCELLED, "stopped");
        end_fixture(&f);
    }
}

static void a_run_past_its_deadline_stops_like_a_cancelled_one(void **state)
{
    (void)state;
    for (const vouch_domain *const *d = vouch_domain_table(); *d; d++) {
        vouch_bounds bounds;
        fixture f;

        dense_fixture(&f, 5);
        vouch_context_set_deadline(f.ctx, 0);
        vouch_test_fails(f.ctx, (*d)->run(f.ctx, f.arena, NULL, &f.problem, &bounds),
                         VOUCH_ERR_CANCELLED, "time limit");
        end_fixture(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_domain_is_found_by_its_name),
        cmocka_unit_test(a_form_takes_its_extrema_at_corners),
        cmocka_unit_test(a_form_over_an_unbounded_box_is_unbounded),
        cmocka_unit_test(crown_in_chunks_of_one_row_gives_the_same_bounds),
        cmocka_unit_test(a_zonotope_without_generators_is_as_symbolic_parallel),
        cmocka_unit_test(pieces_are_bounded_soundly_and_more_closely),
        cmocka_unit_test(every_setting_is_sound),
        cmocka_unit_test(contradictory_knowledge_proves_the_box_empty),
        cmocka_unit_test(an_unbounded_box_gives_no_nan_and_stays_sound),
        cmocka_unit_test(a_failed_allocation_is_an_error_in_every_domain),
        cmocka_unit_test(a_cancelled_run_says_so),
        cmocka_unit_test(a_run_past_its_deadline_stops_like_a_cancelled_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
