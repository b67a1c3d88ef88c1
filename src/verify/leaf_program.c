/* The linear program of a leaf.
 *
 * Columns: x_0 .. x_{n-1}, t, h_0 .. h_{U-1}, s_0 .. s_{U-1}; that is the form's v with t in the
 * place of the constant, then s. Rows: U links  row_k.v - h_k + s_k = -const_k,  U triangles
 * h_k + b_k s_k <= u_k,  then the rows of one case  row_i.v - t <= -const_i.
 */
#include <math.h>

#include "num/round.h"
#include "verify/leaf_priv.h"

/* The rows of the form that the program has: the neurons', then the case's. */
static int form_row(const vouch_leaf *l, int which, int i)
{
    return i < l->neurons
               ? i
               : l->neurons + l->task->case_row[l->task->case_start[which] + i - l->neurons];
}

/* And the row of the program that the i-th of these is. */
static int program_row(const vouch_leaf *l, int i)
{
    return i < l->neurons ? i : i + l->neurons;
}

static int put(vouch_leaf_worker *w, int at, int row, double value)
{
    w->row[at] = row;
    w->value[at] = value;
    return at + 1;
}

/* Column v of the form's rows, from entry `at` on. */
static int put_form_column(vouch_leaf_worker *w, int which, int v, int at)
{
    const vouch_leaf *l = w->leaf;

    for (int i = 0; i < l->neurons + vouch_leaf_rows(l, which); i++) {
        double entry = vouch_pwl_row(l->form, form_row(l, which, i))[v];
        if (entry != 0)
            at = put(w, at, program_row(l, i), entry);
    }
    return at;
}

void vouch_leaf_set_case(vouch_leaf_worker *w, int which)
{
    const vouch_leaf *l = w->leaf;
    int at = 0, count = vouch_leaf_rows(l, which);

    if (w->which_case == which)
        return;
    for (int v = 0; v < vouch_leaf_s(l); v++) {
        w->start[v] = at;
        if (v != l->inputs)
            at = put_form_column(w, which, v, at);
        for (int i = 0; v == l->inputs && i < count; i++)
            at = put(w, at, 2 * l->neurons + i, -1);
        if (v > l->inputs) {
            at = put(w, at, v - vouch_leaf_h(l), -1);
            at = put(w, at, l->neurons + v - vouch_leaf_h(l), 1);
        }
    }
    for (int k = 0; k < l->neurons; k++) {
        w->start[vouch_leaf_s(l) + k] = at;
        at = put(w, put(w, at, k, 1), l->neurons + k, 1);
    }
    w->start[l->columns] = at;
    for (int i = 0; i < l->neurons + count; i++) {
        int row = program_row(l, i);
        w->row_high[row] = -vouch_pwl_row(l->form, form_row(l, which, i))[l->inputs];
        w->row_low[row] = i < l->neurons ? w->row_high[row] : -(double)INFINITY;
    }
    w->which_case = which;
}

/* A bound of |r_i| for the rows of the case, which limits t. */
static double largest_row(const vouch_leaf *l, int which)
{
    double most = 1;
    for (int i = l->task->case_start[which]; i < l->task->case_start[which + 1]; i++)
        most = fmax(most, l->form->size[l->neurons + l->task->case_row[i]]);
    return 2 * most;
}

/* b_k of the triangle: any b <= u / -l is sound, the ends (u, 0) and (0, -l) satisfying
 * h + b s <= u; then the points between them do too. */
static double triangle_slope(double low, double high)
{
    static const double least = 1e-9, most = 1e9;
    double b = vouch_div_down(high, -low);
    return b < least ? 0 : fmin(b, most);
}

bool vouch_leaf_set_limits(vouch_leaf_worker *w, const vouch_leaf_job *job, bool *usable)
{
    const vouch_leaf *l = w->leaf;
    bool possible = true;

    *usable = true;
    for (int d = 0; d < l->inputs; d++) {
        w->column_low[d] = job->low[d];
        w->column_high[d] = job->high[d];
        possible = possible && job->low[d] <= job->high[d];
    }
    w->column_high[l->inputs] = largest_row(l, job->which_case);
    w->column_low[l->inputs] = -w->column_high[l->inputs];
    for (int k = 0; k < l->neurons; k++) {
        double low = job->neuron_low[k], high = job->neuron_high[k];
        bool open = low < 0 && high > 0;
        possible = possible && low <= high;
        w->column_low[vouch_leaf_h(l) + k] = fmax(low, 0);
        w->column_high[vouch_leaf_h(l) + k] = fmax(high, 0);
        w->column_low[vouch_leaf_s(l) + k] = fmax(-high, 0);
        w->column_high[vouch_leaf_s(l) + k] = fmax(-low, 0);
        *vouch_leaf_slope(w, k) = open ? triangle_slope(low, high) : 1;
        w->row_high[l->neurons + k] = open ? high : (double)INFINITY;
    }
    for (int c = 0; c < l->columns; c++)
        *usable = *usable && isfinite(w->column_low[c]) && isfinite(w->column_high[c]);
    return possible;
}
