/* The map from the engine's neurons to the form's, and a subproblem's programs
 * (branch_finish.h). */
#include "verify/branch_finish.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "num/round.h"
#include "verify/task.h"

/* Larger programs take seconds each. */
enum { NEURONS = 1024, SCALARS = 1 << 21, POINTS = 3, ITERATIONS = 20000 };

/* Which scalar of the engine z_k is; neuron < 0: none of its neurons. */
typedef struct place {
    int64_t neuron;
    double shift;
} place;

struct vouch_finish {
    vouch_arena *arena;
    const vouch_dag *dag;
    vouch_task task; /* with a form of its own, of the engine's graph */
    vouch_leaf *leaf;
    place *place; /* [neurons of the form] */
    double entries;
};

/* ---- the map ------------------------------------------------------------------------------ */

/* The form's neurons whose identity is first .. first + count - 1 stand for the scalars of the
 * value. */
static void place_value(vouch_finish *f, int value, int64_t first, int64_t count, double shift)
{
    const vouch_pwl *form = f->task.form;
    int64_t neuron = vouch_dag_neuron(f->dag, value);

    for (int k = 0; neuron >= 0 && k < form->neuron_count; k++) {
        int64_t i = form->identity[k] - first;
        if (i >= 0 && i < count)
            f->place[k] = (place){.neuron = neuron + i, .shift = shift};
    }
}

/* In the order of lowering (lower/pwl_curve.c): nodes, breakpoints, scalars. */
static void place_all(vouch_finish *f, const bool *varying)
{
    const vouch_graph *g = vouch_dag_graph(f->dag);
    int64_t seen = 0;

    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        double breakpoint[4];
        vouch_line piece[5];
        if (!varying[node->output[0]] ||
            vouch_op_node_class(g, node, varying) == VOUCH_OP_AFFINE)
            continue;
        int64_t count = vouch_shape_count(&g->value[node->input[0]].shape);
        int pieces = node->op->pieces(g, node, breakpoint, piece);
        for (int b = 0; b < pieces; b++, seen += count)
            place_value(f, node->input[0], seen, count, breakpoint[b]);
    }
}

/* What intervals of the engine say of z_k, outward. */
static void limits_of(const vouch_finish *f, const vouch_dag_intervals *at, double *low,
                      double *high)
{
    for (int k = 0; k < f->task.form->neuron_count; k++) {
        const place *p = &f->place[k];
        low[k] = -(double)INFINITY;
        high[k] = (double)INFINITY;
        if (p->neuron < 0)
            continue;
        low[k] = vouch_dag_low(at)[p->neuron];
        high[k] = vouch_dag_high(at)[p->neuron];
        if (p->shift != 0) {
            low[k] = vouch_down(low[k] - p->shift);
            high[k] = vouch_up(high[k] - p->shift);
        }
    }
}

/* Do the two agree at the point x? Both sets of intervals hold over the reals, so they meet if
 * the map is right; that they meet by chance at random points where it is wrong is past belief. */
static vouch_status agree_at(vouch_context *ctx, const vouch_finish *f, vouch_dag_worker *w,
                             const double *x, double *low, double *high, bool *agree)
{
    vouch_dag_intervals *at;

    VOUCH_TRY(vouch_dag_root(w, x, x, &at));
    *agree = at != NULL;
    if (!at)
        return VOUCH_OK;
    limits_of(f, at, low, high);
    *agree = vouch_leaf_narrow(f->task.form, x, x, low, high);
    vouch_dag_intervals_drop(ctx, at);
    return VOUCH_OK;
}

static vouch_status test_map(vouch_context *ctx, const vouch_finish *f, vouch_dag_worker *w,
                             bool *agree)
{
    const vouch_task *t = &f->task;
    vouch_random random = vouch_random_stream(0, "leaves", 0);
    double *x = VOUCH_NEW_ARRAY(f->arena, double, t->input_count);
    double *low = VOUCH_NEW_ARRAY(f->arena, double, t->form->neuron_count + 1);
    double *high = VOUCH_NEW_ARRAY(f->arena, double, t->form->neuron_count + 1);

    if (!x || !low || !high)
        return VOUCH_ERR_MEMORY;
    *agree = true;
    for (int i = 0; i < POINTS && *agree; i++) {
        for (int d = 0; d < t->input_count; d++) {
            double at = vouch_random_unit(&random);
            x[d] = fmin(fmax(t->low[d] + at * (t->high[d] - t->low[d]), t->low[d]), t->high[d]);
        }
        VOUCH_TRY(agree_at(ctx, f, w, x, low, high, agree));
    }
    return VOUCH_OK;
}

static vouch_status make_map(vouch_context *ctx, vouch_finish *f, bool *agree)
{
    const vouch_graph *g = vouch_dag_graph(f->dag);
    bool *varying = VOUCH_NEW_ARRAY(f->arena, bool, g->value_count);
    vouch_dag_worker *w;

    f->place = VOUCH_NEW_ARRAY(f->arena, place, f->task.form->neuron_count + 1);
    if (!varying || !f->place)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < f->task.form->neuron_count; k++)
        f->place[k].neuron = -1;
    vouch_op_varying(g, varying);
    place_all(f, varying);
    VOUCH_TRY(vouch_dag_worker_new(ctx, f->dag, &w));
    vouch_status status = test_map(ctx, f, w, agree);
    vouch_dag_worker_free(ctx, w);
    return status;
}

/* ---- open and close ----------------------------------------------------------------------- */

static void count_entries(vouch_finish *f)
{
    const vouch_pwl *form = f->task.form;

    for (int k = 0; k < form->neuron_count; k++)
        for (int v = 0; v < form->pitch; v++)
            f->entries += vouch_pwl_row(form, k)[v] != 0;
    f->entries += 4.0 * form->neuron_count + form->input_count;
}

static vouch_status open_form(vouch_context *ctx, vouch_finish *f, const vouch_spec *spec)
{
    static const vouch_pwl_limits limits = {NEURONS, SCALARS};
    bool agree;

    VOUCH_TRY(vouch_task_lower_within(ctx, vouch_dag_graph(f->dag), spec, &limits, &f->task));
    if (!f->task.form)
        return VOUCH_OK;
    VOUCH_TRY(make_map(ctx, f, &agree));
    count_entries(f);
    return agree ? vouch_leaf_open(ctx, &f->task, &f->leaf) : VOUCH_OK;
}

vouch_status vouch_finish_open(vouch_context *ctx, const vouch_task *task,
                               const vouch_spec *spec, const vouch_dag *dag,
                               vouch_finish **finish)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_finish *f = arena ? VOUCH_NEW(arena, vouch_finish) : NULL;

    *finish = NULL;
    if (!f) {
        vouch_arena_free(arena);
        return VOUCH_ERR_MEMORY;
    }
    *f = (vouch_finish){.arena = arena, .dag = dag, .task = *task};
    f->task.form = NULL; /* the caller's is of the graph that is not decomposed */
    vouch_status status = open_form(ctx, f, spec);
    if (status || !f->leaf)
        vouch_finish_close(ctx, f);
    else
        *finish = f;
    return status;
}

void vouch_finish_close(vouch_context *ctx, vouch_finish *finish)
{
    if (!finish)
        return;
    vouch_leaf_close(ctx, finish->leaf);
    vouch_task_clear(ctx, &finish->task);
    vouch_arena_free(finish->arena); /* itself lives there */
}

const vouch_leaf *vouch_finish_leaf(const vouch_finish *finish) { return finish->leaf; }

/* A model is filled and factorised; an iteration prices columns and updates a factor. Measured
 * against walks, which are products of matrices. */
static double work_of(const vouch_finish *finish, double programs, double iterations)
{
    return (600 * programs + 120 * iterations) * finish->entries;
}

double vouch_finish_work(const vouch_finish *finish, const vouch_leaf_search_result *done)
{
    return work_of(finish, (double)done->programs, (double)done->iterations);
}

double vouch_finish_work_of(const vouch_finish *finish, double programs)
{
    const double iterations = 10; /* of a program that starts from its parent's basis */
    return work_of(finish, programs, iterations * programs);
}

/* ---- a subproblem ------------------------------------------------------------------------- */

vouch_status vouch_finish_run(vouch_context *ctx, vouch_arena *arena,
                              const vouch_finish *finish, vouch_leaf_worker *worker,
                              const vouch_dag_intervals *at, int which_case,
                              const vouch_leaf_search_settings *settings, double deadline_wall,
                              vouch_leaf_search_result *result)
{
    int neurons = finish->task.form->neuron_count;
    double *low = VOUCH_NEW_ARRAY(arena, double, neurons + 1);
    double *high = VOUCH_NEW_ARRAY(arena, double, neurons + 1);
    const int64_t inputs_at = vouch_dag_neuron_count(finish->dag);
    double left = deadline_wall - vouch_wall_s();

    if (!low || !high)
        return VOUCH_ERR_MEMORY;
    limits_of(finish, at, low, high);
    vouch_leaf_job job = {.which_case = which_case,
                          .low = vouch_dag_low(at) + inputs_at,
                          .high = vouch_dag_high(at) + inputs_at,
                          .neuron_low = low,
                          .neuron_high = high,
                          .iterations = ITERATIONS,
                          .seconds = isfinite(left) ? fmax(left, .001) : 0};
    return vouch_leaf_search(ctx, worker, &job, settings, result);
}
