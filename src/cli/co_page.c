/* The page of `vouch lab co --html`: for each network and radius a table, curves over epochs, the
 * landscapes of what collapsed; then the sweep over radii, and what was run. */
#include <inttypes.h>
#include <math.h>

#include "cli/co_report.h"
#include "cli/text.h"
#include "lab/landscape_svg.h"
#include "lab/plot_svg.h"

enum { PICTURES = 3 }; /* landscapes of each network and radius */

typedef struct page {
    vouch_html html;
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_cli_co_report *r;
    const vouch_plan *plan;
    json_t *const *result;
} page;

/* ---- the table ------------------------------------------------------------------------------- */

static void put_row(page *p, const vouch_plan_place *at)
{
    const vouch_co_group g = vouch_co_gather(p->plan, p->result, at);
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "%s", p->plan->method[at->method].name);
    vouch_cli_grid_mean(&p->html, &g.figure[VOUCH_CO_CLEAN], true);
    vouch_cli_grid_mean(&p->html, &g.figure[VOUCH_CO_SINGLE], true);
    vouch_cli_grid_mean(&p->html, &g.figure[VOUCH_CO_PGD], true);
    if (g.failed > 0)
        vouch_html_cell(&p->html, "%d of %d, %d failed", g.collapsed, g.finished, g.failed);
    else
        vouch_html_cell(&p->html, "%d of %d", g.collapsed, g.finished);
    vouch_cli_grid_mean(&p->html, &g.figure[VOUCH_CO_LINEARITY], false);
    vouch_cli_grid_mean(&p->html, &g.figure[VOUCH_CO_BOUND], false);
    vouch_cli_grid_mean(&p->html, &g.figure[VOUCH_CO_SECONDS], false);
}

static void put_table(page *p, vouch_plan_place at)
{
    char pgd[48];
    snprintf(pgd, sizeof pgd, "PGD-%" PRId64, p->r->steps);
    const char *const head[] = {"method",          "clean, %", "FGSM, %",    pgd, "collapsed",
                                "linearity error", "IBP loss", "s an epoch", NULL};
    vouch_html_table(&p->html, "After the last epoch, on samples held out: means over seeds, "
                               "with 95 % intervals. Collapsed: under half of its best "
                               "accuracy under PGD");
    vouch_html_row(&p->html);
    for (const char *const *name = head; *name; name++)
        vouch_html_cell(&p->html, "%s", *name);
    for (at.method = 0; at.method < p->plan->methods; at.method++)
        put_row(p, &at);
    vouch_html_table_end(&p->html);
}

/* ---- curves ---------------------------------------------------------------------------------- */

typedef struct kind {
    const char *title, *label, *caption;
    vouch_co_figure figure;
    bool is_share; /* else its logarithm is drawn */
} kind;

static const kind kinds[] = {
    {"Accuracy under FGSM", "accuracy, %",
     "Under the single step: a network that overfits to it rises here.", VOUCH_CO_SINGLE, true},
    {"Accuracy under PGD", "accuracy, %",
     "Under many steps: where it collapses while the single step rises, the network has "
     "learnt to mislead its own gradient.",
     VOUCH_CO_PGD, true},
    {"Loss of interval bounds", "log10 of the loss",
     "It leaps when a network overfits, and stays low where bounds or weights are kept small.",
     VOUCH_CO_BOUND, false},
    {"Local linearity error", "log10 of the error",
     "How far the loss is from linear in the ball.", VOUCH_CO_LINEARITY, false}};

static double drawn(const kind *k, double value)
{
    return k->is_share ? 100 * value : value > 0 ? log10(value) : (double)NAN;
}

static vouch_status fill_lines(page *p, const kind *k, vouch_plan_place at,
                               vouch_plot_line *line)
{
    const int64_t epochs = p->plan->cell[0].recipe.fit.epochs;
    for (at.method = 0; at.method < p->plan->methods; at.method++) {
        double *x = VOUCH_NEW_ARRAY(p->arena, double, epochs);
        double *y = VOUCH_NEW_ARRAY(p->arena, double, epochs);
        if (!x || !y)
            return VOUCH_ERR_MEMORY;
        for (int64_t i = 0; i < epochs; i++) {
            x[i] = (double)(i + 1);
            y[i] = drawn(k, vouch_co_at(p->plan, p->result, &at, k->figure, i));
        }
        line[at.method] = (vouch_plot_line){
            .name = p->plan->method[at.method].name, .count = (int)epochs, .x = x, .y = y};
    }
    return VOUCH_OK;
}

static vouch_status put_curves(page *p, const vouch_plan_place *at)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const kind *k = &kinds[i];
        vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, p->plan->methods);
        if (!line)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(fill_lines(p, k, *at, line));
        vouch_html_figure(&p->html);
        vouch_plot_svg(&p->html.out, &(vouch_plot){.title = k->title,
                                                   .x_label = "epoch",
                                                   .y_label = k->label,
                                                   .is_share = k->is_share,
                                                   .lines = p->plan->methods,
                                                   .line = line});
        vouch_html_figure_end(&p->html, k->caption);
    }
    return VOUCH_OK;
}

/* ---- landscapes ------------------------------------------------------------------------------ */

static vouch_status name_classes(page *p, vouch_landscape_picture *picture)
{
    const vouch_data_info *info = &p->r->grid->data[1]->info;
    const char **name = VOUCH_NEW_ARRAY(p->arena, const char *, info->classes);
    if (!name)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < info->classes; k++) {
        name[k] = info->class_name && info->class_name[k]
                      ? info->class_name[k]
                      : vouch_arena_print(p->arena, "%d", k);
        if (!name[k])
            return VOUCH_ERR_MEMORY;
    }
    picture->classes = info->classes;
    picture->class_name = name;
    return VOUCH_OK;
}

static vouch_status put_landscape(page *p, const vouch_plan_place *at)
{
    const json_t *result = p->result[vouch_plan_cell(p->plan, at)];
    static const char *const point_name[] = {"0"}, *const when[] = {"before", "after"};
    vouch_landscape landscape[2];
    const char *name[2];
    for (int i = 0; i < 2; i++) {
        int64_t epoch;
        VOUCH_TRY(vouch_co_landscape(p->arena, result, when[i], &epoch, &landscape[i]));
        if (epoch == 0)
            return VOUCH_OK;
        name[i] = vouch_arena_print(p->arena, "%s, epoch %" PRId64,
                                    p->plan->method[at->method].name, epoch);
        if (!name[i])
            return VOUCH_ERR_MEMORY;
    }
    vouch_landscape_picture picture = {.loss = vouch_objective_find("ce")->summary,
                                       .eps = p->plan->eps[at->radius],
                                       .points = 1,
                                       .networks = 2,
                                       .point_name = point_name,
                                       .network_name = name,
                                       .landscape = landscape};
    VOUCH_TRY(name_classes(p, &picture));
    vouch_html_figure(&p->html);
    VOUCH_TRY(vouch_landscape_figure(p->ctx, &picture, &p->html.out));
    vouch_html_figure_end(&p->html, "Around one sample held out, seed 1: at the epoch that was "
                                    "best under PGD, and after the last one.");
    return VOUCH_OK;
}

/* What collapsed first, then what did not, in the order of the methods. */
static vouch_status put_landscapes(page *p, vouch_plan_place at)
{
    int left = PICTURES;
    for (int collapsed = 1; collapsed >= 0; collapsed--)
        for (at.method = 0; at.method < p->plan->methods && left > 0; at.method++) {
            const json_t *result = p->result[vouch_plan_cell(p->plan, &at)];
            if (!result || vouch_co_has_collapsed(result) != (collapsed == 1))
                continue;
            if (collapsed == 0 && left > 1)
                left = 1; /* one that is well, for comparison */
            VOUCH_TRY(put_landscape(p, &at));
            left--;
        }
    return VOUCH_OK;
}

/* ---- radii ----------------------------------------------------------------------------------- */

static vouch_status put_sweep(page *p, vouch_plan_place at)
{
    const int radii = p->plan->radii, methods = p->plan->methods;
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, methods);
    double *y = VOUCH_NEW_ARRAY(p->arena, double, 2 * radii * methods);
    if (!line || !y)
        return VOUCH_ERR_MEMORY;
    for (at.method = 0; at.method < methods; at.method++) {
        double *mean = y + (ptrdiff_t)2 * radii * at.method, *half = mean + radii;
        for (at.radius = 0; at.radius < radii; at.radius++) {
            const vouch_co_group g = vouch_co_gather(p->plan, p->result, &at);
            mean[at.radius] = 100 * vouch_summary_mean(&g.figure[VOUCH_CO_PGD]);
            half[at.radius] = 100 * vouch_summary_half(&g.figure[VOUCH_CO_PGD]);
        }
        line[at.method] =
            (vouch_plot_line){p->plan->method[at.method].name, radii, p->plan->eps, mean, half};
    }
    vouch_html_figure(&p->html);
    vouch_plot_svg(&p->html.out, &(vouch_plot){.title = "Accuracy under PGD, by radius",
                                               .x_label = "eps",
                                               .y_label = "accuracy, %",
                                               .is_share = true,
                                               .has_marks = true,
                                               .lines = methods,
                                               .line = line});
    vouch_html_figure_end(&p->html, p->plan->net[at.net]);
    return VOUCH_OK;
}

/* ---- the page -------------------------------------------------------------------------------- */

static vouch_status put_all(page *p)
{
    vouch_plan_place at = {0};
    for (at.net = 0; at.net < p->plan->nets; at.net++)
        for (at.radius = 0; at.radius < p->plan->radii; at.radius++) {
            char *title = vouch_arena_print(p->arena, "%s, eps %s", p->plan->net[at.net],
                                            p->plan->radius_text[at.radius]);
            if (!title)
                return VOUCH_ERR_MEMORY;
            vouch_html_section(&p->html, title);
            put_table(p, at);
            VOUCH_TRY(put_curves(p, &at));
            VOUCH_TRY(put_landscapes(p, at));
        }
    if (p->plan->radii < 2)
        return VOUCH_OK;
    vouch_html_section(&p->html, "By radius");
    at = (vouch_plan_place){0};
    for (at.net = 0; at.net < p->plan->nets; at.net++)
        VOUCH_TRY(put_sweep(p, at));
    return VOUCH_OK;
}

vouch_status vouch_cli_co_html(vouch_context *ctx, FILE *out, const vouch_cli_co_report *r)
{
    const vouch_cli_grid *g = r->grid;
    page p = {
        .ctx = ctx, .arena = g->call->arena, .r = r, .plan = &g->plan, .result = g->result};
    char *subtitle = vouch_arena_print(
        p.arena, "%s: trained on %s samples, measured on %s, %d seed%s", g->recipe.data,
        vouch_cli_count((uint64_t)g->data[0]->info.count).text,
        vouch_cli_count((uint64_t)g->data[1]->info.count).text, p.plan->seeds,
        vouch_cli_plural(p.plan->seeds));
    if (!subtitle)
        return VOUCH_ERR_MEMORY;
    vouch_html_begin(&p.html, ctx, "Catastrophic overfitting", subtitle);
    vouch_cli_grid_warn(&p.html, g);
    const vouch_status status = put_all(&p);
    vouch_cli_grid_settings(&p.html, g);
    const vouch_status made = vouch_html_end(&p.html);
    return vouch_cli_put_markup(out, &p.html.out, status != VOUCH_OK ? status : made);
}
