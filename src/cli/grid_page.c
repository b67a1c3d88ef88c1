/* Pages of studies of grids (grid_report.h): what was found for each network and radius, as the
 * study says, and what was run. */
#include <inttypes.h>
#include <math.h>

#include "cli/grid_report.h"
#include "cli/text.h"
#include "vouch/vouch.h"

/* ---- tables ---------------------------------------------------------------------------------- */

static void put_mean(vouch_html *page, const vouch_summary *s, bool is_share)
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

void vouch_cli_page_head(vouch_cli_page *p, const char *caption)
{
    const vouch_figures *f = p->all.figures;
    vouch_html_table(&p->html, caption);
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "method");
    if (p->study->sweep)
        vouch_html_cell(&p->html, "%s", p->study->sweep);
    if (f->parts > 0)
        vouch_html_cell(&p->html, "%s", f->axis);
    for (int i = 0; i < f->count; i++)
        vouch_html_cell(&p->html, "%s", f->figure[i].title);
    if (f->mark)
        vouch_html_cell(&p->html, "%s", f->mark);
}

void vouch_cli_page_figures(vouch_cli_page *p, const vouch_group *g)
{
    for (int i = 0; i < p->all.figures->count; i++)
        put_mean(&p->html, &g->figure[i], p->all.figures->figure[i].is_share);
}

void vouch_cli_page_row(vouch_cli_page *p, const vouch_plan_place *at)
{
    const vouch_figures *f = p->all.figures;
    const char *method = p->plan->method[at->method].name;
    const vouch_group g = vouch_findings_gather(&p->all, at);
    if (g.finished == 0)
        return;
    vouch_html_row(&p->html);
    if (g.failed > 0)
        vouch_html_cell(&p->html, "%s (%d failed)", method, g.failed);
    else
        vouch_html_cell(&p->html, "%s", method);
    if (p->study->sweep)
        vouch_html_cell(&p->html, "%s", p->plan->value[at->value]);
    if (f->parts > 0)
        vouch_html_cell(&p->html, "%s", f->part[at->part]);
    vouch_cli_page_figures(p, &g);
    if (f->mark)
        vouch_html_cell(&p->html, "%d of %d", g.marked, g.finished);
}

static void put_failure(vouch_cli_page *p, const vouch_plan_place *at)
{
    const char *why = at->part == 0 ? vouch_findings_failure(&p->all, at) : NULL;
    if (why)
        vouch_html_paragraph(&p->html, "%s failed: %s.", p->plan->method[at->method].name, why);
}

void vouch_cli_page_rows(vouch_cli_page *p, vouch_plan_place at)
{
    do
        vouch_cli_page_row(p, &at);
    while (vouch_findings_next(&p->all, &at));
    vouch_html_table_end(&p->html);
    do
        put_failure(p, &at);
    while (vouch_findings_next(&p->all, &at));
}

void vouch_cli_page_plot(vouch_cli_page *p, const vouch_plot *plot, const char *caption)
{
    vouch_html_figure(&p->html);
    vouch_plot_svg(&p->html.out, plot);
    vouch_html_figure_end(&p->html, caption);
}

/* ---- curves ---------------------------------------------------------------------------------- */

static double drawn(const vouch_cli_curve *c, double value)
{
    if (c->is_log)
        return value > 0 ? log10(value) : (double)NAN;
    return c->is_share ? 100 * value : value;
}

vouch_status vouch_cli_page_series(vouch_cli_page *p, const vouch_cli_curve *c, int lines,
                                   const vouch_cli_series *series)
{
    const int64_t epochs = p->plan->cell[0].recipe.fit.epochs;
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, lines);
    double *x = VOUCH_NEW_ARRAY(p->arena, double, epochs);
    double *y = VOUCH_NEW_ARRAY(p->arena, double, epochs *lines);
    if (!line || !x || !y)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < epochs; i++)
        x[i] = (double)(i + 1);
    for (int l = 0; l < lines; l++, y += epochs) {
        for (int64_t i = 0; i < epochs; i++)
            y[i] = drawn(c, vouch_findings_at(&p->all, series[l].figure, &series[l].place, i));
        line[l] =
            (vouch_plot_line){.name = series[l].name, .count = (int)epochs, .x = x, .y = y};
    }
    vouch_cli_page_plot(p,
                        &(vouch_plot){.title = c->title,
                                      .x_label = "epoch",
                                      .y_label = c->label,
                                      .is_share = c->is_share,
                                      .lines = lines,
                                      .line = line},
                        c->caption);
    return VOUCH_OK;
}

vouch_status vouch_cli_page_curve(vouch_cli_page *p, const vouch_cli_curve *c,
                                  const vouch_plan_place *place)
{
    const vouch_figures *f = p->all.figures;
    const bool by_part = f->parts > 0;
    const int lines = by_part ? f->parts : p->plan->methods;
    vouch_cli_curve titled = *c;
    vouch_cli_series *series = VOUCH_NEW_ARRAY(p->arena, vouch_cli_series, lines);
    if (by_part)
        titled.title = vouch_arena_print(p->arena, "%s: %s",
                                         p->plan->method[place->method].name, c->title);
    if (!titled.title || !series)
        return VOUCH_ERR_MEMORY;
    for (int l = 0; l < lines; l++) {
        series[l] = (vouch_cli_series){.name = by_part ? f->part[l] : p->plan->method[l].name,
                                       .figure = c->figure,
                                       .place = *place};
        *(by_part ? &series[l].place.part : &series[l].place.method) = l;
    }
    return vouch_cli_page_series(p, &titled, lines, series);
}

/* ---- what was run ---------------------------------------------------------------------------- */

static void warn(vouch_html *page, const vouch_cli_grid *g)
{
    char text[160];
    const int64_t finished = vouch_cli_grid_finished(g);
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

static void put_settings(vouch_html *page, const vouch_cli_grid *g)
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

/* ---- the page -------------------------------------------------------------------------------- */

static vouch_status put_sections(vouch_cli_page *p)
{
    vouch_plan_place at = {0};
    for (at.net = 0; at.net < p->plan->nets; at.net++)
        for (at.radius = 0; at.radius < p->plan->radii; at.radius++) {
            char *title = vouch_arena_print(p->arena, "%s, eps %s", p->plan->net[at.net],
                                            p->plan->radius_text[at.radius]);
            if (!title)
                return VOUCH_ERR_MEMORY;
            vouch_html_section(&p->html, title);
            VOUCH_TRY(p->study->section(p, &at));
        }
    return p->study->finish ? p->study->finish(p) : VOUCH_OK;
}

vouch_status vouch_cli_study_page(vouch_context *ctx, FILE *out, const vouch_cli_study *study)
{
    const vouch_cli_grid *g = study->grid;
    vouch_cli_page p = {.ctx = ctx,
                        .arena = g->call->arena,
                        .study = study,
                        .plan = &g->plan,
                        .all = {study->figures, &g->plan, g->result}};
    char *subtitle = vouch_arena_print(
        p.arena, "%s: trained on %s samples, measured on %s%s, %d seed%s", g->recipe.data,
        vouch_cli_count((uint64_t)g->data[0]->info.count).text,
        vouch_cli_count((uint64_t)g->data[1]->info.count).text, study->by, p.plan->seeds,
        vouch_cli_plural(p.plan->seeds));
    if (!subtitle)
        return VOUCH_ERR_MEMORY;
    vouch_html_begin(&p.html, ctx, study->title, subtitle);
    warn(&p.html, g);
    const vouch_status status = put_sections(&p);
    put_settings(&p.html, g);
    const vouch_status made = vouch_html_end(&p.html);
    return vouch_cli_put_markup(out, &p.html.out, status != VOUCH_OK ? status : made);
}
