/* The runs of a grid (grid.h). */
#include "lab/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* A run in hand. */
typedef struct run {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_grid *grid;
    int64_t cell;
    vouch_graph *graph;
    vouch_net *net;
    json_t *result, *epochs; /* epochs is the result's */
    vouch_grid_progress progress;
    double began_s; /* of the grid */
    vouch_status status;
} run;

/* ---- a network ------------------------------------------------------------------------------- */

static vouch_status make_net(vouch_context *ctx, vouch_arena *arena, const vouch_recipe *recipe,
                             const vouch_data_info *info, run *r)
{
    VOUCH_TRY(vouch_recipe_build(arena, recipe, info, &r->graph));
    VOUCH_TRY(vouch_op_bind_graph(ctx, r->graph));
    VOUCH_TRY(vouch_net_new_to_train(ctx, arena, r->graph, &r->net));
    if (!r->net)
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: not a network of layers that can be trained", recipe->arch);
    return VOUCH_OK;
}

vouch_status vouch_grid_check(vouch_context *ctx, vouch_arena *arena, const vouch_grid *grid)
{
    const char *built = "";
    vouch_status status = VOUCH_OK;
    for (int64_t c = 0; status == VOUCH_OK && c < grid->count; c++) {
        vouch_recipe *recipe = &grid->cell[c].recipe;
        VOUCH_TRY(vouch_recipe_finish(arena, recipe));
        vouch_recipe_match(recipe, &grid->data->info);
        if (strcmp(built, recipe->arch) == 0)
            continue;
        run r = {0};
        const vouch_arena_mark mark = vouch_arena_get_mark(arena);
        status = make_net(ctx, arena, recipe, &grid->data->info, &r);
        if (r.graph)
            vouch_graph_free(r.graph);
        vouch_arena_reset(arena, mark);
        built = recipe->arch;
    }
    return status;
}

/* ---- looking --------------------------------------------------------------------------------- */

/* A graph of its own: what is bound keeps what it derived from constants. */
static vouch_status copy_graph(const run *r, vouch_arena *arena, vouch_graph **graph)
{
    const vouch_recipe *recipe = &r->grid->cell[r->cell].recipe;
    VOUCH_TRY(vouch_recipe_build(arena, recipe, &r->grid->data->info, graph));
    VOUCH_TRY(vouch_net_store(r->ctx, r->net, *graph));
    return vouch_op_bind_graph(r->ctx, *graph);
}

static vouch_status look(run *r, vouch_grid_look *study, const vouch_fit_progress *epoch,
                         json_t *row)
{
    vouch_graph *graph = NULL;
    vouch_arena *arena = study ? vouch_arena_new(r->ctx) : NULL;
    if (!arena)
        return study ? VOUCH_ERR_MEMORY : VOUCH_OK;
    vouch_status status = copy_graph(r, arena, &graph);
    const vouch_grid_moment moment = {.ctx = r->ctx,
                                      .arena = arena,
                                      .cell = r->cell,
                                      .graph = graph,
                                      .epoch = epoch,
                                      .row = row,
                                      .result = r->result};
    if (status == VOUCH_OK)
        status = study(r->grid->study, &moment);
    vouch_arena_free(arena);
    if (graph)
        vouch_graph_free(graph);
    return status;
}

static void tell(run *r, int64_t epoch)
{
    vouch_grid_progress *p = &r->progress;
    p->epoch = epoch;
    p->elapsed_s = vouch_wall_s() - r->began_s;
    const double done = (double)(p->run - 1) + (double)epoch / (double)p->epochs;
    p->left_s = done > 0 ? p->elapsed_s * ((double)p->runs - done) / done : (double)NAN;
    if (r->grid->tell)
        r->grid->tell(r->grid->user, p);
}

static bool after_epoch(void *user, const vouch_fit_progress *log, int64_t count)
{
    run *r = user;
    const vouch_fit_progress *p = &log[count - 1];
    json_t *row = vouch_json_object_in(r->ctx, r->epochs, NULL);
    (void)vouch_json_add_int(r->ctx, row, "epoch", p->epoch);
    (void)vouch_json_add_real(r->ctx, row, "loss", p->loss);
    (void)vouch_json_add_real(r->ctx, row, "accuracy", p->accuracy);
    (void)vouch_json_add_real(r->ctx, row, "rate", p->rate);
    (void)vouch_json_add_real(r->ctx, row, "eps", p->eps);
    (void)vouch_json_add_real(r->ctx, row, "seconds", p->seconds);
    r->status = look(r, r->grid->after_epoch, p, row);
    tell(r, p->epoch);
    return r->status == VOUCH_OK;
}

/* ---- a run ----------------------------------------------------------------------------------- */

static vouch_status train(run *r)
{
    const vouch_data *d = r->grid->data;
    vouch_recipe *recipe = &r->grid->cell[r->cell].recipe;
    const vouch_fit_data samples = {
        .count = d->info.count, .inputs = d->info.size, .x = d->x, .label = d->label};
    VOUCH_TRY(make_net(r->ctx, r->arena, recipe, &d->info, r));
    (void)vouch_json_add_int(r->ctx, r->result, "parameters", vouch_graph_parameters(r->graph));
    r->epochs = vouch_json_array_in(r->ctx, r->result, "epochs");
    recipe->fit.threads = r->grid->threads;
    recipe->fit.frozen = 0;
    VOUCH_TRY(vouch_fit_run(r->ctx, r->net, &samples, &recipe->fit, after_epoch, r));
    VOUCH_TRY(r->status);
    return look(r, r->grid->at_end, NULL, NULL);
}

/* Training that comes to nothing is a result: a diverged loss, a network that a loss refuses. */
static vouch_status keep_failure(run *r, vouch_status status)
{
    if (status != VOUCH_ERR_VALUE && status != VOUCH_ERR_UNSUPPORTED)
        return status;
    char *text = vouch_arena_text(r->arena, vouch_context_error(r->ctx));
    vouch_context_clear_error(r->ctx);
    (void)json_object_clear(r->result);
    return vouch_json_add_text(r->ctx, r->result, "failed", text);
}

static vouch_status decode(vouch_context *ctx, const char *unit, const char *text,
                           json_t **result)
{
    json_error_t error;
    *result = json_loads(text, 0, &error);
    return *result
               ? VOUCH_OK
               : vouch_fail(ctx, VOUCH_ERR_PARSE, "journal: run '%s': %s", unit, error.text);
}

/* By way of its text, as a resumed study has it. */
static vouch_status keep(const run *r, json_t **result)
{
    const char *unit = r->grid->cell[r->cell].unit;
    char *text = json_dumps(r->result, JSON_COMPACT | JSON_REAL_PRECISION(17));
    if (!text)
        return vouch_fail(r->ctx, VOUCH_ERR_MEMORY, "out of memory for the result of a run");
    vouch_status status = vouch_journal_add(r->ctx, r->grid->journal, unit, text);
    if (status == VOUCH_OK)
        status = decode(r->ctx, unit, text, result);
    free(text);
    return status;
}

static vouch_status do_run(run *r, json_t **result)
{
    r->arena = vouch_arena_new(r->ctx);
    if (!r->arena)
        return VOUCH_ERR_MEMORY;
    vouch_status status = vouch_json_object(r->ctx, &r->result);
    if (status == VOUCH_OK) {
        tell(r, 0);
        status = train(r);
        if (status != VOUCH_OK)
            status = keep_failure(r, status);
        if (status == VOUCH_OK)
            status = vouch_context_status(r->ctx);
        if (status == VOUCH_OK)
            status = keep(r, result);
        json_decref(r->result);
    }
    if (r->graph)
        vouch_graph_free(r->graph);
    vouch_arena_free(r->arena);
    return status;
}

/* ---- all runs -------------------------------------------------------------------------------- */

static vouch_status recall(vouch_context *ctx, const vouch_grid *grid, json_t **result,
                           int64_t *left)
{
    *left = 0;
    for (int64_t c = 0; c < grid->count; c++) {
        const char *text = vouch_journal_find(grid->journal, grid->cell[c].unit);
        result[c] = NULL;
        if (text)
            VOUCH_TRY(decode(ctx, grid->cell[c].unit, text, &result[c]));
        *left += !text;
    }
    return VOUCH_OK;
}

vouch_status vouch_grid_run(vouch_context *ctx, const vouch_grid *grid, json_t **result)
{
    const double began_s = vouch_wall_s();
    int64_t left, done = 0;
    VOUCH_TRY(recall(ctx, grid, result, &left));
    for (int64_t c = 0; c < grid->count; c++) {
        if (result[c])
            continue;
        run r = {.ctx = ctx,
                 .grid = grid,
                 .cell = c,
                 .began_s = began_s,
                 .progress = {.run = ++done,
                              .runs = left,
                              .epochs = grid->cell[c].recipe.fit.epochs,
                              .unit = grid->cell[c].unit}};
        VOUCH_TRY(do_run(&r, &result[c]));
    }
    return VOUCH_OK;
}

void vouch_grid_free(int64_t count, json_t **result)
{
    for (int64_t c = 0; result && c < count; c++)
        json_decref(result[c]);
}

/* ---- reading results ------------------------------------------------------------------------- */

double vouch_grid_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

double vouch_grid_last(const json_t *result, const char *name)
{
    const json_t *epochs = json_object_get(result, "epochs");
    const size_t count = json_array_size(epochs);
    return count > 0 ? vouch_grid_number(json_array_get(epochs, count - 1), name) : (double)NAN;
}

double vouch_grid_mean(const json_t *result, const char *name)
{
    const json_t *epochs = json_object_get(result, "epochs");
    const size_t count = json_array_size(epochs);
    double sum = count > 0 ? 0 : (double)NAN;
    for (size_t i = 0; i < count; i++)
        sum += vouch_grid_number(json_array_get(epochs, i), name);
    return sum / (double)count;
}
