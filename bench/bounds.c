/* Width and cost of the bounds that each domain gives: for bench/bounds.py.
 *
 * The property's first box is cut into a grid, PARTS pieces along each input that varies, and
 * every piece is bounded from scratch. Printed per method, tab-separated: its name, the pieces,
 * the mean width over pieces and outputs, and CPU microseconds a piece.
 *
 * Methods are domains of the table by name; `float` and `double`, the engines that bound 16 and 8
 * boxes at once; `dag`, that of general networks. With `+M+N` an engine takes M gradient steps on
 * the slopes of every neuron, and N on those of the rows. The engines bound rows y_i - C <= 0
 * and -y_i - C <= 0 with a C so large that none is decided, as they stop at what is; the width of
 * y_i is then what is missing to both, less 2 C.
 *
 * Usage: bounds NET SPEC PARTS METHOD...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bounds/dag.h"
#include "bounds/domain.h"
#include "io/io.h"
#include "op/op.h"
#include "spec/spec.h"
#include "verify/task.h"

enum { C = 16, TEXT = 160, CELLS = 1 << 22 };

typedef struct grid {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    int64_t inputs, outputs, count;
    double *low, *high; /* [count][inputs] */
} grid;

/* ---- the pieces -------------------------------------------------------------------------- */

static vouch_status cut(grid *g, const vouch_box *box, int parts)
{
    g->count = 1;
    for (int64_t i = 0; i < g->inputs && parts > 1; i++)
        g->count *= box->high[i] > box->low[i] ? parts : 1;
    g->low = VOUCH_NEW_ARRAY(g->arena, double, g->count * g->inputs);
    g->high = VOUCH_NEW_ARRAY(g->arena, double, g->count * g->inputs);
    if (!g->low || !g->high)
        return VOUCH_ERR_MEMORY;
    for (int64_t k = 0; k < g->count; k++) {
        int64_t left = k;
        for (int64_t i = 0; i < g->inputs; i++) {
            const double low = box->low[i], width = box->high[i] - low;
            const int n = width > 0 ? parts : 1;
            const int64_t at = left % n;
            left /= n;
            g->low[k * g->inputs + i] = low + width * (double)at / n;
            g->high[k * g->inputs + i] =
                at + 1 == n ? box->high[i] : low + width * (double)(at + 1) / n;
        }
    }
    return VOUCH_OK;
}

/* A property on the same box, whose case 2 i is "y_i <= C" and 2 i + 1 is "y_i >= -C". */
static vouch_status every_output(const grid *g, const vouch_box *box, vouch_spec **spec)
{
    char *text = vouch_alloc(g->ctx, (size_t)(g->inputs * 3 + g->outputs * 3 + 4) * TEXT);
    size_t n = 0;
    if (!text)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < g->inputs; i++)
        n += (size_t)snprintf(text + n, (size_t)3 * TEXT,
                              "(declare-const X_%lld Real)\n(assert (>= X_%lld %.17g))\n"
                              "(assert (<= X_%lld %.17g))\n",
                              (long long)i, (long long)i, box->low[i], (long long)i,
                              box->high[i]);
    for (int64_t i = 0; i < g->outputs; i++)
        n += (size_t)snprintf(text + n, TEXT, "(declare-const Y_%lld Real)\n", (long long)i);
    n += (size_t)snprintf(text + n, TEXT, "(assert (or\n");
    for (int64_t i = 0; i < g->outputs; i++)
        n += (size_t)snprintf(text + n, TEXT, "(and (<= Y_%lld %d))(and (>= Y_%lld -%d))\n",
                              (long long)i, C, (long long)i, C);
    n += (size_t)snprintf(text + n, TEXT, "))\n");
    const vouch_status s = vouch_spec_parse(g->ctx, g->graph, "outputs", text, n, spec);
    vouch_release(g->ctx, text);
    return s;
}

/* ---- methods ------------------------------------------------------------------------------ */

static vouch_status identity_rows(const grid *g, vouch_linear_rows *rows)
{
    double *one = VOUCH_NEW_ARRAY(g->arena, double, g->outputs * g->outputs);
    if (!one)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < g->outputs; i++)
        one[i * g->outputs + i] = 1;
    *rows = (vouch_linear_rows){.count = (int)g->outputs, .output = one};
    return VOUCH_OK;
}

static vouch_status by_domain(const grid *g, const vouch_domain *domain, double *width)
{
    vouch_linear_rows rows;
    bool *varying = VOUCH_NEW_ARRAY(g->arena, bool, g->graph->value_count);
    if (!varying)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(g->graph, varying);
    VOUCH_TRY(identity_rows(g, &rows));
    for (int64_t k = 0; k < g->count; k++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(g->arena);
        vouch_bounds bounds = {0};
        vouch_bound_problem problem = {.graph = g->graph,
                                       .varying = varying,
                                       .input_size = g->inputs,
                                       .output_size = g->outputs,
                                       .low = g->low + k * g->inputs,
                                       .high = g->high + k * g->inputs,
                                       .rows = &rows};
        VOUCH_TRY(domain->run(g->ctx, g->arena, NULL, &problem, &bounds));
        for (int64_t i = 0; i < g->outputs; i++)
            *width += bounds.row_high[i] - bounds.row_low[i];
        vouch_arena_reset(g->arena, mark);
    }
    return VOUCH_OK;
}

/* What the engine fills is the caller's. */
static vouch_status make_result(const grid *g, int lanes, vouch_bound_result *result)
{
    *result = (vouch_bound_result){
        .candidate = VOUCH_NEW_ARRAY(g->arena, double, lanes * g->inputs),
        .low = VOUCH_NEW_ARRAY(g->arena, double, lanes * g->inputs),
        .high = VOUCH_NEW_ARRAY(g->arena, double, lanes * g->inputs),
    };
    return result->candidate && result->low && result->high ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status batch(const grid *g, const vouch_engine_type *type, vouch_engine *engine,
                          vouch_engine_worker *worker, int64_t first, double *width)
{
    const int n = g->count - first < type->lanes ? (int)(g->count - first) : type->lanes;
    int box[VOUCH_LANES_MAX] = {0};
    vouch_batch *boxes = NULL;
    vouch_bound_result result;
    VOUCH_TRY(make_result(g, type->lanes, &result));
    vouch_status status = type->start(g->ctx, engine, n, box, g->low + first * g->inputs,
                                      g->high + first * g->inputs, &boxes);
    if (!status)
        status = type->bound(worker, boxes, &result);
    for (int lane = 0; lane < n && !status; lane++) {
        vouch_lane_view view;
        double missing = 0;
        type->view(worker, boxes, lane, &view);
        if (view.row_count != 2 * g->outputs)
            status = vouch_fail(g->ctx, VOUCH_ERR_INTERNAL, "a row of %d was decided", C);
        for (int r = 0; r < view.row_count; r++)
            missing += view.deficit[r];
        *width += missing - 2.0 * C * (double)g->outputs;
    }
    if (boxes)
        type->batch_free(g->ctx, boxes);
    return status;
}

static vouch_status by_batch(const grid *g, const vouch_engine_type *type,
                             const vouch_task *task, const int step[2], double *width)
{
    const vouch_engine_settings settings = {.backward = true,
                                            .compress = true,
                                            .neuron_steps = step[0],
                                            .slope_steps = step[1],
                                            .backward_neurons = 1000,
                                            .fold_share = 0.85};
    vouch_engine *engine = NULL;
    vouch_engine_worker *worker = NULL;
    if (!task->form)
        return vouch_fail(g->ctx, VOUCH_ERR_ARGUMENT, "%s: not piecewise linear", type->name);
    VOUCH_TRY(type->open(g->ctx, task, &settings, &engine));
    vouch_status status = type->worker_new(g->ctx, engine, &worker);
    for (int64_t k = 0; k < g->count && !status; k += type->lanes)
        status = batch(g, type, engine, worker, k, width);
    type->worker_free(g->ctx, worker);
    type->close(g->ctx, engine);
    return status;
}

static vouch_status dag_piece(const grid *g, const vouch_task *task, vouch_dag_worker *worker,
                              int64_t k, int steps, double *width)
{
    vouch_dag_intervals *at = NULL;
    const int count = task->case_count;
    vouch_dag_job *job = VOUCH_NEW_ARRAY(g->arena, vouch_dag_job, count);
    vouch_dag_answer *answer = VOUCH_NEW_ARRAY(g->arena, vouch_dag_answer, count);
    if (!job || !answer)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_dag_root(worker, g->low + k * g->inputs, g->high + k * g->inputs, &at));
    if (!at)
        return vouch_fail(g->ctx, VOUCH_ERR_INTERNAL, "dag: a piece is empty");
    for (int i = 0; i < count; i++)
        job[i] = (vouch_dag_job){.at = at, .which_case = i, .only_lower = true, .steps = steps};
    const vouch_status status = vouch_dag_bound(worker, count, job, answer);
    double missing = 0;
    for (int i = 0; i < count && !status; i++)
        missing -= answer[i].lower;
    *width += missing - 2.0 * C * (double)g->outputs;
    vouch_dag_intervals_drop(g->ctx, at);
    return status;
}

static vouch_status by_dag(const grid *g, const vouch_task *task, const int step[2],
                           double *width)
{
    const vouch_dag_settings settings = {
        .root_steps = step[0], .cells = CELLS, .root_work = 1e12, .threads = 1};
    vouch_dag *dag = NULL;
    vouch_dag_worker *worker = NULL;
    VOUCH_TRY(vouch_dag_open(g->ctx, task, &settings, &dag));
    vouch_status status = vouch_dag_worker_new(g->ctx, dag, &worker);
    for (int64_t k = 0; k < g->count && !status; k++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(g->arena);
        status = dag_piece(g, task, worker, k, step[1], width);
        vouch_arena_reset(g->arena, mark);
    }
    vouch_dag_worker_free(g->ctx, worker);
    vouch_dag_close(g->ctx, dag);
    return status;
}

/* Reads "NAME" or "NAME+M+N"; false where the name is another. */
static bool is_method(const char *text, const char *name, int step[2])
{
    const size_t length = strlen(name);
    step[0] = step[1] = 0;
    if (strncmp(text, name, length) != 0 || (text[length] != '+' && text[length] != '\0'))
        return false;
    char *end = NULL;
    if (text[length] == '+')
        step[0] = (int)strtol(text + length + 1, &end, 10);
    if (end && *end == '+')
        step[1] = (int)strtol(end + 1, NULL, 10);
    return true;
}

static vouch_status measure(const grid *g, const vouch_task *task, const char *method)
{
    double width = 0; /* the sum over pieces and outputs */
    int step[2];
    vouch_status status = VOUCH_OK;
    const vouch_domain *domain = vouch_domain_find(method);
    const double begun_s = vouch_cpu_s();
    if (is_method(method, "float", step))
        status = by_batch(g, &vouch_engine_f32, task, step, &width);
    else if (is_method(method, "double", step))
        status = by_batch(g, &vouch_engine_f64, task, step, &width);
    else if (is_method(method, "dag", step))
        status = by_dag(g, task, step, &width);
    else if (domain)
        status = by_domain(g, domain, &width);
    else
        return vouch_fail(g->ctx, VOUCH_ERR_ARGUMENT, "no method '%s'", method);
    const double cpu_s = vouch_cpu_s() - begun_s;
    VOUCH_TRY(status);
    printf("%s\t%lld\t%.6g\t%.4g\n", method, (long long)g->count,
           width / (double)(g->count * g->outputs), 1e6 * cpu_s / (double)g->count);
    (void)fflush(stdout);
    return VOUCH_OK;
}

static vouch_status read_property(const grid *g, const char *path, vouch_spec **spec)
{
    vouch_file file;
    VOUCH_TRY(vouch_file_read(g->arena, path, (size_t)1 << 30, &file));
    return vouch_spec_parse(g->ctx, g->graph, path, file.data, file.size, spec);
}

static vouch_status run(grid *g, char **argument, int methods)
{
    vouch_spec *given = NULL, *spec = NULL;
    vouch_task task = {0};
    VOUCH_TRY(vouch_network_read(g->ctx, argument[0], &g->graph, NULL));
    VOUCH_TRY(vouch_op_bind_graph(g->ctx, g->graph));
    g->inputs = vouch_op_input_size(g->graph);
    g->outputs = vouch_op_output_size(g->graph);
    VOUCH_TRY(read_property(g, argument[1], &given));
    VOUCH_TRY(cut(g, &given->box[0], (int)strtol(argument[2], NULL, 10)));
    VOUCH_TRY(every_output(g, &given->box[0], &spec));
    VOUCH_TRY(vouch_task_build(g->ctx, g->arena, g->graph, spec, true, &task));
    vouch_status status = VOUCH_OK;
    for (int i = 0; i < methods && !status; i++)
        status = measure(g, &task, argument[3 + i]);
    vouch_task_clear(g->ctx, &task);
    vouch_spec_free(spec);
    vouch_spec_free(given);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fputs("usage: bounds NET SPEC PARTS METHOD...\n", stderr);
        return EXIT_FAILURE;
    }
    grid g = {.ctx = vouch_context_new(NULL)};
    g.arena = g.ctx ? vouch_arena_new(g.ctx) : NULL;
    const vouch_status status = g.arena ? run(&g, argv + 1, argc - 4) : VOUCH_ERR_MEMORY;
    if (status)
        fprintf(stderr, "bounds: %s\n", g.ctx ? vouch_context_error(g.ctx) : "out of memory");
    if (g.graph)
        vouch_graph_free(g.graph);
    vouch_arena_free(g.arena);
    vouch_context_free(g.ctx);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
