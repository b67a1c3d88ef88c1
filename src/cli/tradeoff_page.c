/* The page of `vouch lab tradeoff --html`: for each network and radius the best value of each
 * method, all values, the fronts, and how much each figure depends on the value. */
#include <math.h>

#include "cli/tradeoff_report.h"
#include "lab/plot_svg.h"

typedef struct page {
    vouch_html html;
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_cli_tradeoff_report *r;
    const vouch_plan *plan;
    json_t *const *result;
} page;

static const char *const titles[] = {"standard, %", "empirical, %", "certified, %",
                                     "s an epoch"};

static vouch_summary figure_at(const page *p, const vouch_plan_place *at,
                               vouch_tradeoff_figure figure)
{
    return vouch_tradeoff_gather(p->plan, p->result, at).figure[figure];
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void put_head(page *p, const char *caption)
{
    vouch_html_table(&p->html, caption);
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "method");
    vouch_html_cell(&p->html, "%s", p->r->sweep);
    for (int f = 0; f < VOUCH_TRADEOFF_FIGURES; f++)
        vouch_html_cell(&p->html, "%s", titles[f]);
}

static void put_row(page *p, const vouch_plan_place *at)
{
    const vouch_tradeoff_group g = vouch_tradeoff_gather(p->plan, p->result, at);
    if (g.finished == 0)
        return;
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "%s", p->plan->method[at->method].name);
    if (g.failed > 0)
        vouch_html_cell(&p->html, "%s (%d failed)", p->plan->value[at->value], g.failed);
    else
        vouch_html_cell(&p->html, "%s", p->plan->value[at->value]);
    for (int f = 0; f < VOUCH_TRADEOFF_FIGURES; f++)
        vouch_cli_grid_mean(&p->html, &g.figure[f], f != VOUCH_TRADEOFF_SECONDS);
}

static void put_tables(page *p, vouch_plan_place at)
{
    put_head(p, "The value of each method with the highest certified accuracy");
    for (at.method = 0; at.method < p->plan->methods; at.method++) {
        at.value = vouch_tradeoff_best(p->plan, p->result, &at, VOUCH_TRADEOFF_CERTIFIED);
        if (at.value >= 0)
            put_row(p, &at);
    }
    vouch_html_table_end(&p->html);
    put_head(p, "All values, on samples held out: means over seeds, with 95 % intervals");
    for (at.method = 0; at.method < p->plan->methods; at.method++)
        for (at.value = 0; at.value < p->plan->values; at.value++)
            put_row(p, &at);
    vouch_html_table_end(&p->html);
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* Means in per cent, and halves of the intervals behind them; NULL: out of memory. */
static double *values_of(page *p, vouch_plan_place at, vouch_tradeoff_figure figure)
{
    const int values = p->plan->values;
    double *y = VOUCH_NEW_ARRAY(p->arena, double, 2 * values);
    for (at.value = 0; y && at.value < values; at.value++) {
        const vouch_summary s = figure_at(p, &at, figure);
        y[at.value] = 100 * vouch_summary_mean(&s);
        y[values + at.value] = 100 * vouch_summary_half(&s);
    }
    return y;
}

static void put_plot(page *p, const vouch_plot *plot, const char *caption)
{
    vouch_html_figure(&p->html);
    vouch_plot_svg(&p->html.out, plot);
    vouch_html_figure_end(&p->html, caption);
}

/* Robust accuracy over the standard one, a line for each method through its values. */
static vouch_status put_front(page *p, vouch_plan_place at, vouch_tradeoff_figure figure,
                              const char *title, const char *caption)
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
    put_plot(p,
             &(vouch_plot){.title = title,
                           .x_label = titles[VOUCH_TRADEOFF_CLEAN],
                           .y_label = titles[figure],
                           .is_share = true,
                           .has_marks = true,
                           .lines = methods,
                           .line = line},
             caption);
    return VOUCH_OK;
}

/* The three accuracies of one method over its values. */
static vouch_status put_sensitivity(page *p, const vouch_plan_place *at)
{
    static const char *const names[] = {"standard", "empirical", "certified"};
    const int values = p->plan->values;
    double *x = VOUCH_NEW_ARRAY(p->arena, double, values);
    vouch_plot_line line[3];
    if (!x)
        return VOUCH_ERR_MEMORY;
    const char *label = vouch_arena_print(
        p->arena, "%s%s", vouch_tradeoff_axis(p->plan, x) ? "log10 of " : "", p->r->sweep);
    for (int f = 0; f < 3; f++) {
        const double *y = values_of(p, *at, (vouch_tradeoff_figure)f);
        if (!y || !label)
            return VOUCH_ERR_MEMORY;
        line[f] = (vouch_plot_line){names[f], values, x, y, y + values};
    }
    put_plot(p,
             &(vouch_plot){.title = p->plan->method[at->method].name,
                           .x_label = label,
                           .y_label = "accuracy, %",
                           .is_share = true,
                           .has_marks = true,
                           .lines = 3,
                           .line = line},
             "How much the figures depend on the value.");
    return VOUCH_OK;
}

static vouch_status put_place(page *p, vouch_plan_place at)
{
    char *title = vouch_arena_print(p->arena, "%s, eps %s", p->plan->net[at.net],
                                    p->plan->radius_text[at.radius]);
    if (!title)
        return VOUCH_ERR_MEMORY;
    vouch_html_section(&p->html, title);
    put_tables(p, at);
    VOUCH_TRY(put_front(p, at, VOUCH_TRADEOFF_CERTIFIED, "Certified over standard accuracy",
                        "Each place is a value; up and right is better."));
    VOUCH_TRY(put_front(p, at, VOUCH_TRADEOFF_EMPIRICAL, "Empirical over standard accuracy",
                        "Under attack: an upper end of robust accuracy."));
    for (at.method = 0; at.method < p->plan->methods; at.method++)
        VOUCH_TRY(put_sensitivity(p, &at));
    return VOUCH_OK;
}

/* ---- the page -------------------------------------------------------------------------------- */

vouch_status vouch_cli_tradeoff_html(vouch_context *ctx, FILE *out,
                                     const vouch_cli_tradeoff_report *r)
{
    const vouch_cli_grid *g = r->grid;
    vouch_status status = VOUCH_OK;
    vouch_plan_place at = {0};
    page p = {
        .ctx = ctx, .arena = g->call->arena, .r = r, .plan = &g->plan, .result = g->result};
    char *title = vouch_arena_print(p.arena, "What %s trades", r->sweep);
    char *subtitle = vouch_arena_print(
        p.arena, "%s: trained on %s samples, evaluated on %s by %s and %s bounds",
        g->recipe.data, vouch_cli_count((uint64_t)g->data[0]->info.count).text,
        vouch_cli_count((uint64_t)g->data[1]->info.count).text, r->attack,
        vouch_certify_name(r->certify_level));
    if (!title || !subtitle)
        return VOUCH_ERR_MEMORY;
    vouch_html_begin(&p.html, ctx, title, subtitle);
    vouch_cli_grid_warn(&p.html, g);
    for (at.net = 0; status == VOUCH_OK && at.net < p.plan->nets; at.net++)
        for (at.radius = 0; status == VOUCH_OK && at.radius < p.plan->radii; at.radius++)
            status = put_place(&p, at);
    vouch_cli_grid_settings(&p.html, g);
    const vouch_status made = vouch_html_end(&p.html);
    return vouch_cli_put_markup(out, &p.html.out, status != VOUCH_OK ? status : made);
}
