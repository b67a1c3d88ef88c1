/* The general engine: one box at a time, bounded by any domain of the table on any graph.
 *
 * Slower than the batched engine by orders of magnitude, but it takes every operator: sound
 * ranges and relaxations are all a domain needs. Same task, same results (bounds/engine.h), one
 * lane, double precision.
 */
#include <math.h>
#include <string.h>

#include "bounds/clip.h"
#include "bounds/domain.h"
#include "bounds/engine.h"
#include "bounds/row.h"
#include "num/round.h"

typedef struct graph_batch {
    vouch_batch head;
    bool *alive; /* [cases] */
    int inputs;
    double ends[]; /* low[n], high[n] */
} graph_batch;

struct vouch_engine {
    const vouch_task *task;
    vouch_engine_settings settings;
    bool *varying;
};

struct vouch_engine_worker {
    vouch_context *ctx;
    const vouch_engine *engine;
    vouch_arena *arena;
    vouch_arena_mark start; /* everything after it belongs to the bound in progress */
    int *open_row;          /* [rows] open rows of the last bound, as task rows */
    int open_count;
    double *row_low;             /* [open rows] */
    const double *lower, *upper; /* [open rows][inputs] of the last bound, NULL = no forms */
    const double *lower_offset;
    double *width, *gradient, *steepness; /* [inputs] */
    double *point, *value;                /* a candidate and its outputs */
};

static double *low_of(graph_batch *b) { return b->ends; }

static double *high_of(graph_batch *b, const vouch_task *t) { return b->ends + t->input_count; }

/* ---- rows ----------------------------------------------------------------------- */

static bool is_wanted(const vouch_task *t, const graph_batch *b, int row)
{
    for (int k = 0; k < t->case_count; k++)
        for (int i = t->case_start[k]; b->alive[k] && i < t->case_start[k + 1]; i++)
            if (t->case_row[i] == row)
                return true;
    return false;
}

static void find_open_rows(vouch_engine_worker *w, const graph_batch *b)
{
    const vouch_task *t = w->engine->task;
    w->open_count = 0;
    for (int r = 0; r < t->row_count; r++)
        if (is_wanted(t, b, r))
            w->open_row[w->open_count++] = r;
}

/* The open rows, densely. */
static vouch_status gather_rows(vouch_engine_worker *w, vouch_linear_rows *rows)
{
    const vouch_task *t = w->engine->task;
    size_t in = (size_t)t->input_count, out = (size_t)t->output_count;
    size_t count = (size_t)w->open_count;
    double *output = VOUCH_NEW_ARRAY(w->arena, double, count *out);
    double *input = VOUCH_NEW_ARRAY(w->arena, double, count *in);
    double *constant = VOUCH_NEW_ARRAY(w->arena, double, count);
    if (!output || !input || !constant)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        size_t r = (size_t)w->open_row[i];
        memcpy(output + i * out, t->row_output + r * out, out * sizeof(double));
        memcpy(input + i * in, t->row_input + r * in, in * sizeof(double));
        constant[i] = t->row_constant[r];
    }
    *rows = (vouch_linear_rows){w->open_count, output, input, constant};
    return VOUCH_OK;
}

static void update_cases(vouch_engine_worker *w, graph_batch *b)
{
    const vouch_task *t = w->engine->task;
    for (int i = 0; i < w->open_count; i++) {
        int row = w->open_row[i];
        if (!(t->strict[row] ? w->row_low[i] >= 0 : w->row_low[i] > 0))
            continue;
        for (int k = 0; k < t->case_count; k++)
            for (int j = t->case_start[k]; j < t->case_start[k + 1]; j++)
                b->alive[k] &= t->case_row[j] != row;
    }
}

static bool any_alive(const vouch_task *t, const graph_batch *b)
{
    for (int k = 0; k < t->case_count; k++)
        if (b->alive[k])
            return true;
    return false;
}

static void take_rows(vouch_engine_worker *w, graph_batch *b, const vouch_bounds *bounds)
{
    const vouch_task *t = w->engine->task;
    for (int i = 0; i < w->open_count; i++) {
        int r = w->open_row[i];
        double lost = vouch_row_loss(t, bounds, r);
        w->row_low[i] =
            vouch_row_low(t, bounds, low_of(b), high_of(b, t), r, bounds->row_low[i]);
        if (bounds->lower && lost > 0)
            bounds->lower_offset[i] = vouch_down(bounds->lower_offset[i] - lost);
    }
    w->lower = bounds->lower;
    w->upper = bounds->upper;
    w->lower_offset = bounds->lower_offset;
    update_cases(w, b);
}

/* ---- bound ---------------------------------------------------------------------- */

static vouch_status run_domain(vouch_engine_worker *w, graph_batch *b,
                               vouch_bound_problem *problem, vouch_bounds *bounds)
{
    const vouch_task *t = w->engine->task;
    vouch_linear_rows *rows = VOUCH_NEW(w->arena, vouch_linear_rows);
    if (!rows)
        return VOUCH_ERR_MEMORY;
    find_open_rows(w, b);
    VOUCH_TRY(gather_rows(w, rows));
    *problem = (vouch_bound_problem){.graph = t->graph,
                                     .varying = w->engine->varying,
                                     .input_size = t->input_count,
                                     .output_size = t->output_count,
                                     .low = low_of(b),
                                     .high = high_of(b, t),
                                     .rows = rows};
    return t->domain->run(w->ctx, w->arena, NULL, problem, bounds);
}

/* The forms of a case's open rows, offsets last; returns how many. */
static size_t case_forms(const vouch_engine_worker *w, int k, double *to)
{
    const vouch_task *t = w->engine->task;
    size_t n = (size_t)t->input_count, count = 0;
    for (int i = 0; i < w->open_count; i++)
        for (int j = t->case_start[k]; j < t->case_start[k + 1]; j++)
            if (t->case_row[j] == w->open_row[i]) {
                memcpy(to + count * (n + 1), w->lower + (size_t)i * n, n * sizeof(double));
                to[count++ * (n + 1) + n] = w->lower_offset[i];
            }
    return count;
}

/* The hull over the alive cases of the box cut by each case's rows. False: nothing is left. */
static vouch_status clip(vouch_engine_worker *w, graph_batch *b, bool *left, bool *clipped)
{
    const vouch_task *t = w->engine->task;
    size_t n = (size_t)t->input_count, bytes = n * sizeof(double), rows = (size_t)w->open_count;
    double *lo = VOUCH_NEW_ARRAY(w->arena, double, 4 * n + (rows + 1) * (n + 1) + 2 * rows);
    if (!lo)
        return VOUCH_ERR_MEMORY;
    double *hi = lo + n, *cut_lo = hi + n, *cut_hi = cut_lo + n, *form = cut_hi + n;
    *left = false;
    for (int k = 0; k < t->case_count; k++) {
        if (!b->alive[k])
            continue;
        memcpy(cut_lo, low_of(b), bytes);
        memcpy(cut_hi, high_of(b, t), bytes);
        size_t count = case_forms(w, k, form);
        b->alive[k] = vouch_clip_case(n, count, form, cut_lo, cut_hi, form + count * (n + 1));
        for (size_t d = 0; b->alive[k] && d < n; d++) {
            lo[d] = *left ? fmin(lo[d], cut_lo[d]) : cut_lo[d];
            hi[d] = *left ? fmax(hi[d], cut_hi[d]) : cut_hi[d];
        }
        *left |= b->alive[k];
    }
    if (*left) {
        *clipped = memcmp(lo, low_of(b), bytes) != 0 || memcmp(hi, high_of(b, t), bytes) != 0;
        memcpy(low_of(b), lo, bytes);
        memcpy(high_of(b, t), hi, bytes);
    }
    return VOUCH_OK;
}

/* ---- candidates ----------------------------------------------------------------- */

static double row_at(const vouch_task *t, int r, const double *x, const double *y)
{
    double sum = t->row_constant[r];
    for (int i = 0; i < t->output_count; i++)
        sum += t->row_output[(int64_t)r * t->output_count + i] * y[i];
    for (int i = 0; i < t->input_count; i++)
        sum += t->row_input[(int64_t)r * t->input_count + i] * x[i];
    return sum;
}

static bool satisfies(const vouch_task *t, const graph_batch *b, const double *x,
                      const double *y)
{
    const double tolerance = 1e-9;
    for (int k = 0; k < t->case_count; k++) {
        bool all = b->alive[k];
        for (int i = t->case_start[k]; all && i < t->case_start[k + 1]; i++)
            all = row_at(t, t->case_row[i], x, y) <= tolerance;
        if (all)
            return true;
    }
    return false;
}

/* The centre, then the corner where the row nearest to being proved is least. */
static vouch_status try_candidates(vouch_engine_worker *w, graph_batch *b,
                                   vouch_bound_result *result)
{
    const vouch_task *t = w->engine->task;
    int best = 0;
    for (int i = 1; i < w->open_count; i++)
        best = w->row_low[i] > w->row_low[best] ? i : best;
    for (int which = 0; which < 2 && !result->promising[0]; which++) {
        if (which == 1 && !w->lower)
            break;
        for (int d = 0; d < t->input_count; d++) {
            double lo = low_of(b)[d], hi = high_of(b, t)[d];
            bool down = which == 1 && w->lower[(int64_t)best * t->input_count + d] >= 0;
            w->point[d] = which == 0 ? lo + (hi - lo) / 2 : down ? lo : hi;
        }
        VOUCH_TRY(vouch_op_eval_graph(w->ctx, t->graph, VOUCH_F64, w->point, w->value));
        result->promising[0] = satisfies(t, b, w->point, w->value);
    }
    memcpy(result->candidate, w->point, (size_t)t->input_count * sizeof(double));
    return VOUCH_OK;
}

/* ---- view -------------------------------------------------------------------------------- */

static vouch_status find_gradient(vouch_engine_worker *w, const vouch_bound_problem *problem,
                                  const vouch_bounds *bounds)
{
    size_t n = (size_t)w->engine->task->input_count, rows = (size_t)w->open_count;
    double *low = VOUCH_NEW_ARRAY(w->arena, double, rows *n);
    double *high = VOUCH_NEW_ARRAY(w->arena, double, rows *n);
    if (!low || !high)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_gradient_bounds(w->ctx, w->arena, problem, bounds, low, high));
    memset(w->gradient, 0, n * sizeof *w->gradient);
    for (size_t i = 0; i < rows * n; i++) {
        double steep = fmin(fmax(fabs(low[i]), fabs(high[i])), DBL_MAX);
        w->gradient[i % n] = fmax(w->gradient[i % n], steep);
    }
    return VOUCH_OK;
}

/* No neuron-wise gaps here: the rows' own linear spread stands in, or the smear. */
static vouch_status prepare_view(vouch_engine_worker *w, graph_batch *b,
                                 const vouch_bound_problem *problem, const vouch_bounds *bounds)
{
    const vouch_task *t = w->engine->task;
    const vouch_engine_settings *s = &w->engine->settings;
    if (s->wants_gradient || (s->wants_gap && !w->lower))
        VOUCH_TRY(find_gradient(w, problem, bounds));
    for (int d = 0; d < t->input_count; d++) {
        double steep = 0;
        w->width[d] = high_of(b, t)[d] - low_of(b)[d];
        for (int i = 0; w->lower && i < w->open_count; i++)
            steep += fabs(w->lower[(int64_t)i * t->input_count + d]);
        w->steepness[d] = (w->lower ? steep : w->gradient[d]) * w->width[d];
    }
    return VOUCH_OK;
}

static void view(vouch_engine_worker *w, const vouch_batch *batch, int lane,
                 vouch_lane_view *view)
{
    (void)batch;
    (void)lane;
    *view = (vouch_lane_view){.row_count = w->lower ? w->open_count : 0,
                              .row_lower = w->lower,
                              .row_upper = w->upper,
                              .deficit = w->row_low,
                              .gap = w->steepness,
                              .gradient = w->gradient,
                              .width = w->width};
}

static vouch_status bound_open(vouch_engine_worker *w, graph_batch *b,
                               const vouch_bound_problem *problem, const vouch_bounds *bounds,
                               vouch_bound_result *result)
{
    bool left = true;
    if (w->engine->settings.clip && w->lower)
        VOUCH_TRY(clip(w, b, &left, &result->clipped[0]));
    if (!left) {
        result->state[0] = VOUCH_LANE_CLIPPED;
        return VOUCH_OK;
    }
    VOUCH_TRY(try_candidates(w, b, result));
    return prepare_view(w, b, problem, bounds);
}

static void boxes(const vouch_batch *batch, double *low, double *high)
{
    const graph_batch *b = (const graph_batch *)(const void *)batch;
    memcpy(low, b->ends, (size_t)b->inputs * sizeof(double));
    memcpy(high, b->ends + b->inputs, (size_t)b->inputs * sizeof(double));
}

static vouch_status bound(vouch_engine_worker *w, vouch_batch *batch,
                          vouch_bound_result *result)
{
    const vouch_task *t = w->engine->task;
    graph_batch *b = (graph_batch *)(void *)batch;
    vouch_bound_problem problem;
    vouch_bounds bounds = {0};
    vouch_arena_reset(w->arena, w->start);
    result->state[0] = VOUCH_LANE_OPEN;
    result->promising[0] = result->clipped[0] = result->imprecise[0] = false;
    result->compressed = false;
    VOUCH_TRY(run_domain(w, b, &problem, &bounds));
    if (bounds.empty)
        result->state[0] = VOUCH_LANE_EMPTY;
    else
        take_rows(w, b, &bounds);
    if (!bounds.empty && !any_alive(t, b))
        result->state[0] = VOUCH_LANE_PROVED;
    if (result->state[0] == VOUCH_LANE_OPEN)
        VOUCH_TRY(bound_open(w, b, &problem, &bounds, result));
    boxes(batch, result->low, result->high);
    return VOUCH_OK;
}

/* ---- batches ----------------------------------------------------------------------------- */

static graph_batch *batch_new(vouch_context *ctx, const vouch_task *t)
{
    size_t ends = 2 * (size_t)t->input_count * sizeof(double);
    graph_batch *b = vouch_alloc(ctx, sizeof *b + ends + (size_t)t->case_count);
    if (!b)
        return NULL;
    b->head.count = 1;
    b->inputs = t->input_count;
    b->alive = (bool *)((char *)b->ends + ends);
    return b;
}

static vouch_status start(vouch_context *ctx, vouch_engine *engine, int count, const int *box,
                          const double *low, const double *high, vouch_batch **batch)
{
    const vouch_task *t = engine->task;
    graph_batch *b = batch_new(ctx, t);
    (void)count;
    if (!b)
        return VOUCH_ERR_MEMORY;
    b->head.box[0] = box[0];
    memcpy(low_of(b), low, (size_t)t->input_count * sizeof(double));
    memcpy(high_of(b, t), high, (size_t)t->input_count * sizeof(double));
    for (int k = 0; k < t->case_count; k++)
        b->alive[k] = t->case_box[k] == box[0];
    *batch = &b->head;
    return VOUCH_OK;
}

static void batch_free(vouch_context *ctx, vouch_batch *batch) { vouch_release(ctx, batch); }

static void narrow(const vouch_task *t, graph_batch *b, const vouch_cut *cut, int piece)
{
    for (int a = 0; a < cut->axes; a++) {
        int parts = cut->axis[a].parts, part = piece % parts, d = cut->axis[a].dimension;
        double *lo = &low_of(b)[d], *hi = &high_of(b, t)[d], width = *hi - *lo;
        piece /= parts;
        *lo = part > 0 ? cut->axis[a].at[part - 1] : *lo;
        *hi = part + 1 < parts ? cut->axis[a].at[part] : *hi;
        b->head.share[0] *= (*hi - *lo) / width;
        b->head.depth[0]++;
    }
}

static vouch_status split(vouch_engine_worker *w, const vouch_batch *batch,
                          const vouch_cut *cut, vouch_batch **children, int *count)
{
    const vouch_task *t = w->engine->task;
    const graph_batch *b = (const graph_batch *)(const void *)batch;
    int pieces = 1;
    *count = 0;
    for (int a = 0; a < cut->axes; a++)
        pieces *= cut->axis[a].parts;
    for (int p = 0; p < pieces && p < VOUCH_CHILD_BATCHES; p++) {
        graph_batch *child = batch_new(w->ctx, t);
        if (!child)
            return VOUCH_ERR_MEMORY;
        children[(*count)++] = &child->head;
        child->head = b->head;
        child->head.parent[0] = b->head.id[0];
        if (b->head.level < (int)sizeof child->head.key)
            child->head.key[b->head.level] = (unsigned char)(p + 1);
        child->head.level++;
        memcpy(child->ends, b->ends, 2 * (size_t)t->input_count * sizeof(double));
        memcpy(child->alive, b->alive, (size_t)t->case_count);
        narrow(t, child, cut, p);
    }
    return VOUCH_OK;
}

/* ---- engine and workers --------------------------------------------------------- */

static vouch_status open_engine(vouch_context *ctx, const vouch_task *task,
                                const vouch_engine_settings *settings, vouch_engine **engine)
{
    vouch_engine *e = vouch_alloc(ctx, sizeof *e + (size_t)task->graph->value_count);
    if (!e)
        return VOUCH_ERR_MEMORY;
    e->task = task;
    e->settings = *settings;
    e->varying = (bool *)(e + 1);
    vouch_op_varying(task->graph, e->varying);
    *engine = e;
    return VOUCH_OK;
}

static void close_engine(vouch_context *ctx, vouch_engine *engine)
{
    vouch_release(ctx, engine);
}

static vouch_status worker_new(vouch_context *ctx, vouch_engine *engine,
                               vouch_engine_worker **worker)
{
    size_t n = (size_t)engine->task->input_count, rows = (size_t)engine->task->row_count;
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_engine_worker *w = arena ? VOUCH_NEW(arena, vouch_engine_worker) : NULL;
    double *numbers = w ? VOUCH_NEW_ARRAY(arena, double, 4 * n + rows) : NULL;
    int *open_row = w ? VOUCH_NEW_ARRAY(arena, int, rows + 1) : NULL;
    double *value = w ? VOUCH_NEW_ARRAY(arena, double, engine->task->output_count) : NULL;
    if (!numbers || !open_row || !value) {
        vouch_arena_free(arena);
        return VOUCH_ERR_MEMORY;
    }
    *w = (vouch_engine_worker){.ctx = ctx,
                               .engine = engine,
                               .arena = arena,
                               .open_row = open_row,
                               .width = numbers,
                               .gradient = numbers + n,
                               .steepness = numbers + 2 * n,
                               .point = numbers + 3 * n,
                               .row_low = numbers + 4 * n,
                               .value = value};
    w->start = vouch_arena_get_mark(arena);
    *worker = w;
    return VOUCH_OK;
}

static void worker_free(vouch_context *ctx, vouch_engine_worker *worker)
{
    (void)ctx;
    if (worker)
        vouch_arena_free(worker->arena);
}

static double round_double(double x) { return x; }

const vouch_engine_type vouch_engine_graph = {.name = "graph",
                                              .lanes = 1,
                                              .open = open_engine,
                                              .close = close_engine,
                                              .worker_new = worker_new,
                                              .worker_free = worker_free,
                                              .start = start,
                                              .batch_free = batch_free,
                                              .boxes = boxes,
                                              .bound = bound,
                                              .view = view,
                                              .round = round_double,
                                              .split = split};
