/* Leaves by linear programming (leaf.h).
 *
 * Columns of the program: x_0 .. x_{n-1}, t, h_0 .. h_{U-1}, s_0 .. s_{U-1}; that is the form's
 * v with t in the place of the constant, then s. Rows: U links  row_k.v - h_k + s_k = -const_k,
 * U triangles  h_k + b_k s_k <= u_k,  then the rows of one case  row_i.v - t <= -const_i.
 *
 * What multipliers prove. Let w_i >= 0 weigh the case's rows, lambda_k be any and mu_k >= 0. At
 * every point of the network in the subproblem, z_k and r_i being off their rows by at most
 * their radii,
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
#include "verify/leaf.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "num/round.h"

struct vouch_leaf {
    const vouch_task *task;
    const vouch_pwl *form;
    vouch_lp_library *library;
    int inputs, neurons, columns;
    int largest_case; /* rows */
};

struct vouch_leaf_worker {
    vouch_context *ctx;
    const vouch_leaf *leaf;
    vouch_arena *arena; /* the buffers below */
    vouch_lp *lp;
    int which_case;                   /* whose rows the program has; -1: none */
    double *column_low, *column_high; /* [columns] */
    double *row_low, *row_high;       /* [rows] */
    double *slope;                    /* [neurons]: b_k, 0 where decided */
    double *sum, *size;               /* [columns]: coefficients, sums of their magnitudes */
    double *point, *gap, *cost;
    uint8_t *basis;
    int *index; /* room for a row on its way to the solver */
    double *value;
};

/* Positions of h_0 and s_0 among the columns; t is at `inputs`. */
static int first_h(const vouch_leaf *l) { return l->inputs + 1; }
static int first_s(const vouch_leaf *l) { return l->inputs + 1 + l->neurons; }

static int case_rows(const vouch_leaf *l, int which)
{
    return l->task->case_start[which + 1] - l->task->case_start[which];
}

/* ---- intervals ----------------------------------------------------------------- */

typedef struct range {
    double low, high;
} range;

/* Limits of entry v of (x, 1, h). */
static range entry_range(const vouch_pwl *form, const vouch_leaf_job *job, int v)
{
    int k = v - form->input_count - 1;
    if (k < 0)
        return k == -1 ? (range){1, 1} : (range){job->low[v], job->high[v]};
    return (range){fmax(job->neuron_low[k], 0), fmax(job->neuron_high[k], 0)};
}

/* row_k.v +- radius_k over the limits of v, outward. */
static range row_range(const vouch_pwl *form, const vouch_leaf_job *job, int k)
{
    const double *row = vouch_pwl_row(form, k);
    int count = form->input_count + 1 + form->neuron_count;
    double low = 0, high = 0, size = 0;

    for (int v = 0; v < count; v++) {
        if (row[v] == 0)
            continue;
        range r = entry_range(form, job, v);
        double a = row[v] * r.low, b = row[v] * r.high;
        low += fmin(a, b);
        high += fmax(a, b);
        size += fmax(fabs(a), fabs(b));
    }
    double lost = (vouch_gamma64(count + 4) * size + form->radius[k]) *
                      (1 + vouch_gamma64(2 * (int64_t)count + 8)) +
                  2 * (count + 2) * DBL_MIN;
    lost = vouch_up(lost);
    return (range){vouch_down(low - lost), vouch_up(high + lost)};
}

bool vouch_leaf_narrow(const vouch_pwl *form, const double *low, const double *high,
                       double *neuron_low, double *neuron_high)
{
    vouch_leaf_job job = {
        .low = low, .high = high, .neuron_low = neuron_low, .neuron_high = neuron_high};

    for (int k = 0; k < form->neuron_count; k++) {
        range r = row_range(form, &job, k); /* rows use earlier neurons alone */
        if (r.low > neuron_low[k])
            neuron_low[k] = r.low;
        if (r.high < neuron_high[k])
            neuron_high[k] = r.high;
        if (neuron_low[k] > neuron_high[k])
            return false;
    }
    return true;
}

/* ---- the program --------------------------------------------------------------- */

/* Row k of the form as entries, without its constant. Returns how many there are now. */
static int put_row(const vouch_leaf_worker *w, int k, int at)
{
    const vouch_pwl *form = w->leaf->form;
    const double *row = vouch_pwl_row(form, k);

    for (int v = 0; v < form->input_count + 1 + form->neuron_count; v++)
        if (row[v] != 0 && v != form->input_count) {
            w->index[at] = v;
            w->value[at++] = row[v];
        }
    return at;
}

static int put_entry(const vouch_leaf_worker *w, int column, double value, int at)
{
    w->index[at] = column;
    w->value[at] = value;
    return at + 1;
}

/* Row i of the program: the first `count` entries put. */
static void append(vouch_leaf_worker *w, int i, int count, double low, double high)
{
    w->row_low[i] = low;
    w->row_high[i] = high;
    vouch_lp_append(w->lp, count, w->index, w->value, low, high);
}

static void add_links_and_triangles(vouch_leaf_worker *w)
{
    const vouch_leaf *l = w->leaf;

    for (int k = 0; k < l->neurons; k++) {
        double constant = vouch_pwl_row(l->form, k)[l->inputs];
        int count = put_entry(w, first_h(l) + k, -1, put_row(w, k, 0));
        count = put_entry(w, first_s(l) + k, 1, count);
        append(w, k, count, -constant, -constant);
    }
    for (int k = 0; k < l->neurons; k++) {
        int count = put_entry(w, first_s(l) + k, 1, put_entry(w, first_h(l) + k, 1, 0));
        append(w, l->neurons + k, count, -(double)INFINITY, (double)INFINITY);
    }
}

/* Puts the rows of the case in the place of those of another. */
static void set_case(vouch_leaf_worker *w, int which)
{
    const vouch_leaf *l = w->leaf;
    int count = case_rows(l, which);

    if (w->which_case == which)
        return;
    vouch_lp_drop_rows(w->lp, 2 * l->neurons);
    for (int i = 0; i < count; i++) {
        int k = l->neurons + l->task->case_row[l->task->case_start[which] + i];
        int entries = put_entry(w, l->inputs, -1, put_row(w, k, 0));
        append(w, 2 * l->neurons + i, entries, -(double)INFINITY,
               -vouch_pwl_row(l->form, k)[l->inputs]);
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

/* False: some limit contradicts another, or is not finite (then *usable is false too). */
static bool set_limits(vouch_leaf_worker *w, const vouch_leaf_job *job, bool *usable)
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
        w->column_low[first_h(l) + k] = fmax(low, 0);
        w->column_high[first_h(l) + k] = fmax(high, 0);
        w->column_low[first_s(l) + k] = fmax(-high, 0);
        w->column_high[first_s(l) + k] = fmax(-low, 0);
        w->slope[k] = open ? triangle_slope(low, high) : 0;
        w->row_high[l->neurons + k] = open ? high : (double)INFINITY;
    }
    for (int c = 0; c < l->columns; c++)
        *usable = *usable && isfinite(w->column_low[c]) && isfinite(w->column_high[c]);
    return possible;
}

static void send_limits(vouch_leaf_worker *w)
{
    const vouch_leaf *l = w->leaf;

    for (int k = 0; k < l->neurons; k++)
        if (isfinite(w->row_high[l->neurons + k]))
            vouch_lp_set_entry(w->lp, l->neurons + k, first_s(l) + k, w->slope[k]);
    vouch_lp_limit_columns(w->lp, w->column_low, w->column_high);
    vouch_lp_limit_rows(w->lp, w->row_low, w->row_high);
}

/* ---- what multipliers prove ------------------------------------------------------ */

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
            add_entry(w, first_h(l) + k, -lambda);
            add_entry(w, first_s(l) + k, lambda);
            used++;
        }
        if (mu > 0 && isfinite(w->row_high[l->neurons + k])) {
            add_entry(w, first_h(l) + k, mu);
            add_entry(w, first_s(l) + k, mu * w->slope[k]);
            add_entry(w, l->inputs, -mu * w->row_high[l->neurons + k]);
            used++;
        }
    }
    int first = l->task->case_start[w->which_case];
    for (int i = 0; i < case_rows(l, w->which_case); i++) {
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

/* ---- solving --------------------------------------------------------------------- */

static void take_point(vouch_leaf_worker *w, vouch_leaf_answer *answer)
{
    const vouch_leaf *l = w->leaf;
    const double *x = vouch_lp_point(w->lp), *y = vouch_lp_multipliers(w->lp);

    for (int d = 0; d < l->inputs; d++)
        w->point[d] = fmin(fmax(x[d], w->column_low[d]), w->column_high[d]);
    for (int k = 0; k < l->neurons; k++) {
        double mu = fmax(-y[l->neurons + k], 0), offset = w->row_high[l->neurons + k];
        w->gap[k] = fmax(fmin(x[first_h(l) + k], x[first_s(l) + k]), 0);
        w->cost[k] = isfinite(offset) ? mu * offset : 0;
    }
    answer->solved = true;
    answer->point = w->point;
    answer->gap = w->gap;
    answer->cost = w->cost;
}

/* A ray makes rows alone contradict the limits; a multiple of it may be added to multipliers. */
static void try_ray(vouch_leaf_worker *w, vouch_leaf_answer *answer)
{
    double *ray = vouch_lp_ray(w->lp);

    for (int side = 0; ray && side < 2 && !answer->proved; side++) {
        proof p = prove(w, ray, side ? -1 : 1);
        take(w->leaf, &p, answer);
    }
    vouch_lp_free_ray(w->lp, ray);
}

static vouch_lp_state attempt(vouch_leaf_worker *w, const vouch_leaf_job *job, double enough,
                              vouch_leaf_answer *answer)
{
    vouch_lp_effort effort = {.enough = enough,
                              .iterations = job->iterations > 0 ? job->iterations : 1 << 30,
                              .seconds = job->seconds > 0 ? job->seconds : 1e9};
    vouch_lp_state state = vouch_lp_solve(w->lp, &effort);

    answer->iterations += vouch_lp_iterations(w->lp);
    proof p = prove(w, vouch_lp_multipliers(w->lp), 1);
    take(w->leaf, &p, answer);
    if (state == VOUCH_LP_INFEASIBLE && !answer->proved)
        try_ray(w, answer);
    return state;
}

vouch_status vouch_leaf_solve(vouch_leaf_worker *worker, const vouch_leaf_job *job,
                              vouch_leaf_answer *answer)
{
    bool usable;

    *answer = (vouch_leaf_answer){.lower = -(double)INFINITY};
    if (!set_limits(worker, job, &usable)) {
        answer->proved = answer->empty = true;
        answer->lower = (double)INFINITY;
        return VOUCH_OK;
    }
    if (!usable)
        return VOUCH_OK;
    set_case(worker, job->which_case);
    send_limits(worker);
    if (!job->warm)
        vouch_lp_slack_basis(worker->lp, worker->basis);
    vouch_lp_set_basis(worker->lp, job->warm ? job->warm : worker->basis);
    double margin = 1e-7 * worker->column_high[worker->leaf->inputs];
    vouch_lp_state state = attempt(worker, job, margin, answer);
    if (state == VOUCH_LP_ABOVE && !answer->proved)
        state = attempt(worker, job, (double)INFINITY, answer);
    if (state == VOUCH_LP_OPTIMAL)
        take_point(worker, answer);
    vouch_lp_get_basis(worker->lp, worker->basis);
    answer->basis = worker->basis;
    return VOUCH_OK;
}

/* ---- making ---------------------------------------------------------------------- */

/* Overflowed coefficients are nothing to give to a solver. */
static bool is_finite(const vouch_pwl *form)
{
    int rows = form->neuron_count + form->output_count;

    for (int64_t i = 0; i < (int64_t)rows * form->pitch; i++)
        if (!isfinite(form->row[i]))
            return false;
    for (int k = 0; k < rows; k++)
        if (!isfinite(form->size[k]) || !isfinite(form->radius[k]))
            return false;
    return true;
}

vouch_status vouch_leaf_open(vouch_context *ctx, const vouch_task *task, vouch_leaf **leaf)
{
    *leaf = NULL;
    if (!task->form || !is_finite(task->form))
        return VOUCH_OK;
    vouch_leaf *l = vouch_alloc(ctx, sizeof *l);
    if (!l)
        return VOUCH_ERR_MEMORY;
    l->task = task;
    l->form = task->form;
    l->inputs = task->form->input_count;
    l->neurons = task->form->neuron_count;
    l->columns = l->inputs + 1 + 2 * l->neurons;
    for (int k = 0; k < task->case_count; k++)
        if (case_rows(l, k) > l->largest_case)
            l->largest_case = case_rows(l, k);
    vouch_status status = vouch_lp_load(ctx, &l->library);
    if (status || !l->library)
        vouch_release(ctx, l);
    else
        *leaf = l;
    return status;
}

void vouch_leaf_close(vouch_context *ctx, vouch_leaf *leaf)
{
    if (leaf)
        vouch_lp_unload(ctx, leaf->library);
    vouch_release(ctx, leaf);
}

size_t vouch_leaf_basis_size(const vouch_leaf *leaf)
{
    return (size_t)leaf->columns + 2 * (size_t)leaf->neurons + (size_t)leaf->largest_case;
}

static vouch_status new_buffers(vouch_leaf_worker *w)
{
    const vouch_leaf *l = w->leaf;
    int rows = 2 * l->neurons + l->largest_case;

    w->column_low = VOUCH_NEW_ARRAY(w->arena, double, l->columns);
    w->column_high = VOUCH_NEW_ARRAY(w->arena, double, l->columns);
    w->row_low = VOUCH_NEW_ARRAY(w->arena, double, rows + 1);
    w->row_high = VOUCH_NEW_ARRAY(w->arena, double, rows + 1);
    w->slope = VOUCH_NEW_ARRAY(w->arena, double, l->neurons + 1);
    w->sum = VOUCH_NEW_ARRAY(w->arena, double, l->columns);
    w->size = VOUCH_NEW_ARRAY(w->arena, double, l->columns);
    w->point = VOUCH_NEW_ARRAY(w->arena, double, l->inputs + 1);
    w->gap = VOUCH_NEW_ARRAY(w->arena, double, l->neurons + 1);
    w->cost = VOUCH_NEW_ARRAY(w->arena, double, l->neurons + 1);
    w->basis = VOUCH_NEW_ARRAY(w->arena, uint8_t, vouch_leaf_basis_size(l));
    w->index = VOUCH_NEW_ARRAY(w->arena, int, l->columns);
    w->value = VOUCH_NEW_ARRAY(w->arena, double, l->columns);
    return w->column_low && w->column_high && w->row_low && w->row_high && w->slope && w->sum &&
                   w->size && w->point && w->gap && w->cost && w->basis && w->index && w->value
               ? VOUCH_OK
               : VOUCH_ERR_MEMORY;
}

static vouch_status build(vouch_leaf_worker *w)
{
    const vouch_leaf *l = w->leaf;

    w->arena = vouch_arena_new(w->ctx);
    if (!w->arena)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(new_buffers(w));
    w->sum[l->inputs] = 1; /* for now the cost: t; limits are zeros */
    VOUCH_TRY(vouch_lp_new(w->ctx, l->library, l->columns, w->column_low, w->column_high,
                           w->sum, &w->lp));
    add_links_and_triangles(w);
    return VOUCH_OK;
}

vouch_status vouch_leaf_worker_new(vouch_context *ctx, const vouch_leaf *leaf,
                                   vouch_leaf_worker **worker)
{
    *worker = NULL;
    vouch_leaf_worker *w = vouch_alloc(ctx, sizeof *w);
    if (!w)
        return VOUCH_ERR_MEMORY;
    w->ctx = ctx;
    w->leaf = leaf;
    w->which_case = -1;
    vouch_status status = build(w);
    if (status)
        vouch_leaf_worker_free(ctx, w);
    else
        *worker = w;
    return status;
}

void vouch_leaf_worker_free(vouch_context *ctx, vouch_leaf_worker *worker)
{
    if (!worker)
        return;
    vouch_lp_free(ctx, worker->lp);
    vouch_arena_free(worker->arena);
    vouch_release(ctx, worker);
}
