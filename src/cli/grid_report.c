/* What reports of studies of grids share (grid_study.h). */
#include <inttypes.h>
#include <math.h>

#include "cli/grid_study.h"
#include "cli/text.h"
#include "vouch/vouch.h"

static int64_t count_finished(const vouch_cli_grid *g)
{
    int64_t finished = 0;
    for (int64_t c = 0; c < g->plan.count; c++)
        finished += g->result[c] != NULL;
    return finished;
}

/* ---- figures over seeds ----------------------------------------------------------------------- */

vouch_cli_number vouch_cli_grid_share(const vouch_summary *s)
{
    vouch_cli_number out = {"-"};
    const double half = vouch_summary_half(s);
    if (s->count > 0 && isnan(half))
        snprintf(out.text, sizeof out.text, "%.2f", 100 * vouch_summary_mean(s));
    else if (s->count > 0)
        snprintf(out.text, sizeof out.text, "%.2f +- %.2f", 100 * vouch_summary_mean(s),
                 100 * half);
    return out;
}

void vouch_cli_grid_mean(vouch_html *page, const vouch_summary *s, bool is_share)
{
    const double mean = vouch_summary_mean(s), half = vouch_summary_half(s);
    if (s->count == 0)
        vouch_html_cell(page, "-");
    else if (is_share && s->count == 1)
        vouch_html_cell(page, "%.2f", 100 * mean);
    else if (is_share)
        vouch_html_cell(page, "%.2f ± %.2f", 100 * mean, 100 * half);
    else if (s->count == 1)
        vouch_html_cell(page, "%.3g", mean);
    else
        vouch_html_cell(page, "%.3g ± %.2g", mean, half);
}

void vouch_cli_grid_figure(vouch_context *ctx, json_t *parent, const char *name,
                           const vouch_summary *s)
{
    json_t *figure = vouch_json_object_in(ctx, parent, name);
    (void)vouch_json_add_real(ctx, figure, "mean", vouch_summary_mean(s));
    (void)vouch_json_add_real(ctx, figure, "half", vouch_summary_half(s));
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_data(vouch_context *ctx, json_t *root, const char *name, const char *place,
                     const vouch_data *data)
{
    char sha256[65];
    json_t *one = vouch_json_object_in(ctx, root, name);
    vouch_data_sha256(data, sha256);
    (void)vouch_json_add_text(ctx, one, "place", place);
    (void)vouch_json_add_int(ctx, one, "samples", data->info.count);
    (void)vouch_json_add_text(ctx, one, "sha256", sha256);
}

static void add_methods(vouch_context *ctx, json_t *root, const vouch_plan *plan)
{
    json_t *list = vouch_json_array_in(ctx, root, "methods");
    for (int m = 0; m < plan->methods; m++) {
        json_t *one = vouch_json_object_in(ctx, list, NULL);
        (void)vouch_json_add_text(ctx, one, "name", plan->method[m].name);
        (void)vouch_json_add_text(ctx, one, "loss", plan->method[m].loss);
        (void)vouch_json_add_text(ctx, one, "regulariser", plan->method[m].regulariser);
    }
}

static void add_runs(vouch_context *ctx, json_t *root, const vouch_cli_grid *g)
{
    json_t *list = vouch_json_array_in(ctx, root, "runs");
    for (int64_t c = 0; c < g->plan.count; c++) {
        const vouch_plan_place *p = &g->plan.place[c];
        if (!g->result[c])
            continue;
        json_t *one = vouch_json_object_in(ctx, list, NULL);
        (void)vouch_json_add_text(ctx, one, "net", g->plan.net[p->net]);
        (void)vouch_json_add_real(ctx, one, "eps", g->plan.eps[p->radius]);
        (void)vouch_json_add_text(ctx, one, "method", g->plan.method[p->method].name);
        (void)vouch_json_add_text(ctx, one, "value", g->plan.value[p->value]);
        (void)vouch_json_add_int(ctx, one, "seed", p->seed + 1);
        (void)vouch_json_add(ctx, one, "result", json_incref(g->result[c]));
    }
}

void vouch_cli_grid_json(const vouch_cli_grid *g, json_t *root)
{
    vouch_context *ctx = g->call->ctx;
    const vouch_recipe *r = &g->recipe;
    char *recipe = NULL;
    (void)vouch_json_add_text(ctx, root, "vouch", vouch_version());
    (void)vouch_json_add_flag(ctx, root, "finished", count_finished(g) == g->plan.count);
    add_data(ctx, root, "data", r->data, g->data[0]);
    add_data(ctx, root, "held_out", r->test ? r->test : r->data, g->data[1]);
    if (vouch_recipe_write(g->call->arena, r, &recipe) == VOUCH_OK)
        (void)vouch_json_add_text(ctx, root, "recipe", recipe);
    add_methods(ctx, root, &g->plan);
    add_runs(ctx, root, g);
}

/* ---- the page -------------------------------------------------------------------------------- */

void vouch_cli_grid_warn(vouch_html *page, const vouch_cli_grid *g)
{
    char text[160];
    const int64_t finished = count_finished(g);
    if (finished == g->plan.count)
        return;
    snprintf(text, sizeof text,
             "The study was interrupted: %" PRId64 " of %" PRId64
             " runs are finished; the same command with --resume goes on.",
             finished, g->plan.count);
    vouch_html_warning(page, text);
}

static void put_pair(vouch_html *page, const char *name, const char *text)
{
    vouch_html_row(page);
    vouch_html_cell(page, "%s", name);
    vouch_html_cell(page, "%s", text);
}

/* Every setting with the value it had; what was not given is left out. */
static void put_rows(vouch_html *page, const vouch_cli_grid *g, const vouch_cli_table *table,
                     const void *settings)
{
    for (size_t i = 0; i < *table->count; i++) {
        const vouch_option *row = &table->rows[i];
        const char *text = vouch_cli_setting_text(g->call->arena, row, settings);
        char name[64];
        snprintf(name, sizeof name, "--%s", row->name);
        if (text && *text)
            put_pair(page, name, text);
    }
}

void vouch_cli_grid_settings(vouch_html *page, const vouch_cli_grid *g)
{
    const vouch_command *command = g->call->command;
    const vouch_cli_table how = vouch_command_options(command, VOUCH_CLI_HOW);
    const vouch_cli_table study = vouch_command_options(command, VOUCH_CLI_STUDY);
    char sha256[65];
    vouch_html_section(page, "What was run");
    vouch_html_pairs(page, "Data, methods and every setting; the same give the same figures");
    put_pair(page, "what", "value");
    put_pair(page, "vouch", vouch_version());
    put_pair(page, "data", g->recipe.data);
    vouch_data_sha256(g->data[0], sha256);
    put_pair(page, "SHA-256 of the samples trained on", sha256);
    if (g->recipe.test)
        put_pair(page, "held out from", g->recipe.test);
    vouch_data_sha256(g->data[1], sha256);
    put_pair(page, "SHA-256 of the samples held out", sha256);
    for (int m = 0; m < g->plan.methods; m++) {
        const vouch_plan_method *method = &g->plan.method[m];
        vouch_html_row(page);
        vouch_html_cell(page, "method %s", method->name);
        vouch_html_cell(page, "%s%s%s", method->loss, method->regulariser ? " + " : "",
                        method->regulariser ? method->regulariser : "");
    }
    put_rows(page, g, &study, g->options);
    put_rows(page, g, &how, &g->recipe);
    vouch_html_table_end(page);
}
