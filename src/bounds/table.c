/* The table of domains, and what all of them share: result arrays, extrema of linear forms. */
#include <string.h>

#include "bounds/bounds_priv.h"

#define VOUCH_DOMAIN(name) extern const vouch_domain vouch_domain_##name;
#include "bounds/domain.def"
#undef VOUCH_DOMAIN

static const vouch_domain *const table[] = {
#define VOUCH_DOMAIN(name) &vouch_domain_##name,
#include "bounds/domain.def"
#undef VOUCH_DOMAIN
    NULL,
};

const vouch_domain *const *vouch_domain_table(void) { return table; }

const vouch_domain *vouch_domain_find(const char *name)
{
    for (size_t i = 0; table[i]; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

static void fill(double *x, int64_t count, double value)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = value;
}

static vouch_status new_rows(vouch_arena *arena, const vouch_bound_problem *problem, bool forms,
                             vouch_bounds *bounds)
{
    int64_t rows = problem->rows ? problem->rows->count : 0;
    size_t cells = (size_t)rows * (size_t)problem->input_size;

    bounds->row_low = VOUCH_NEW_ARRAY(arena, double, rows);
    bounds->row_high = VOUCH_NEW_ARRAY(arena, double, rows);
    if (!bounds->row_low || !bounds->row_high)
        return VOUCH_ERR_MEMORY;
    fill(bounds->row_low, rows, -(double)INFINITY);
    fill(bounds->row_high, rows, (double)INFINITY);
    if (!forms)
        return VOUCH_OK;
    bounds->lower = VOUCH_NEW_ARRAY(arena, double, cells);
    bounds->upper = VOUCH_NEW_ARRAY(arena, double, cells);
    bounds->lower_offset = VOUCH_NEW_ARRAY(arena, double, rows);
    bounds->upper_offset = VOUCH_NEW_ARRAY(arena, double, rows);
    if (!bounds->lower || !bounds->upper || !bounds->lower_offset || !bounds->upper_offset)
        return VOUCH_ERR_MEMORY;
    fill(bounds->lower_offset, rows, -(double)INFINITY);
    fill(bounds->upper_offset, rows, (double)INFINITY);
    return VOUCH_OK;
}

/* Nothing is claimed yet: every interval is all reals, every form is 0 . x -+ infinity. A
 * constant's ends share one array. */
/* Weights of affine nodes are read as they are stored: large ones get no copy as bounds. */
static bool is_large_weight(const vouch_graph *graph, int v)
{
    enum { LARGE = 1 << 14 };

    if (!graph->value[v].constant || vouch_bounds_count(graph, v) < LARGE)
        return false;
    for (int o = 0; o < graph->output_count; o++)
        if (graph->output[o] == v)
            return false;
    for (int n = 0; n < graph->node_count; n++)
        for (int k = 0; k < graph->node[n].input_count; k++)
            if (graph->node[n].input[k] == v && graph->node[n].op->op_class != VOUCH_OP_AFFINE)
                return false;
    return true;
}

vouch_status vouch_bounds_new(vouch_arena *arena, const vouch_bound_problem *problem,
                              bool forms, vouch_bounds *bounds)
{
    const vouch_graph *graph = problem->graph;

    *bounds = (vouch_bounds){0};
    bounds->low = VOUCH_NEW_ARRAY(arena, double *, graph->value_count);
    bounds->high = VOUCH_NEW_ARRAY(arena, double *, graph->value_count);
    if (!bounds->low || !bounds->high)
        return VOUCH_ERR_MEMORY;
    for (int v = 0; v < graph->value_count; v++) {
        const vouch_value *value = &graph->value[v];
        int64_t count = vouch_bounds_count(graph, v);

        if (is_large_weight(graph, v))
            continue;
        bounds->low[v] = VOUCH_NEW_ARRAY(arena, double, count);
        bounds->high[v] =
            value->constant ? bounds->low[v] : VOUCH_NEW_ARRAY(arena, double, count);
        if (!bounds->low[v] || !bounds->high[v])
            return VOUCH_ERR_MEMORY;
        fill(bounds->low[v], count, -(double)INFINITY);
        fill(bounds->high[v], count, (double)INFINITY);
        for (int64_t i = 0; value->constant && i < count; i++)
            bounds->low[v][i] = vouch_tensor_get(value->constant, i);
    }
    return new_rows(arena, problem, forms, bounds);
}

/* The form where each x_i is at rising[i] for a positive coefficient, at falling[i] for a
 * negative one, and how far rounding may have moved it: fl(sum) and the sum of magnitudes differ
 * from the real value by at most gamma (n + 2) magnitudes + n eta; every magnitude is summed
 * upward by the inflation. */
static double form_end(int64_t n, const double *coef, double offset, const double *rising,
                       const double *falling, double *error)
{
    double sum = offset, magnitude = fabs(offset);

    for (int64_t i = 0; i < n; i++) {
        double term;

        if (coef[i] == 0)
            continue;
        term = coef[i] * (coef[i] > 0 ? rising[i] : falling[i]);
        sum += term;
        magnitude += fabs(term);
    }
    *error = vouch_inflate(vouch_gamma64(n + 4) * magnitude, n + 4);
    return sum;
}

double vouch_form_min(int64_t n, const double *coef, double offset, const double *low,
                      const double *high)
{
    double error, least = form_end(n, coef, offset, low, high, &error);

    least -= error;
    return isnan(least) ? -(double)INFINITY : vouch_down(least);
}

double vouch_form_least(const vouch_bound_problem *problem, const double *coef, double offset)
{
    const int64_t n = problem->input_size;
    double least = (double)INFINITY;

    if (problem->piece_count == 0)
        return vouch_form_min(n, coef, offset, problem->low, problem->high);
    for (int k = 0; k < problem->piece_count; k++)
        least = fmin(least, vouch_form_min(n, coef, offset, problem->piece_low + k * n,
                                           problem->piece_high + k * n));
    return least;
}

double vouch_form_max(int64_t n, const double *coef, double offset, const double *low,
                      const double *high)
{
    double error, most = form_end(n, coef, offset, high, low, &error);

    most += error;
    return isnan(most) ? (double)INFINITY : vouch_up(most);
}
