/* What the multipliers of a leaf's program prove.
 *
 * Let w_i >= 0 weigh the case's rows, lambda_k be any and mu_k >= 0. At every point of the
 * network in the subproblem, z_k and r_i being off their rows by at most their radii,
 *
 *     sum w_i r_i  >=  sum w_i r_i + sum lambda_k (z_k - h_k + s_k)
 *                                  + sum mu_k (h_k + b_k s_k - u_k)
 *                  >=  sum_j min over the limits of c_j v_j  -  sum w_i radius_i
 *                                                            -  sum |lambda_k| radius_k
 *
 * If that is positive, some r_i is: the case is impossible; if it is with w = 0, there is no
 * point at all. Every product and sum is one of N + M terms, N rows and M columns, so rounding
 * costs gamma_{N+M+c} times the same sum of magnitudes.
 */
#include <math.h>
#include <string.h>

#include "num/round.h"
#include "verify/leaf_priv.h"

typedef struct proof {
    double bound;  /* sum w_i r_i >= bound */
    double weight; /* sum w_i */
    bool strict;   /* some row with a weight is strict */
} proof;

/* sum, size += y times row k of the form, its constant among them; the radius goes to *lost. */
static void add_row(vouch_leaf_worker *w, int k, double y, double *lost)
{
    const vouch_pwl *form = w->leaf->form;
    const double *row = vouch_pwl_row(form, k);

    for (int v = 0; v < form->input_count + 1 + form->neuron_count; v++) {
        double part = y * row[v];
        w->sum[v] += part;
        w->size[v] += fabs(part);
    }
    *lost += fabs(y) * form->radius[k];
}

static void add_entry(vouch_leaf_worker *w, int column, double part)
{
    w->sum[column] += part;
    w->size[column] += fabs(part);
}

/* The combination of rows that the multipliers say; how many were used. */
static int combine(vouch_leaf_worker *w, const double *y, double sign, double *lost, proof *p)
{
    const vouch_leaf *l = w->leaf;
    int used = 0;

    memset(w->sum, 0, (size_t)l->columns * sizeof(double));
    memset(w->size, 0, (size_t)l->columns * sizeof(double));
    *p = (proof){0};
    for (int k = 0; k < l->neurons; k++) {
        double lambda = -sign * y[k], mu = fmax(-sign * y[l->neurons + k], 0);
        if (lambda != 0) {
            add_row(w, k, lambda, lost);
            add_entry(w, vouch_leaf_h(l) + k, -lambda);
            add_entry(w, vouch_leaf_s(l) + k, lambda);
            used++;
        }
        if (mu > 0 && isfinite(w->row_high[l->neurons + k])) {
            add_entry(w, vouch_leaf_h(l) + k, mu);
            add_entry(w, vouch_leaf_s(l) + k, mu * *vouch_leaf_slope(w, k));
            add_entry(w, l->inputs, -mu * w->row_high[l->neurons + k]);
            used++;
        }
    }
    int first = l->task->case_start[w->which_case];
    for (int i = 0; i < vouch_leaf_rows(l, w->which_case); i++) {
        double weight = fmax(-sign * y[2 * l->neurons + i], 0);
        int r = l->task->case_row[first + i];
        if (weight == 0)
            continue;
        add_row(w, l->neurons + r, weight, lost);
        p->weight += weight;
        p->strict |= l->task->strict[r];
        used++;
    }
    return used;
}

/* The least value of the combination on the limits, outward. */
static proof prove(vouch_leaf_worker *w, const double *y, double sign)
{
    const vouch_leaf *l = w->leaf;
    proof p;
    double lost = 0, value = 0, size = 0, reach = 0;
    int used = combine(w, y, sign, &lost, &p);

    for (int c = 0; c < l->columns; c++) {
        bool constant = c == l->inputs;
        double low = constant ? 1 : w->column_low[c], high = constant ? 1 : w->column_high[c];
        double magnitude = fmax(fabs(low), fabs(high));
        value += fmin(w->sum[c] * low, w->sum[c] * high);
        size += w->size[c] * magnitude;
        reach += magnitude + 1;
    }
    int64_t terms = (int64_t)used + l->columns + 8;
    lost += vouch_gamma64(2 * terms) * size + 4 * (double)terms * DBL_MIN * reach;
    lost = vouch_up(lost * (1 + vouch_gamma64(4 * terms)));
    p.bound = vouch_down(value - lost);
    if (isnan(p.bound))
        p.bound = -(double)INFINITY;
    return p;
}

/* Takes over what the multipliers prove, if it is more than was known. */
static void take(const vouch_leaf *l, const proof *p, vouch_leaf_answer *answer)
{
    double terms = 1 + vouch_gamma64(l->largest_case + 2);
    double lower = -(double)INFINITY;

    answer->proved |= p->bound > 0 || (p->bound >= 0 && p->strict);
    answer->empty |= p->bound > 0 && p->weight == 0;
    if (answer->empty)
        lower = (double)INFINITY;
    else if (p->bound > 0)
        lower = vouch_div_down(p->bound, vouch_up(p->weight * terms));
    else if (p->weight > 0)
        lower = vouch_div_down(p->bound, vouch_down(p->weight / terms));
    answer->lower = fmax(answer->lower, lower);
}

void vouch_leaf_prove(vouch_leaf_worker *w, const double *y, double sign,
                      vouch_leaf_answer *answer)
{
    proof p = prove(w, y, sign);
    take(w->leaf, &p, answer);
}
