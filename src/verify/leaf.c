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
    int which_case;     /* whose rows the matrix has; -1: none */
    /* the program, by columns */
    int *start, *row;
    double *value;
    double *cost, *column_low, *column_high; /* [columns] */
    double *row_low, *row_high;              /* [rows] */
    double *sum, *size; /* [columns]: coefficients, sums of their magnitudes */
    double *point, *gap, *cost_of;
    uint8_t *basis;
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

    for (int i = 0; i < l->neurons + case_rows(l, which); i++) {
        double entry = vouch_pwl_row(l->form, form_row(l, which, i))[v];
        if (entry != 0)
            at = put(w, at, program_row(l, i), entry);
    }
    return at;
}

/* The matrix, triangles with slope 1 for now; and what of the rows' limits never changes. */
static void set_case(vouch_leaf_worker *w, int which)
{
    const vouch_leaf *l = w->leaf;
    int at = 0, count = case_rows(l, which);

    if (w->which_case == which)
        return;
    for (int v = 0; v < first_s(l); v++) {
        w->start[v] = at;
        if (v != l->inputs)
            at = put_form_column(w, which, v, at);
        for (int i = 0; v == l->inputs && i < count; i++)
            at = put(w, at, 2 * l->neurons + i, -1);
        if (v > l->inputs) {
            at = put(w, at, v - first_h(l), -1);
            at = put(w, at, l->neurons + v - first_h(l), 1);
        }
    }
    for (int k = 0; k < l->neurons; k++) {
        w->start[first_s(l) + k] = at;
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

/* b_k of the triangle: the last entry of column s_k. */
static double *slope_of(const vouch_leaf_worker *w, int k)
{
    return &w->value[w->start[first_s(w->leaf) + k + 1] - 1];
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
        *slope_of(w, k) = open ? triangle_slope(low, high) : 1;
        w->row_high[l->neurons + k] = open ? high : (double)INFINITY;
    }
    for (int c = 0; c < l->columns; c++)
        *usable = *usable && isfinite(w->column_low[c]) && isfinite(w->column_high[c]);
    return possible;
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
            add_entry(w, first_s(l) + k, mu * *slope_of(w, k));
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

static void take_point(vouch_leaf_worker *w, const vouch_lp *lp, vouch_leaf_answer *answer)
{
    const vouch_leaf *l = w->leaf;
    const double *x = vouch_lp_point(lp), *y = vouch_lp_multipliers(lp);

    for (int d = 0; d < l->inputs; d++)
        w->point[d] = fmin(fmax(x[d], w->column_low[d]), w->column_high[d]);
    for (int k = 0; k < l->neurons; k++) {
        double mu = fmax(-y[l->neurons + k], 0), offset = w->row_high[l->neurons + k];
        w->gap[k] = fmax(fmin(x[first_h(l) + k], x[first_s(l) + k]), 0);
        w->cost_of[k] = isfinite(offset) ? mu * offset : 0;
    }
    answer->solved = true;
    answer->point = w->point;
    answer->gap = w->gap;
    answer->cost = w->cost_of;
}

/* A ray makes rows alone contradict the limits; a multiple of it may be added to multipliers. */
static void try_ray(vouch_leaf_worker *w, const vouch_lp *lp, vouch_leaf_answer *answer)
{
    double *ray = vouch_lp_ray(lp);

    for (int side = 0; ray && side < 2 && !answer->proved; side++) {
        proof p = prove(w, ray, side ? -1 : 1);
        take(w->leaf, &p, answer);
    }
    vouch_lp_free_ray(lp, ray);
}

static vouch_lp_state attempt(vouch_leaf_worker *w, vouch_lp *lp, const vouch_leaf_job *job,
                              double enough, vouch_leaf_answer *answer)
{
    vouch_lp_effort effort = {.enough = enough,
                              .iterations = job->iterations > 0 ? job->iterations : 1 << 30,
                              .seconds = job->seconds > 0 ? job->seconds : 1e9};
    vouch_lp_state state = vouch_lp_solve(lp, &effort);

    answer->iterations += vouch_lp_iterations(lp);
    proof p = prove(w, vouch_lp_multipliers(lp), 1);
    take(w->leaf, &p, answer);
    if (state == VOUCH_LP_INFEASIBLE && !answer->proved)
        try_ray(w, lp, answer);
    return state;
}

static vouch_status solve(vouch_leaf_worker *w, const vouch_leaf_job *job,
                          vouch_leaf_answer *answer)
{
    const vouch_leaf *l = w->leaf;
    int rows = 2 * l->neurons + case_rows(l, job->which_case);
    const vouch_lp_problem problem = {.columns = l->columns,
                                      .rows = rows,
                                      .start = w->start,
                                      .row = w->row,
                                      .value = w->value,
                                      .cost = w->cost,
                                      .low = w->column_low,
                                      .high = w->column_high,
                                      .row_low = w->row_low,
                                      .row_high = w->row_high};
    double margin = 1e-7 * w->column_high[l->inputs];
    vouch_lp *lp;

    VOUCH_TRY(vouch_lp_new(w->ctx, l->library, &problem, job->warm, &lp));
    vouch_lp_state state = attempt(w, lp, job, margin, answer);
    if (state == VOUCH_LP_ABOVE && !answer->proved)
        state = attempt(w, lp, job, (double)INFINITY, answer);
    if (state == VOUCH_LP_OPTIMAL)
        take_point(w, lp, answer);
    memcpy(w->basis, vouch_lp_basis(lp), (size_t)(l->columns + rows));
    answer->basis = w->basis;
    vouch_lp_free(w->ctx, lp);
    return VOUCH_OK;
}

vouch_status vouch_leaf_solve(vouch_leaf_worker *worker, const vouch_leaf_job *job,
                              vouch_leaf_answer *answer)
{
    bool usable;

    *answer = (vouch_leaf_answer){.lower = -(double)INFINITY};
    set_case(worker, job->which_case);
    if (!set_limits(worker, job, &usable)) {
        answer->proved = answer->empty = true;
        answer->lower = (double)INFINITY;
        return VOUCH_OK;
    }
    return usable ? solve(worker, job, answer) : VOUCH_OK;
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

/* Entries that the matrix may have: those of the rows, and 4 of every neuron's own. */
static int64_t count_entries(const vouch_leaf *l)
{
    const vouch_pwl *f = l->form;
    int64_t neurons = 0, largest = 0;

    for (int i = 0; i < f->neuron_count; i++)
        for (int v = 0; v < first_s(l); v++)
            neurons += vouch_pwl_row(f, i)[v] != 0;
    largest = (int64_t)l->largest_case * first_s(l);
    return neurons + largest + 4 * (int64_t)l->neurons;
}

static vouch_status new_buffers(vouch_leaf_worker *w)
{
    const vouch_leaf *l = w->leaf;
    int rows = 2 * l->neurons + l->largest_case;
    int64_t entries = count_entries(l);
    struct {
        double **array;
        int64_t count;
    } doubles[] = {
        {&w->value, entries},          {&w->cost, l->columns},   {&w->column_low, l->columns},
        {&w->column_high, l->columns}, {&w->row_low, rows},      {&w->row_high, rows},
        {&w->sum, l->columns},         {&w->size, l->columns},   {&w->point, l->inputs},
        {&w->gap, l->neurons},         {&w->cost_of, l->neurons}};

    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        *doubles[i].array = VOUCH_NEW_ARRAY(w->arena, double, doubles[i].count + 1);
        if (!*doubles[i].array)
            return VOUCH_ERR_MEMORY;
    }
    w->start = VOUCH_NEW_ARRAY(w->arena, int, l->columns + 1);
    w->row = VOUCH_NEW_ARRAY(w->arena, int, entries + 1);
    w->basis = VOUCH_NEW_ARRAY(w->arena, uint8_t, vouch_leaf_basis_size(l));
    return w->start && w->row && w->basis ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status build(vouch_leaf_worker *w)
{
    const vouch_leaf *l = w->leaf;

    w->arena = vouch_arena_new(w->ctx);
    if (!w->arena)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(new_buffers(w));
    w->cost[l->inputs] = 1; /* t */
    for (int k = 0; k < l->neurons; k++)
        w->row_low[l->neurons + k] = -(double)INFINITY;
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
    vouch_arena_free(worker->arena);
    vouch_release(ctx, worker);
}
