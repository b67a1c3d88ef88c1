/* Leaves by linear programming (leaf.h): intervals, solving. The program is leaf_program.c, what
 * is proved by it leaf_proof.c. */
#include <math.h>
#include <string.h>

#include "num/round.h"
#include "verify/leaf_priv.h"

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

/* ---- solving --------------------------------------------------------------------- */

/* A split of a ReLU that the point keeps moves nothing; of the others, the dearest gains most.
 * Where the relaxation is feasible, costs are about nothing, and the gap decides. */
static void choose_split(const vouch_leaf_worker *w, const double *x, vouch_leaf_answer *answer)
{
    static const double kept = 1e-9, part = 1e-3;
    const vouch_leaf *l = w->leaf;
    double best = 0;

    for (int k = 0; k < l->neurons; k++) {
        double score = w->cost_of[k] + part * w->gap[k];
        if (w->gap[k] <= kept || !isfinite(w->row_high[l->neurons + k]) || score <= best)
            continue;
        best = score;
        answer->split = k;
        answer->active = x[vouch_leaf_h(l) + k] > x[vouch_leaf_s(l) + k];
    }
}

static void take_point(vouch_leaf_worker *w, const vouch_lp *lp, vouch_leaf_answer *answer)
{
    const vouch_leaf *l = w->leaf;
    const double *x = vouch_lp_point(lp), *y = vouch_lp_multipliers(lp);

    for (int d = 0; d < l->inputs; d++)
        w->point[d] = fmin(fmax(x[d], w->column_low[d]), w->column_high[d]);
    for (int k = 0; k < l->neurons; k++) {
        double mu = fmax(-y[l->neurons + k], 0), offset = w->row_high[l->neurons + k];
        w->gap[k] = fmax(fmin(x[vouch_leaf_h(l) + k], x[vouch_leaf_s(l) + k]), 0);
        w->cost_of[k] = isfinite(offset) ? mu * offset : 0;
    }
    answer->solved = true;
    answer->point = w->point;
    answer->gap = w->gap;
    answer->cost = w->cost_of;
    choose_split(w, x, answer);
}

/* A ray makes rows alone contradict the limits; a multiple of it may be added to multipliers. */
static void try_ray(vouch_leaf_worker *w, const vouch_lp *lp, vouch_leaf_answer *answer)
{
    double *ray = vouch_lp_ray(lp);

    for (int side = 0; ray && side < 2 && !answer->proved; side++)
        vouch_leaf_prove(w, ray, side ? -1 : 1, answer);
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
    vouch_leaf_prove(w, vouch_lp_multipliers(lp), 1, answer);
    if (state == VOUCH_LP_INFEASIBLE && !answer->proved)
        try_ray(w, lp, answer);
    return state;
}

static vouch_status solve(vouch_leaf_worker *w, const vouch_leaf_job *job,
                          vouch_leaf_answer *answer)
{
    const vouch_leaf *l = w->leaf;
    int rows = 2 * l->neurons + vouch_leaf_rows(l, job->which_case);
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
    memcpy(w->basis, vouch_lp_basis(lp), (size_t)l->columns + (size_t)rows);
    answer->basis = w->basis;
    vouch_lp_free(w->ctx, lp);
    return VOUCH_OK;
}

vouch_status vouch_leaf_solve(vouch_leaf_worker *worker, const vouch_leaf_job *job,
                              vouch_leaf_answer *answer)
{
    bool usable;

    *answer = (vouch_leaf_answer){.lower = -(double)INFINITY, .split = -1};
    vouch_leaf_set_case(worker, job->which_case);
    if (!vouch_leaf_set_limits(worker, job, &usable)) {
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
        if (vouch_leaf_rows(l, k) > l->largest_case)
            l->largest_case = vouch_leaf_rows(l, k);
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
        for (int v = 0; v < vouch_leaf_s(l); v++)
            neurons += vouch_pwl_row(f, i)[v] != 0;
    largest = (int64_t)l->largest_case * vouch_leaf_s(l);
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
