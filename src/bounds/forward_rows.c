/* Rows over (y, x) from the outputs' forward forms: one more affine layer, row by row, then the
 * change from centred variables back to the inputs, d_k = x_k - centre_k.
 *
 * A row a . y + e . x + g has M = sum a_i M_i + e, c = sum a_i c_i + e . centre + g, and
 * D = sum |a_i| D_i, r = sum |a_i| (r_i + 2 gamma s_i) + rounding. Its lower form in x has the
 * coefficients M_k - D_k of the inputs; variables of curves go to the offset by their scale.
 */
#include <string.h>

#include "bounds/bounds_priv.h"

typedef struct row_form {
    int64_t roundings;
    double gamma;
    double *middle; /* [variables] */
    double *spread; /* [variables] */
    double centre, radius;
} row_form;

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double dot_magnitude(const double *a, const double *b, int64_t n)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        if (a[i] != 0)
            sum += fabs(a[i]) * b[i];
    return sum;
}

/* Adds a . v, where value v has its form and size s. */
static void add_value(const vouch_forward *f, int v, const double *a, const double *size,
                      row_form *row)
{
    const vouch_form *form = &f->form[v];
    int64_t count = vouch_forward_count(f, v);

    row->centre += dot(a, form->middle, count);
    row->radius += dot_magnitude(a, form->radius, count);
    row->radius += 2 * row->gamma * dot_magnitude(a, size, count);
    for (int64_t k = 0; k < form->variables; k++) {
        row->middle[k] += dot(a, form->middle + (k + 1) * count, count);
        if (form->spread)
            for (int64_t i = 0; i < count; i++)
                row->spread[k] += fabs(a[i]) * form->spread[k * count + i];
    }
}

static void add_constant_value(const vouch_forward *f, int v, const double *a, row_form *row)
{
    const double *x = f->pass.bounds->low[v];

    for (int64_t i = 0; i < vouch_forward_count(f, v); i++) {
        row->centre += a[i] * x[i];
        row->radius += 2 * row->gamma * fabs(a[i] * x[i]);
    }
}

/* Adds e . x + g. */
static void add_inputs(const vouch_forward *f, const double *e, double g, row_form *row)
{
    const vouch_bound_problem *problem = f->pass.problem;

    row->centre += g;
    row->radius += 2 * row->gamma * fabs(g);
    for (int64_t j = 0; e && j < problem->input_size; j++) {
        if (e[j] == 0)
            continue;
        row->centre += e[j] * f->centre[j];
        row->radius += fabs(e[j]) * f->narrow[j];
        row->radius +=
            2 * row->gamma * fabs(e[j]) *
            (fabs(f->centre[j]) + vouch_magnitude(problem->low[j], problem->high[j]));
    }
    for (int64_t k = 0; e && k < f->input_variables; k++)
        row->middle[k] += e[f->input[k]];
}

static double sum_scales(const vouch_forward *f)
{
    double sum = 1;

    for (int64_t k = 0; k < f->variables; k++)
        sum += f->scale[k];
    return sum;
}

static void make_row(const vouch_forward *f, int r, double *const *size, row_form *row)
{
    const vouch_bound_problem *problem = f->pass.problem;
    const vouch_linear_rows *rows = problem->rows;
    const double *a = rows->output + r * problem->output_size;
    const vouch_graph *graph = f->pass.graph;

    memset(row->middle, 0, (size_t)f->variables * sizeof(double));
    memset(row->spread, 0, (size_t)f->variables * sizeof(double));
    row->centre = row->radius = 0;
    for (int o = 0; o < graph->output_count; o++) {
        int v = graph->output[o];

        if (graph->value[v].constant)
            add_constant_value(f, v, a, row);
        else
            add_value(f, v, a, size[o], row);
        a += vouch_forward_count(f, v);
    }
    add_inputs(f, rows->input ? rows->input + r * problem->input_size : NULL,
               rows->constant ? rows->constant[r] : 0, row);
    row->radius += 4 * (double)row->roundings * DBL_MIN * sum_scales(f);
    row->radius = vouch_inflate(row->radius, row->roundings);
}

/* One side of a row: sign -1 the lower form, +1 the upper one. Returns the bound of the row. */
static double store_side(vouch_forward *f, const row_form *row, double sign, double *form,
                         double *offset)
{
    double reach = 0, rest = 0, shift = 0, magnitude = fabs(row->centre) + row->radius;
    double total;

    for (int64_t k = 0; k < f->variables; k++) {
        double coefficient = row->middle[k] + sign * row->spread[k];

        reach += fabs(coefficient) * f->scale[k];
        if (k >= f->input_variables) {
            rest += fabs(coefficient) * f->scale[k];
            continue;
        }
        form[f->input[k]] = coefficient;
        rest += VOUCH_U64 * fabs(coefficient) * f->scale[k];
        shift += coefficient * f->centre[f->input[k]];
        magnitude += fabs(coefficient * f->centre[f->input[k]]);
    }
    rest += 2 * row->gamma * magnitude + row->radius;
    rest = vouch_inflate(rest, row->roundings);
    *offset = row->centre - shift + sign * rest;
    *offset = sign < 0 ? vouch_down(*offset) : vouch_up(*offset);
    total = row->centre + sign * vouch_inflate(reach + row->radius, row->roundings);
    return sign < 0 ? vouch_down(total) : vouch_up(total);
}

static void store_row(vouch_forward *f, int r, const row_form *row)
{
    const vouch_bound_problem *problem = f->pass.problem;
    vouch_bounds *bounds = f->pass.bounds;
    int64_t size = problem->input_size;
    double *lower = bounds->lower + r * size, *upper = bounds->upper + r * size;
    double low = store_side(f, row, -1, lower, &bounds->lower_offset[r]);
    double high = store_side(f, row, 1, upper, &bounds->upper_offset[r]);

    vouch_pass_check_forms(&f->pass, r);
    vouch_pass_tighten_row(&f->pass, r, low, high);
    vouch_pass_tighten_row(
        &f->pass, r,
        vouch_form_min(size, lower, bounds->lower_offset[r], problem->low, problem->high),
        vouch_form_max(size, upper, bounds->upper_offset[r], problem->low, problem->high));
}

/* s of every output that has a form. */
static vouch_status output_sizes(vouch_forward *f, double **size)
{
    const vouch_graph *graph = f->pass.graph;

    for (int o = 0; o < graph->output_count; o++) {
        int v = graph->output[o];

        if (graph->value[v].constant)
            continue;
        size[o] = vouch_pool_take(&f->pool, vouch_forward_count(f, v));
        if (!size[o])
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(vouch_forward_sizes(f, v, size[o]));
    }
    return VOUCH_OK;
}

vouch_status vouch_forward_rows(vouch_forward *f)
{
    const vouch_bound_problem *problem = f->pass.problem;
    int64_t roundings = problem->output_size + problem->input_size + f->variables + 8;
    row_form row = {.roundings = roundings,
                    .gamma = vouch_gamma64(roundings),
                    .middle = vouch_pool_take(&f->pool, f->variables),
                    .spread = vouch_pool_take(&f->pool, f->variables)};
    double **size = VOUCH_NEW_ARRAY(f->pass.arena, double *, f->pass.graph->output_count);

    if (!size || !row.middle || !row.spread)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(output_sizes(f, size));
    for (int r = 0; r < problem->rows->count; r++) {
        make_row(f, r, size, &row);
        store_row(f, r, &row);
    }
    return VOUCH_OK;
}
