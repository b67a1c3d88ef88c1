/* The page of `vouch lab tradeoff --html`: for each network and radius the best value of each
 * method, all values, the fronts, and how much each figure depends on the value; then the best
 * values of all. */
#include <math.h>

#include "cli/tradeoff_page.h"

/* ---- tables ---------------------------------------------------------------------------------- */

static void put_tables(vouch_cli_page *p, vouch_plan_place at)
{
    vouch_cli_page_head(p, "The value of each method with the highest certified accuracy");
    for (at.method = 0; at.method < p->plan->methods; at.method++) {
        at.value = vouch_tradeoff_best(&p->all, &at, VOUCH_TRADEOFF_CERTIFIED);
        if (at.value >= 0)
            vouch_cli_page_row(p, &at);
    }
    vouch_html_table_end(&p->html);
    at.method = at.value = 0;
    vouch_cli_page_head(
        p, "All values, on samples held out: means over seeds, with 95 % intervals");
    vouch_cli_page_rows(p, at);
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* Means in per cent, and halves of the intervals behind them; NULL: out of memory. */
static double *values_of(vouch_cli_page *p, vouch_plan_place at, vouch_tradeoff_figure figure)
{
    const int values = p->plan->values;
    double *y = VOUCH_NEW_ARRAY(p->arena, double, 2 * values);
    for (at.value = 0; y && at.value < values; at.value++) {
        const vouch_summary s = vouch_findings_gather(&p->all, &at).figure[figure];
        y[at.value] = 100 * vouch_summary_mean(&s);
        y[values + at.value] = 100 * vouch_summary_half(&s);
    }
    return y;
}

/* Robust accuracy over the standard one, a line for each method through its values. */
static vouch_status put_front(vouch_cli_page *p, vouch_plan_place at,
                              vouch_tradeoff_figure figure, const char *title,
                              const char *caption)
{
    const int methods = p->plan->methods, values = p->plan->values;
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, methods);
    for (at.method = 0; line && at.method < methods; at.method++) {
        const double *x = values_of(p, at, VOUCH_TRADEOFF_CLEAN);
        const double *y = values_of(p, at, figure);
        if (!x || !y)
            return VOUCH_ERR_MEMORY;
        line[at.method] =
            (vouch_plot_line){p->plan->method[at.method].name, values, x, y, y + values};
    }
    if (!line)
        return VOUCH_ERR_MEMORY;
    vouch_cli_page_plot(
        p,
        &(vouch_plot){.title = title,
                      .x_label = p->all.figures->figure[VOUCH_TRADEOFF_CLEAN].title,
                      .y_label = p->all.figures->figure[figure].title,
                      .is_share = true,
                      .has_marks = true,
                      .lines = methods,
                      .line = line},
        caption);
    return VOUCH_OK;
}

/* What one picture over the values has in common with the next. */
static vouch_status put_over_values(vouch_cli_page *p, vouch_plot plot, const char *caption)
{
    double *x = VOUCH_NEW_ARRAY(p->arena, double, p->plan->values);
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, plot.lines);
    if (!x || !line)
        return VOUCH_ERR_MEMORY;
    plot.x_label = vouch_arena_print(
        p->arena, "%s%s", vouch_tradeoff_axis(p->plan, x) ? "log10 of " : "", p->study->sweep);
    for (int l = 0; l < plot.lines; l++) {
        if (!plot.x_label || !plot.line[l].y)
            return VOUCH_ERR_MEMORY;
        line[l] = plot.line[l];
        line[l].count = p->plan->values;
        line[l].x = x;
        line[l].half = line[l].y + p->plan->values;
    }
    plot.line = line;
    plot.y_label = "accuracy, %";
    plot.is_share = plot.has_marks = true;
    vouch_cli_page_plot(p, &plot, caption);
    return VOUCH_OK;
}

/* One accuracy of all methods. */
static vouch_status put_comparison(vouch_cli_page *p, vouch_plan_place at,
                                   vouch_tradeoff_figure figure, const char *title)
{
    const int methods = p->plan->methods;
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, methods);
    if (!line)
        return VOUCH_ERR_MEMORY;
    for (at.method = 0; at.method < methods; at.method++)
        line[at.method] = (vouch_plot_line){.name = p->plan->method[at.method].name,
                                            .y = values_of(p, at, figure)};
    return put_over_values(p, (vouch_plot){.title = title, .lines = methods, .line = line},
                           "How much each method depends on the value.");
}

/* The three accuracies of one method. */
static vouch_status put_sensitivity(vouch_cli_page *p, const vouch_plan_place *at)
{
    static const char *const names[] = {"standard", "empirical", "certified"};
    vouch_plot_line line[3];
    for (int f = 0; f < 3; f++)
        line[f] = (vouch_plot_line){.name = names[f],
                                    .y = values_of(p, *at, (vouch_tradeoff_figure)f)};
    return put_over_values(
        p, (vouch_plot){.title = p->plan->method[at->method].name, .lines = 3, .line = line},
        "How much the figures depend on the value.");
}

vouch_status vouch_cli_tradeoff_section(vouch_cli_page *p, const vouch_plan_place *place)
{
    vouch_plan_place at = *place;
    put_tables(p, at);
    VOUCH_TRY(put_front(p, at, VOUCH_TRADEOFF_CERTIFIED, "Certified over standard accuracy",
                        "Each place is a value; up and right is better."));
    VOUCH_TRY(put_front(p, at, VOUCH_TRADEOFF_EMPIRICAL, "Empirical over standard accuracy",
                        "Under attack: an upper end of robust accuracy."));
    VOUCH_TRY(put_comparison(p, at, VOUCH_TRADEOFF_CERTIFIED, "Certified accuracy"));
    VOUCH_TRY(put_comparison(p, at, VOUCH_TRADEOFF_CLEAN, "Standard accuracy"));
    for (at.method = 0; at.method < p->plan->methods; at.method++)
        VOUCH_TRY(put_sensitivity(p, &at));
    return VOUCH_OK;
}

/* ---- all networks and radii -------------------------------------------------------------------- */

static void put_best(vouch_cli_page *p, vouch_plan_place at)
{
    at.value = vouch_tradeoff_best(&p->all, &at, VOUCH_TRADEOFF_CERTIFIED);
    if (at.value < 0)
        return;
    const vouch_group g = vouch_findings_gather(&p->all, &at);
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "%s", p->plan->net[at.net]);
    vouch_html_cell(&p->html, "%s", p->plan->radius_text[at.radius]);
    vouch_html_cell(&p->html, "%s", p->plan->method[at.method].name);
    vouch_html_cell(&p->html, "%s", p->plan->value[at.value]);
    vouch_cli_page_figures(p, &g);
}

/* The form of CTBench's tables: radii and methods, each at its best value. */
vouch_status vouch_cli_tradeoff_finish(vouch_cli_page *p)
{
    const vouch_plan *plan = p->plan;
    vouch_plan_place at = {0};
    if (plan->nets * plan->radii < 2)
        return VOUCH_OK;
    vouch_html_section(&p->html, "All networks and radii");
    vouch_html_table(&p->html, "The value of each method with the highest certified accuracy");
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "network");
    vouch_html_cell(&p->html, "eps");
    vouch_html_cell(&p->html, "method");
    vouch_html_cell(&p->html, "%s", p->study->sweep);
    for (int f = 0; f < p->all.figures->count; f++)
        vouch_html_cell(&p->html, "%s", p->all.figures->figure[f].title);
    for (at.net = 0; at.net < plan->nets; at.net++)
        for (at.radius = 0; at.radius < plan->radii; at.radius++)
            for (at.method = 0; at.method < plan->methods; at.method++)
                put_best(p, at);
    vouch_html_table_end(&p->html);
    return VOUCH_OK;
}
