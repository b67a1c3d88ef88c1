/* The piecewise-linear form of random networks, its rows and radii against exact values, before
 * and after folding on random smaller boxes: at every exact point, over the exact neurons,
 *
 *     |z_k - row_k . v| <= radius_k,   sum |row_kv| magnitude_v <= size_k,   |v| <= magnitude.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bounds/domain.h"
#include "lower/pwl.h"
#include "num/round.h"
#include "support/random_graph.h"
#include "support/tiny.h"

enum { INPUTS = 3, POINTS = 8 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_random random;
    vouch_tiny net;
    double low[INPUTS], high[INPUTS];
    vouch_pwl *form;
    mpq_t *x, *z, *y;
    int neurons;  /* the stable ones included */
    mpq_t *exact; /* z of these, then the outputs, by identity */
    uint64_t index;
} fixture;

static int nets(int usual)
{
    const char *text = getenv("VOUCH_NETS");

    return text ? atoi(text) : usual;
}

static vouch_pwl *lower(vouch_context *ctx, const vouch_graph *graph, const double *low,
                        const double *high)
{
    const vouch_pwl_limits limits = {4096, 1 << 22};
    vouch_pwl *form;

    vouch_test_ok(ctx, vouch_pwl_lower(ctx, graph, low, high, &limits, &form));
    return form;
}

static void begin(fixture *f, uint64_t index)
{
    memset(f, 0, sizeof *f);
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    f->index = index;
    f->random = vouch_random_stream(23, "pwl", index);
    vouch_tiny_shape shape = {.inputs = 1 + (int)vouch_random_below(&f->random, 3),
                              .outputs = 2,
                              .hidden = 1 + (int)vouch_random_below(&f->random, 3),
                              .width = 8,
                              .style = (vouch_tiny_style)(index % VOUCH_TINY_STYLES),
                              .dtype = index & 1 ? VOUCH_F32 : VOUCH_F64};
    vouch_tiny_random(f->ctx, &shape, &f->random, &f->net);
    vouch_test_random_box(&f->random, f->net.size[0], f->low, f->high);
    f->form = lower(f->ctx, f->net.graph, f->low, f->high);
    assert_non_null(f->form);
    f->x = vouch_tiny_rationals(INPUTS);
    f->z = vouch_tiny_rationals(VOUCH_TINY_LAYERS * VOUCH_TINY_WIDTH);
    f->y = vouch_tiny_rationals(VOUCH_TINY_WIDTH);
    for (int l = 0; l + 1 < f->net.layers; l++)
        f->neurons += (f->net.pieces[l].count - 1) * f->net.size[l + 1];
    f->exact = vouch_tiny_rationals(f->neurons + f->form->output_count);
}

static void end(fixture *f)
{
    vouch_tiny_rationals_free(f->exact, f->neurons + f->form->output_count);
    vouch_tiny_rationals_free(f->x, INPUTS);
    vouch_tiny_rationals_free(f->z, VOUCH_TINY_LAYERS * VOUCH_TINY_WIDTH);
    vouch_tiny_rationals_free(f->y, VOUCH_TINY_WIDTH);
    vouch_pwl_free(f->ctx, f->form);
    vouch_tiny_free(&f->net);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* Fills f->exact at a random point of the box. Neurons come layer by layer, break by break. */
static void draw_exact(fixture *f, const double *low, const double *high)
{
    double point[INPUTS];

    vouch_test_random_point(&f->random, f->net.size[0], low, high, point);
    for (int d = 0; d < f->net.size[0]; d++)
        mpq_set_d(f->x[d], point[d]);
    vouch_tiny_values(&f->net, f->x, f->z, f->y);
    int k = vouch_tiny_neurons(&f->net, f->z, f->exact);
    assert_int_equal(k, f->neurons);
    assert_true(f->form->neuron_count <= k);
    for (int o = 0; o < f->form->output_count; o++)
        mpq_set(f->exact[k + o], f->y[o]);
}

/* The variables v of a form whose neurons are numbered by identity. */
static mpq_t *variables(const fixture *f, const vouch_pwl *form)
{
    mpq_t *v = vouch_tiny_rationals(form->pitch);

    for (int d = 0; d < form->input_count; d++)
        mpq_set(v[d], f->x[d]);
    mpq_set_si(v[form->input_count], 1, 1);
    for (int k = 0; k < form->neuron_count; k++)
        if (mpq_sgn(f->exact[form->identity[k]]) > 0)
            mpq_set(v[form->input_count + 1 + k], f->exact[form->identity[k]]);
    for (int i = 0; i < form->pitch; i++)
        if (vouch_tiny_compare(v[i], form->magnitude[i]) > 0 ||
            vouch_tiny_compare(v[i], -form->magnitude[i]) < 0)
            fail_msg("network %llu: variable %d beyond its magnitude",
                     (unsigned long long)f->index, i);
    return v;
}

static void check_form(const fixture *f, const vouch_pwl *form, const char *what)
{
    mpq_t *v = variables(f, form), error, size, part;
    int rows = form->neuron_count + form->output_count;

    mpq_inits(error, size, part, NULL);
    for (int k = 0; k < rows; k++) {
        int identity = form->identity[k] + (k < form->neuron_count ? 0 : f->neurons);
        mpq_neg(error, f->exact[identity]);
        mpq_set_si(size, 0, 1);
        for (int i = 0; i < form->pitch; i++) {
            double w = vouch_pwl_row(form, k)[i];
            vouch_tiny_add(error, v[i], w);
            mpq_set_d(part, form->magnitude[i]);
            vouch_tiny_add(size, part, fabs(w));
        }
        mpq_abs(error, error);
        if (vouch_tiny_compare(error, form->radius[k]) > 0)
            fail_msg("network %llu, %s, row %d of %d: off by %g, radius %g",
                     (unsigned long long)f->index, what, k, rows, mpq_get_d(error),
                     form->radius[k]);
        if (vouch_tiny_compare(size, form->size[k]) > 0)
            fail_msg("network %llu, %s, row %d of %d: size %g, not %g",
                     (unsigned long long)f->index, what, k, rows, mpq_get_d(size),
                     form->size[k]);
        /* folding may leave a small row of large ones */
        if (form == f->form && form->neuron_count == f->neurons &&
            !(form->radius[k] <= 1e-11 * (form->size[k] + 1)))
            fail_msg("network %llu, %s, row %d: radius %g is absurd",
                     (unsigned long long)f->index, what, k, form->radius[k]);
    }
    mpq_clears(error, size, part, NULL);
    vouch_tiny_rationals_free(v, form->pitch);
}

static void rows_are_within_their_radii(void **state)
{
    int count = nets(200);

    (void)state;
    for (int i = 0; i < count; i++) {
        fixture f;
        begin(&f, (uint64_t)i);
        for (int p = 0; p < POINTS; p++) {
            draw_exact(&f, f.low, f.high);
            check_form(&f, f.form, "lowered");
        }
        end(&f);
    }
}

/* ---- folding --------------------------------------------------------------------------- */

/* Interval bounds of the form's neurons on the box, generously outward. */
static void bound_neurons(const vouch_pwl *form, const double *low, const double *high,
                          double *l, double *u)
{
    for (int k = 0; k < form->neuron_count; k++) {
        const double *row = vouch_pwl_row(form, k);
        double slack = form->radius[k] + 1e-12 * form->size[k];
        l[k] = row[form->input_count] - slack;
        u[k] = row[form->input_count] + slack;
        for (int d = 0; d < form->input_count; d++) {
            l[k] += fmin(row[d] * low[d], row[d] * high[d]);
            u[k] += fmax(row[d] * low[d], row[d] * high[d]);
        }
        for (int j = 0; j < k; j++) {
            double w = row[form->input_count + 1 + j];
            l[k] += fmin(w * fmax(l[j], 0), w * fmax(u[j], 0));
            u[k] += fmax(w * fmax(l[j], 0), w * fmax(u[j], 0));
        }
    }
}

static vouch_pwl *fold(fixture *f, const vouch_pwl *from, const double *low, const double *high)
{
    double *l = VOUCH_NEW_ARRAY(f->arena, double, from->neuron_count + 1);
    double *u = VOUCH_NEW_ARRAY(f->arena, double, from->neuron_count + 1);
    bool *keep = VOUCH_NEW_ARRAY(f->arena, bool, from->output_count + 1);
    vouch_pwl *to;

    assert_true(l && u && keep);
    bound_neurons(from, low, high, l, u);
    for (int o = 0; o < from->output_count; o++)
        keep[o] = vouch_random_below(&f->random, 4) > 0;
    const vouch_pwl_bounds bounds = {low, high, l, u, keep};
    vouch_test_ok(f->ctx, vouch_pwl_compress(f->ctx, f->arena, from, &bounds, &to));
    return to;
}

/* Folds on smaller and smaller boxes, form of form. */
static void folding_keeps_rows_within_their_radii(void **state)
{
    int count = nets(200), folded = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        fixture f;
        begin(&f, (uint64_t)i);
        double low[INPUTS], high[INPUTS];
        memcpy(low, f.low, sizeof low);
        memcpy(high, f.high, sizeof high);
        vouch_pwl *form = f.form;
        for (int depth = 0; depth < 4; depth++) {
            double a[INPUTS], b[INPUTS];
            vouch_test_random_point(&f.random, f.net.size[0], low, high, a);
            vouch_test_random_point(&f.random, f.net.size[0], low, high, b);
            for (int d = 0; d < f.net.size[0]; d++) {
                low[d] = fmin(a[d], (low[d] + high[d]) / 2);
                high[d] = fmax(fmin(b[d], high[d]), low[d]);
            }
            vouch_pwl *smaller = fold(&f, form, low, high);
            folded += form->neuron_count - smaller->neuron_count;
            for (int p = 0; p < POINTS / 2; p++) {
                draw_exact(&f, low, high);
                check_form(&f, smaller, "folded");
            }
            if (form != f.form)
                vouch_pwl_free(f.ctx, form);
            form = smaller;
        }
        if (form != f.form)
            vouch_pwl_free(f.ctx, form);
        end(&f);
    }
    assert_true(folded > count);
}

/* ---- any graph ------------------------------------------------------------------------- */

/* The form's own intervals of all outputs at a point: from its rows and radii, outward. */
static void form_values(const vouch_pwl *form, const double *x, double *l, double *u)
{
    int rows = form->neuron_count + form->output_count;

    for (int k = 0; k < rows; k++) {
        const double *row = vouch_pwl_row(form, k);
        double slack = form->radius[k] + 1e-12 * (form->size[k] + 1e-290);
        l[k] = u[k] = row[form->input_count];
        for (int d = 0; d < form->input_count; d++) {
            l[k] += row[d] * x[d];
            u[k] += row[d] * x[d];
        }
        for (int j = 0; j < form->neuron_count && j < k; j++) {
            double w = row[form->input_count + 1 + j];
            l[k] += fmin(w * fmax(l[j], 0), w * fmax(u[j], 0));
            u[k] += fmax(w * fmax(l[j], 0), w * fmax(u[j], 0));
        }
        l[k] -= slack;
        u[k] += slack;
    }
}

/* Where a random graph has a form, form and graph agree at points: both enclose the value, so
 * their intervals meet. */
static void forms_of_any_graph_agree_with_it(void **state)
{
    int count = nets(200), formed = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        vouch_context *ctx = vouch_test_context();
        vouch_arena *arena = vouch_arena_new(ctx);
        vouch_random r = vouch_random_stream(29, "graphs", (uint64_t)i);
        vouch_graph *graph = vouch_test_random_graph(ctx, VOUCH_TEST_ANY, 29, (uint64_t)i);
        int64_t n = vouch_op_input_size(graph);
        double *low = VOUCH_NEW_ARRAY(arena, double, 3 * n), *high = low + n, *x = high + n;
        bool *varying = VOUCH_NEW_ARRAY(arena, bool, graph->value_count);
        vouch_test_random_box(&r, n, low, high);
        vouch_op_varying(graph, varying);
        vouch_pwl *form = lower(ctx, graph, low, high);
        for (int p = 0; form && p < 4; p++) {
            int rows = form->neuron_count + form->output_count, at = form->neuron_count;
            double *l = VOUCH_NEW_ARRAY(arena, double, 2 * rows), *u = l + rows;
            const vouch_bound_problem problem = {.graph = graph,
                                                 .varying = varying,
                                                 .input_size = n,
                                                 .output_size = form->output_count,
                                                 .low = x,
                                                 .high = x};
            vouch_bounds bounds;
            vouch_test_random_point(&r, n, low, high, x);
            form_values(form, x, l, u);
            vouch_test_ok(
                ctx, vouch_domain_find("interval")->run(ctx, arena, NULL, &problem, &bounds));
            for (int o = 0; o < graph->output_count; o++) {
                const vouch_value *v = &graph->value[graph->output[o]];
                for (int64_t s = 0; s < vouch_shape_count(&v->shape); s++, at++)
                    if (!(bounds.low[graph->output[o]][s] <= u[at] &&
                          bounds.high[graph->output[o]][s] >= l[at]))
                        fail_msg("graph %d, output %d: [%.17g, %.17g], form [%.17g, %.17g]", i,
                                 at, bounds.low[graph->output[o]][s],
                                 bounds.high[graph->output[o]][s], l[at], u[at]);
            }
        }
        formed += form != NULL;
        vouch_pwl_free(ctx, form);
        vouch_graph_free(graph);
        vouch_arena_free(arena);
        vouch_context_free(ctx);
    }
    print_message("%d of %d graphs have a form\n", formed, count);
    assert_true(formed * 10 >= count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_within_their_radii),
        cmocka_unit_test(folding_keeps_rows_within_their_radii),
        cmocka_unit_test(forms_of_any_graph_agree_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
