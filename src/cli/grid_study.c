/* Options, data, journal and progress of studies that train a grid (grid_study.h). */
#include "cli/grid_study.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/workers.h"
#include "cli/text.h"
#include "data/split.h"
#include "vouch/vouch.h"

enum { SPLIT_SEED = 1 };

/* ---- the recipe ------------------------------------------------------------------------------ */

static vouch_status assign(const vouch_cli_call *call, const char *word, vouch_recipe *recipe)
{
    const char *dot = strchr(word, '.'), *equals = strchr(word, '=');
    const char *key = dot && equals && dot < equals ? dot + 1 : word;
    const size_t length = strcspn(key, "=");
    if (vouch_plan_owns(key, length))
        return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                          "'%s': a study sets that key itself; see --methods, --nets, --eps, "
                          "--seeds, --held-out",
                          word);
    return vouch_recipe_assign(call->arena, word, recipe);
}

/* Defaults, what options say, words KEY=VALUE. */
static vouch_status read_recipe(vouch_cli_grid *g)
{
    const vouch_cli_call *call = g->call;
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &g->recipe);
    for (size_t i = 0; i < vouch_recipe_how_count; i++)
        if (call->given[VOUCH_CLI_HOW][i])
            vouch_option_copy(&vouch_recipe_rows[VOUCH_RECIPE_HOW + i],
                              call->settings[VOUCH_CLI_HOW], &g->recipe);
    for (int i = 1; i < call->argument_count; i++)
        VOUCH_TRY(assign(call, call->argument[i], &g->recipe));
    g->recipe.data = call->argument[0];
    return VOUCH_OK;
}

/* ---- the data -------------------------------------------------------------------------------- */

static vouch_status load(vouch_context *ctx, const char *place, vouch_data **set)
{
    VOUCH_TRY(vouch_data_load(ctx, place, set));
    if ((*set)->info.classes < 2 || (*set)->info.count < 1)
        return vouch_fail(ctx, VOUCH_ERR_VALUE,
                          "%s: training needs samples of at least two classes", place);
    return VOUCH_OK;
}

/* count[parts] samples of the set drawn for each part. */
static vouch_status draw(vouch_cli_grid *g, const vouch_data *set, const int64_t *count,
                         int parts, vouch_data **part)
{
    double share[3] = {0};
    int64_t *index = VOUCH_NEW_ARRAY(g->call->arena, int64_t, set->info.count), size[3];
    int64_t left = set->info.count, first = 0;
    if (!index)
        return VOUCH_ERR_MEMORY;
    for (int p = 0; p < parts; p++) {
        share[p] = (double)count[p];
        left -= count[p];
    }
    share[parts] = (double)left;
    const vouch_data_shares shares = {
        .share = share, .parts = parts + (left > 0), .seed = SPLIT_SEED};
    VOUCH_TRY(vouch_data_split(set, &shares, index, size));
    for (int p = 0; p < parts; p++) {
        VOUCH_TRY(vouch_data_select(set, index + first, size[p], &part[p]));
        first += size[p];
    }
    return VOUCH_OK;
}

static vouch_status too_few(vouch_cli_grid *g, const vouch_data *set, int64_t wanted)
{
    return vouch_fail(g->call->ctx, VOUCH_ERR_VALUE,
                      "%s: has %" PRId64 " samples, the study wants %" PRId64, set->info.place,
                      set->info.count, wanted);
}

static vouch_status load_data(vouch_cli_grid *g)
{
    vouch_context *ctx = g->call->ctx;
    const vouch_cli_grid_options *o = g->options;
    VOUCH_TRY(load(ctx, g->recipe.data, &g->source[0]));
    const vouch_data *all = g->source[0];
    const int64_t apart = g->recipe.test ? 0 : o->held_out, left = all->info.count - apart;
    const int64_t count[2] = {o->samples > 0 ? o->samples : left, o->held_out};
    if (count[0] > left || left < 1)
        return too_few(g, all, apart + (o->samples > 0 ? o->samples : 1));
    if (!g->recipe.test)
        return draw(g, all, count, 2, g->data);
    VOUCH_TRY(load(ctx, g->recipe.test, &g->source[1]));
    const vouch_data *test = g->source[1];
    if (test->info.size != all->info.size || test->info.classes != all->info.classes)
        return vouch_fail(ctx, VOUCH_ERR_SHAPE, "%s: samples or classes are not those of %s",
                          test->info.place, all->info.place);
    if (test->info.count < o->held_out)
        return too_few(g, test, o->held_out);
    VOUCH_TRY(draw(g, all, count, 1, &g->data[0]));
    return draw(g, test, count + 1, 1, &g->data[1]);
}

/* ---- the journal ----------------------------------------------------------------------------- */

/* Options that change no run's result: those of the study's own work, and those that say which runs
 * there are, which each run's name says too. A study can be widened: more seeds, other methods. */
static bool is_idle(const char *option)
{
    static const char *const idle[] = {"threads", "json", "html",  "resume", "quiet", "nets",
                                       "methods", "eps",  "seeds", "sweep",  "values"};
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        if (strcmp(option, idle[i]) == 0)
            return true;
    return false;
}

static vouch_status open_journal(vouch_cli_grid *g)
{
    enum { FACTS = 64 };
    const vouch_cli_call *call = g->call;
    const vouch_cli_table table = vouch_command_options(call->command, VOUCH_CLI_STUDY);
    char sha256[2][65], *recipe;
    if (!g->options->resume)
        return VOUCH_OK;
    VOUCH_TRY(vouch_recipe_write(call->arena, &g->recipe, &recipe));
    for (int i = 0; i < 2; i++)
        vouch_data_sha256(g->data[i], sha256[i]);
    vouch_journal_fact fact[FACTS] = {{"version", vouch_version()},
                                      {"study", call->command->name},
                                      {"data", sha256[0]},
                                      {"held-out data", sha256[1]},
                                      {"training settings", recipe}};
    int facts = 5;
    for (size_t i = 0; i < *table.count && facts < FACTS; i++)
        if (!is_idle(table.rows[i].name))
            fact[facts++] = (vouch_journal_fact){
                table.rows[i].name,
                vouch_cli_setting_text(call->arena, &table.rows[i], g->options)};
    for (int i = 0; i < facts; i++)
        if (!fact[i].text)
            return VOUCH_ERR_MEMORY;
    return vouch_journal_open(call->arena, g->options->resume, fact, facts, &g->journal);
}

/* ---- the study ------------------------------------------------------------------------------- */

static vouch_status open_files(vouch_cli_grid *g)
{
    const vouch_cli_grid_options *o = g->options;
    const vouch_cli_name in[] = {{"the data", g->call->argument[0]}};
    const vouch_cli_name out[] = {
        {"--json", o->json}, {"--html", o->html}, {"--resume", o->resume}};
    VOUCH_TRY(vouch_cli_output_check(g->call->ctx, out, 3, in, 1));
    return vouch_cli_files_open(g->call->arena, out, VOUCH_CLI_GRID_FILES, in, 1, &g->files);
}

static vouch_grid grid_of(const vouch_cli_grid *g)
{
    return (vouch_grid){.count = g->plan.count,
                        .cell = g->plan.cell,
                        .data = g->data[0],
                        .threads = g->threads,
                        .journal = g->journal};
}

vouch_status vouch_cli_grid_open(const vouch_cli_call *call, const char *sweep,
                                 const char *values, vouch_cli_grid *g)
{
    *g = (vouch_cli_grid){.call = call, .options = call->settings[VOUCH_CLI_STUDY]};
    const vouch_cli_grid_options *o = g->options;
    const vouch_plan_request request = {.nets = o->nets,
                                        .methods = o->methods,
                                        .eps = o->eps,
                                        .sweep = sweep,
                                        .values = values,
                                        .seeds = o->seeds,
                                        .recipe = &g->recipe};
    g->threads = o->threads > 0 ? (int)o->threads : vouch_workers_available();
    VOUCH_TRY(read_recipe(g));
    VOUCH_TRY(vouch_plan_read(call->arena, &request, &g->plan));
    VOUCH_TRY(open_files(g));
    VOUCH_TRY(load_data(g));
    const vouch_grid grid = grid_of(g);
    VOUCH_TRY(vouch_grid_check(call->ctx, call->arena, &grid));
    g->result = VOUCH_NEW_ARRAY(call->arena, json_t *, g->plan.count);
    return g->result ? open_journal(g) : VOUCH_ERR_MEMORY;
}

static void put_clock(char *text, size_t size, double seconds)
{
    const long whole = lround(seconds);
    snprintf(text, size, "%ld:%02ld", whole / 60, whole % 60);
}

static void on_progress(void *user, const vouch_grid_progress *p)
{
    vouch_cli_progress *progress = user;
    char now[24], left[24] = "?", text[256];
    put_clock(now, sizeof now, p->elapsed_s);
    if (isfinite(p->left_s))
        put_clock(left, sizeof left, p->left_s);
    snprintf(text, sizeof text,
             "run %" PRId64 " of %" PRId64 ", epoch %" PRId64 " of %" PRId64
             ", %s, about %s left: %s",
             p->run, p->runs, p->epoch, p->epochs, now, left, p->unit);
    vouch_cli_progress_draw(progress, text);
}

vouch_status vouch_cli_grid_run(vouch_cli_grid *g, const vouch_grid *how)
{
    vouch_context *ctx = g->call->ctx;
    vouch_grid grid = grid_of(g);
    grid.after_epoch = how->after_epoch;
    grid.at_end = how->at_end;
    grid.study = how->study;
    grid.tell = on_progress;
    grid.user = &g->progress;
    vouch_cli_progress_start(ctx, g->options->quiet, &g->progress);
    vouch_context_set_progress(ctx, NULL, NULL); /* the grid tells, not what it calls */
    const vouch_status status = vouch_grid_run(ctx, &grid, g->result);
    vouch_cli_progress_stop(ctx, &g->progress);
    if (status != VOUCH_ERR_CANCELLED)
        return status;
    vouch_context_clear_error(ctx);
    g->is_interrupted = true;
    return VOUCH_OK;
}

void vouch_cli_grid_close(vouch_cli_grid *g)
{
    vouch_cli_files_discard(&g->files);
    vouch_journal_close(g->journal);
    vouch_grid_free(g->plan.count, g->result);
    for (int i = 0; i < 2; i++)
        vouch_data_free(g->data[i]);
    for (int i = 0; i < 2; i++)
        vouch_data_free(g->source[i]);
}

int64_t vouch_cli_grid_finished(const vouch_cli_grid *g)
{
    int64_t finished = 0;
    for (int64_t c = 0; c < g->plan.count; c++)
        finished += g->result[c] != NULL;
    return finished;
}
