/* Rows of a task from below (row.h). */
#include "bounds/row.h"

#include <math.h>

#include "num/round.h"
#include "op/directed.h"

/* How much the slack of output coefficients may move row r. */
static double output_slack(const vouch_task *t, const vouch_bounds *bounds, int r)
{
    double sum = 0;
    int64_t at = 0;
    if (!t->row_output_slack)
        return 0;
    for (int o = 0; o < t->graph->output_count; o++) {
        int value = t->graph->output[o];
        int64_t count = vouch_shape_count(&t->graph->value[value].shape);
        for (int64_t i = 0; i < count; i++, at++) {
            double slack = t->row_output_slack[(int64_t)r * t->output_count + at];
            double size = fmax(fabs(bounds->low[value][i]), fabs(bounds->high[value][i]));
            sum = slack > 0 ? vouch_up(sum + vouch_up(slack * size)) : sum;
        }
    }
    return sum;
}

double vouch_row_loss(const vouch_task *t, const vouch_bounds *bounds, int r)
{
    double slack = output_slack(t, bounds, r);
    return slack > 0 ? vouch_up(t->row_radius[r] + slack) : t->row_radius[r];
}

static double interval_row(const vouch_task *t, const vouch_bounds *bounds, const double *low,
                           const double *high, int r)
{
    double sum = t->row_constant[r];
    const double *c = t->row_output + (int64_t)r * t->output_count;
    for (int o = 0; o < t->graph->output_count; o++) {
        int v = t->graph->output[o];
        int64_t count = vouch_shape_count(&t->graph->value[v].shape);
        for (int64_t i = 0; i < count; i++, c++) {
            double end = *c > 0 ? bounds->low[v][i] : bounds->high[v][i];
            sum = vouch_sum_down(sum, vouch_product_down(*c, end));
        }
    }
    c = t->row_input + (int64_t)r * t->input_count;
    for (int d = 0; d < t->input_count; d++)
        sum = vouch_sum_down(sum, vouch_product_down(c[d], c[d] > 0 ? low[d] : high[d]));
    return sum;
}

double vouch_row_low(const vouch_task *t, const vouch_bounds *bounds, const double *low,
                     const double *high, int r, double known)
{
    double lost = vouch_row_loss(t, bounds, r);
    double best = fmax(known, interval_row(t, bounds, low, high, r));
    if (lost > 0)
        best = vouch_down(best - lost);
    return isnan(best) ? -(double)INFINITY : best;
}
