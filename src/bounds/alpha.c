/* alpha: backward linear bounds whose planes are optimised, row by row and neuron by neuron.
 *
 * Problem:   where a curve or product has several sound planes, which one is best depends on the
 *            row; a fixed choice (crown) is loose.
 * Method:    the DAG engine (dag.h) on the whole box: every row, and its negative, is a case of
 *            its own whose mixes climb by projected gradient; before that every neuron that can
 *            matter is bounded likewise. Xu et al. 2021 (alpha-CROWN), here for all operators.
 * Invariant: lower . x + lower_offset <= row <= upper . x + upper_offset on the whole box, and
 *            never looser than intervals.
 */
#include <string.h>

#include "bounds/bounds_priv.h"
#include "bounds/dag_priv.h"

typedef struct settings {
    int64_t steps, neuron_steps, cells;
} settings;

static const vouch_option options[] = {
    {.name = "steps",
     .argument = "N",
     .help = "gradient steps for every row",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(settings, steps),
     .number = 20,
     .low = 0,
     .high = 10000},
    {.name = "neuron-steps",
     .argument = "N",
     .help = "gradient steps for every neuron",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(settings, neuron_steps),
     .number = 5,
     .low = 0,
     .high = 10000},
    VOUCH_CELLS_ROW(settings),
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

/* ---- rows as cases ----------------------------------------------------------------------- */

/* to[2 r] = from[r], to[2 r + 1] = -from[r]; from NULL = zeros. */
static double *both_signs(vouch_arena *arena, int rows, int64_t width, const double *from)
{
    double *to = VOUCH_NEW_ARRAY(arena, double, 2 * rows * width);

    for (int r = 0; to && from && r < rows; r++)
        for (int64_t i = 0; i < width; i++) {
            to[2 * r * width + i] = from[r * width + i];
            to[(2 * r + 1) * width + i] = -from[r * width + i];
        }
    return to;
}

static vouch_status make_task(vouch_arena *arena, const vouch_bound_problem *problem,
                              vouch_task *task)
{
    const vouch_linear_rows none = {0}, *rows = problem->rows ? problem->rows : &none;
    int count = 2 * rows->count;
    int *start = VOUCH_NEW_ARRAY(arena, int, count + 1),
        *box = VOUCH_NEW_ARRAY(arena, int, count + 1);

    *task = (vouch_task){
        .graph = problem->graph,
        .row_output = both_signs(arena, rows->count, problem->output_size, rows->output),
        .row_input = both_signs(arena, rows->count, problem->input_size, rows->input),
        .row_constant = both_signs(arena, rows->count, 1, rows->constant),
        .row_radius = VOUCH_NEW_ARRAY(arena, double, count + 1),
        .input_count = (int)problem->input_size,
        .output_count = (int)problem->output_size,
        .row_count = count,
        .case_count = count,
        .case_start = start,
        .case_row = start,
        .case_box = box,
        .strict = VOUCH_NEW_ARRAY(arena, bool, count + 1),
        .low = problem->low,
        .high = problem->high};
    for (int k = 0; start && k <= count; k++)
        start[k] = k;
    return start && box && task->row_output && task->row_input && task->row_constant &&
                   task->row_radius && task->strict
               ? VOUCH_OK
               : VOUCH_ERR_MEMORY;
}

/* ---- taking over ------------------------------------------------------------------------- */

/* The copy the engine works on numbers the graph's own values as the graph does. */
static void take_values(const vouch_dag *dag, vouch_pass *pass)
{
    for (int v = 0; v < pass->graph->value_count; v++)
        for (int64_t i = 0; dag->scalar[v] >= 0 && i < vouch_bounds_count(pass->graph, v); i++)
            vouch_pass_tighten(pass, v, i, dag->hull->low[dag->scalar[v] + i],
                               dag->hull->high[dag->scalar[v] + i]);
}

static void take_row(vouch_pass *pass, int r, const vouch_dag_answer *below,
                     const vouch_dag_answer *above)
{
    vouch_bounds *bounds = pass->bounds;
    int64_t size = pass->problem->input_size;

    vouch_pass_tighten_row(pass, r, below->lower, -above->lower);
    memcpy(bounds->lower + r * size, below->form, (size_t)size * sizeof(double));
    for (int64_t i = 0; i < size; i++)
        bounds->upper[r * size + i] = -above->form[i];
    bounds->lower_offset[r] = below->offset;
    bounds->upper_offset[r] = -above->offset;
    vouch_pass_check_forms(pass, r);
}

static vouch_status bound_rows(vouch_dag_worker *worker, const settings *set, vouch_pass *pass)
{
    const vouch_task *task = worker->dag->task;

    for (int r = 0; 2 * r < task->case_count && !pass->bounds->empty; r++) {
        vouch_dag_job job[2];
        vouch_dag_answer answer[2];

        for (int k = 0; k < 2; k++)
            job[k] = (vouch_dag_job){.at = worker->dag->hull,
                                     .which_case = 2 * r + k,
                                     .steps = (int)set->steps,
                                     .to_the_end = true};
        VOUCH_TRY(vouch_dag_bound(worker, 2, job, answer));
        take_row(pass, r, &answer[0], &answer[1]);
    }
    return VOUCH_OK;
}

static vouch_status run_dag(const vouch_dag *dag, const settings *set, vouch_pass *pass)
{
    vouch_dag_worker *worker;
    vouch_status status;

    if (!dag->hull) {
        pass->bounds->empty = true;
        return VOUCH_OK;
    }
    take_values(dag, pass);
    VOUCH_TRY(vouch_dag_worker_new(pass->ctx, dag, &worker));
    status = bound_rows(worker, set, pass);
    vouch_dag_worker_free(pass->ctx, worker);
    return status;
}

/* ---- the run ----------------------------------------------------------------------------- */

/* Intervals first: they serve the values the engine keeps nothing of. */
static vouch_status run_intervals(vouch_pass *pass)
{
    for (int n = 0; n < pass->graph->node_count && !pass->bounds->empty; n++)
        if (vouch_pass_active(pass, n))
            VOUCH_TRY(vouch_pass_node(pass, n));
    return vouch_pass_rows(pass);
}

static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *given,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_dag_settings dag_settings = {.root_work = (double)INFINITY};
    vouch_pass pass;
    vouch_task task;
    vouch_dag *dag;
    settings set;
    vouch_status status;

    vouch_options_default(options, OPTION_COUNT, &set);
    if (given)
        set = *(const settings *)given;
    dag_settings.cells = set.cells;
    dag_settings.root_steps = (int)set.neuron_steps;
    VOUCH_TRY(vouch_pass_begin(ctx, arena, problem, true, bounds, &pass));
    VOUCH_TRY(run_intervals(&pass));
    if (!bounds->empty) {
        VOUCH_TRY(make_task(arena, problem, &task));
        VOUCH_TRY(vouch_dag_open(ctx, &task, &dag_settings, &dag));
        status = run_dag(dag, &set, &pass);
        vouch_dag_close(ctx, dag);
        VOUCH_TRY(status);
    }
    vouch_pass_end(&pass);
    return VOUCH_OK;
}

const vouch_domain vouch_domain_alpha = {
    .name = "alpha",
    .summary = "backward linear bounds with optimised planes for every row and neuron",
    .citation = "Xu et al. 2021, alpha-CROWN, sec. 3; planes of every operator class",
    .options = options,
    .option_count = OPTION_COUNT,
    .settings_size = sizeof(settings),
    .has_forms = true,
    .run = run,
};
