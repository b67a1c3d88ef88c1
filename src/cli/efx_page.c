/* The page of `vouch lab efx --html`: what was counted, a table for each radius, curves over the
 * radii, the orders of traversal, last what was run. */
#include <inttypes.h>
#include <math.h>

#include "cli/efx_report.h"
#include "cli/publish.h"
#include "lab/plot_svg.h"
#include "report/html.h"
#include "vouch/vouch.h"

enum { OWN = 1, FORMAL = 2 };

typedef struct page {
    vouch_html html;
    vouch_arena *arena;
    const vouch_cli_efx_report *r;
} page;

static int64_t counted(const vouch_cli_efx_report *r, const char *label)
{
    const vouch_efx_place any = {VOUCH_EFX_ACCURACY, 0, 0};
    return vouch_efx_gather(r->net, r->nets, label, any).count;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void put_radius(page *p, int radius)
{
    const vouch_cli_efx_report *r = p->r;
    vouch_cli_efx_column c;
    char caption[160];
    snprintf(caption, sizeof caption,
             "Within %s%s: accuracy of all points, all else of those explained",
             vouch_cli_real(r->plan->eval->eps[radius]).text, vouch_cli_points_unit(r->points));
    vouch_html_table(&p->html, caption);
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "label");
    vouch_html_cell(&p->html, "networks");
    for (int i = 0; vouch_cli_efx_column_at(r, radius, i, &c); i++)
        vouch_html_cell(&p->html, "%s", c.title);
    for (int k = 0; k < r->nets; k++) {
        if (!vouch_efx_is_first(r->net, k))
            continue;
        vouch_html_row(&p->html);
        vouch_html_cell(&p->html, "%s", r->net[k].label);
        vouch_html_cell(&p->html, "%" PRId64, counted(r, r->net[k].label));
        for (int i = 0; vouch_cli_efx_column_at(r, radius, i, &c); i++) {
            const vouch_summary s = vouch_efx_gather(r->net, r->nets, r->net[k].label, c.place);
            vouch_html_cell(&p->html, "%s", vouch_cli_efx_cell(&s, c.is_share).text);
        }
    }
    vouch_html_table_end(&p->html);
}

static void put_orders(page *p)
{
    const vouch_cli_efx_report *r = p->r;
    const vouch_efx_plan *plan = r->plan;
    if (plan->orders == 0)
        return;
    vouch_html_section(&p->html, "Orders of traversal");
    vouch_html_paragraph(
        &p->html,
        "Strategy %s, radius %s, the first %" PRId64 " of the points that are explained.",
        plan->order_strategy, vouch_cli_real(plan->eval->eps[plan->eval->eps_count - 1]).text,
        plan->few);
    vouch_html_table(&p->html, "Irrelevant features, mean, by the order they are tried in");
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "label");
    for (int o = 0; o < plan->orders; o++)
        vouch_html_cell(&p->html, "%s", plan->order[o]);
    for (int k = 0; k < r->nets; k++) {
        if (!vouch_efx_is_first(r->net, k))
            continue;
        vouch_html_row(&p->html);
        vouch_html_cell(&p->html, "%s", r->net[k].label);
        for (int o = 0; o < plan->orders; o++) {
            const vouch_summary s = vouch_efx_gather(r->net, r->nets, r->net[k].label,
                                                     (vouch_efx_place){VOUCH_EFX_ORDER, 0, o});
            vouch_html_cell(&p->html, "%s", vouch_cli_efx_cell(&s, false).text);
        }
    }
    vouch_html_table_end(&p->html);
}

/* ---- curves ---------------------------------------------------------------------------------- */

static int labels(const vouch_cli_efx_report *r)
{
    int count = 0;
    for (int k = 0; k < r->nets; k++)
        count += vouch_efx_is_first(r->net, k);
    return count;
}

static vouch_status put_curve(page *p, vouch_efx_figure figure, const char *title,
                              const char *caption)
{
    const vouch_cli_efx_report *r = p->r;
    const int radii = r->plan->eval->eps_count, lines = labels(r);
    const double scale = figure == VOUCH_EFX_IRRELEVANT ? 1 : 100;
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, lines);
    double *y = VOUCH_NEW_ARRAY(p->arena, double, 2 * radii * lines);
    if (!line || !y)
        return VOUCH_ERR_MEMORY;
    for (int k = 0, l = 0; k < r->nets; k++) {
        if (!vouch_efx_is_first(r->net, k))
            continue;
        double *half = y + radii;
        for (int i = 0; i < radii; i++) {
            const vouch_summary s = vouch_efx_gather(r->net, r->nets, r->net[k].label,
                                                     (vouch_efx_place){figure, i, 0});
            y[i] = scale * vouch_summary_mean(&s);
            half[i] = scale * vouch_summary_half(&s);
        }
        line[l++] = (vouch_plot_line){.name = r->net[k].label,
                                      .count = radii,
                                      .x = r->plan->eval->eps,
                                      .y = y,
                                      .half = half};
        y += 2 * (ptrdiff_t)radii;
    }
    vouch_html_figure(&p->html);
    vouch_plot_svg(&p->html.out, &(vouch_plot){.title = title,
                                               .x_label = "radius",
                                               .y_label = title,
                                               .is_share = scale > 1,
                                               .has_marks = true,
                                               .lines = lines,
                                               .line = line});
    vouch_html_figure_end(&p->html, caption);
    return VOUCH_OK;
}

static vouch_status put_curves(page *p)
{
    if (p->r->plan->eval->eps_count < 2)
        return VOUCH_OK;
    vouch_html_section(&p->html, "By radius");
    VOUCH_TRY(put_curve(p, VOUCH_EFX_ANY, "EFX, %",
                        "Of small radii no attack succeeds, of large ones nothing is proved "
                        "irrelevant."));
    return put_curve(p, VOUCH_EFX_IRRELEVANT, "irrelevant features",
                     "Mean number of features that are proved irrelevant together.");
}

/* ---- what was run ---------------------------------------------------------------------------- */

static void put_pair(page *p, const char *name, const char *text)
{
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "%s", name);
    vouch_html_cell(&p->html, "%s", text);
}

static void put_settings(page *p, int which)
{
    const vouch_cli_call *call = p->r->call;
    const vouch_cli_table table = vouch_command_options(call->command, which);
    for (size_t i = 0; i < *table.count; i++) {
        const char *text =
            vouch_cli_setting_text(p->arena, &table.rows[i], call->settings[which]);
        char name[64];
        snprintf(name, sizeof name, "--%s", table.rows[i].name);
        if (text && *text)
            put_pair(p, name, text);
    }
}

static void put_run(page *p)
{
    const vouch_cli_efx_report *r = p->r;
    vouch_html_section(&p->html, "What was run");
    vouch_html_pairs(&p->html, "Data, networks and every setting; the same give the same "
                               "figures");
    put_pair(p, "what", "value");
    put_pair(p, "vouch", vouch_version());
    put_pair(p, "data", r->call->argument[0]);
    for (int k = 0; k < r->nets; k++) {
        vouch_html_row(&p->html);
        vouch_html_cell(&p->html, "network of %s", r->net[k].label);
        vouch_html_cell(&p->html, "%s, SHA-256 %s%s", r->net[k].path, r->net[k].sha256,
                        r->net[k].is_finished ? "" : ", not finished");
    }
    put_settings(p, OWN);
    put_settings(p, FORMAL);
    put_pair(p, "seconds", vouch_cli_seconds(r->seconds).text);
    put_pair(p, "CPU seconds", vouch_cli_seconds(r->cpu_seconds).text);
    vouch_html_table_end(&p->html);
}

vouch_status vouch_cli_efx_page(vouch_context *ctx, FILE *out, const vouch_cli_efx_report *r)
{
    page p = {.arena = r->call->arena, .r = r};
    vouch_html_begin(&p.html, ctx, "Empirically formally explainable inputs",
                     r->call->argument[0]);
    if (r->is_interrupted)
        vouch_html_warning(&p.html,
                           "Interrupted: networks that are not finished are left out.");
    vouch_html_paragraph(
        &p.html, "A point that a network gets right is explainable within a radius if "
                 "at least one feature is proved irrelevant: all such features together "
                 "may take any values within the radius, and the class stays. It is EFX "
                 "if, moreover, an attack on all features finds another class.");
    vouch_html_section(&p.html, "Networks");
    for (int i = 0; i < r->plan->eval->eps_count; i++)
        put_radius(&p, i);
    const vouch_status status = put_curves(&p);
    put_orders(&p);
    put_run(&p);
    const vouch_status made = vouch_html_end(&p.html);
    return vouch_cli_put_markup(out, &p.html.out, status != VOUCH_OK ? status : made);
}
