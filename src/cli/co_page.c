/* The page of `vouch lab co --html`: for each network and radius a table, curves over epochs,
 * accuracy by time, accuracies and landscapes of what collapsed; then the sweep over radii. */
#include <inttypes.h>

#include "cli/co_page.h"
#include "lab/landscape_svg.h"

enum { PICTURES = 3 }; /* landscapes of each network and radius */

static const vouch_cli_curve curves[] = {
    {"Accuracy under FGSM", "accuracy, %",
     "Under the single step: a network that overfits to it rises here.", VOUCH_CO_SINGLE, true,
     false},
    {"Accuracy under PGD", "accuracy, %",
     "Under many steps: where it collapses while the single step rises, the network has "
     "learnt to mislead its own gradient.",
     VOUCH_CO_PGD, true, false},
    {"Loss of interval bounds", "log10 of the loss",
     "It leaps when a network overfits, and stays low where bounds or weights are kept small.",
     VOUCH_CO_BOUND, false, true},
    {"Local linearity error", "log10 of the error",
     "How far the loss is from linear in the ball.", VOUCH_CO_LINEARITY, false, true}};

/* ---- one method ------------------------------------------------------------------------------ */

/* The accuracies of a method in one picture: there the single step parts from the many. */
static vouch_status put_accuracies(vouch_cli_page *p, const vouch_plan_place *at)
{
    static const vouch_co_figure shown[] = {VOUCH_CO_CLEAN, VOUCH_CO_SINGLE, VOUCH_CO_PGD};
    enum { LINES = sizeof shown / sizeof *shown };
    const vouch_cli_curve curve = {
        .title = vouch_arena_print(p->arena, "%s: single step and many",
                                   p->plan->method[at->method].name),
        .label = "accuracy, %",
        .caption = "Where FGSM rises while PGD falls, the network overfits.",
        .is_share = true};
    vouch_cli_series series[LINES];
    for (int l = 0; l < LINES; l++)
        series[l] = (vouch_cli_series){.name = p->all.figures->figure[shown[l]].title,
                                       .figure = (int)shown[l],
                                       .place = *at};
    return curve.title ? vouch_cli_page_series(p, &curve, LINES, series) : VOUCH_ERR_MEMORY;
}

static vouch_status name_classes(vouch_cli_page *p, vouch_landscape_picture *picture)
{
    const vouch_data_info *info = &p->study->grid->data[1]->info;
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

static vouch_status put_landscape(vouch_cli_page *p, const vouch_plan_place *at)
{
    const json_t *result = p->all.result[vouch_plan_cell(p->plan, at)];
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
static vouch_status put_methods(vouch_cli_page *p, vouch_plan_place at)
{
    int left = PICTURES;
    for (int collapsed = 1; collapsed >= 0; collapsed--)
        for (at.method = 0; at.method < p->plan->methods && left > 0; at.method++) {
            const json_t *result = p->all.result[vouch_plan_cell(p->plan, &at)];
            if (!result || vouch_co_has_collapsed(result) != (collapsed == 1))
                continue;
            if (collapsed == 0 && left > 1)
                left = 1; /* one that is well, for comparison */
            VOUCH_TRY(put_accuracies(p, &at));
            VOUCH_TRY(put_landscape(p, &at));
            left--;
        }
    return VOUCH_OK;
}

/* ---- time and radii --------------------------------------------------------------------------- */

/* A mark for each method. */
static vouch_status put_time(vouch_cli_page *p, vouch_plan_place at)
{
    const int methods = p->plan->methods;
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, methods);
    double *place = VOUCH_NEW_ARRAY(p->arena, double, 3 * methods);
    if (!line || !place)
        return VOUCH_ERR_MEMORY;
    for (at.method = 0; at.method < methods; at.method++, place += 3) {
        const vouch_group g = vouch_findings_gather(&p->all, &at);
        place[0] = vouch_summary_mean(&g.figure[VOUCH_CO_SECONDS]);
        place[1] = 100 * vouch_summary_mean(&g.figure[VOUCH_CO_PGD]);
        place[2] = 100 * vouch_summary_half(&g.figure[VOUCH_CO_PGD]);
        line[at.method] =
            (vouch_plot_line){p->plan->method[at.method].name, 1, place, place + 1, place + 2};
    }
    vouch_cli_page_plot(p,
                        &(vouch_plot){.title = "Accuracy under PGD, by time",
                                      .x_label = "seconds an epoch",
                                      .y_label = "accuracy, %",
                                      .is_share = true,
                                      .has_marks = true,
                                      .lines = methods,
                                      .line = line},
                        "What robustness costs: up and left is better.");
    return VOUCH_OK;
}

static vouch_status put_sweep(vouch_cli_page *p, vouch_plan_place at,
                              const vouch_cli_curve *curve)
{
    const int radii = p->plan->radii, methods = p->plan->methods;
    const char *title = vouch_arena_print(p->arena, "%s, by radius", curve->title);
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, methods);
    double *y = VOUCH_NEW_ARRAY(p->arena, double, 2 * radii * methods);
    if (!title || !line || !y)
        return VOUCH_ERR_MEMORY;
    for (at.method = 0; at.method < methods; at.method++) {
        double *mean = y + (ptrdiff_t)2 * radii * at.method, *half = mean + radii;
        for (at.radius = 0; at.radius < radii; at.radius++) {
            const vouch_group g = vouch_findings_gather(&p->all, &at);
            mean[at.radius] = 100 * vouch_summary_mean(&g.figure[curve->figure]);
            half[at.radius] = 100 * vouch_summary_half(&g.figure[curve->figure]);
        }
        line[at.method] =
            (vouch_plot_line){p->plan->method[at.method].name, radii, p->plan->eps, mean, half};
    }
    vouch_cli_page_plot(p,
                        &(vouch_plot){.title = title,
                                      .x_label = "eps",
                                      .y_label = curve->label,
                                      .is_share = true,
                                      .has_marks = true,
                                      .lines = methods,
                                      .line = line},
                        p->plan->net[at.net]);
    return VOUCH_OK;
}

/* ---- the page -------------------------------------------------------------------------------- */

vouch_status vouch_cli_co_section(vouch_cli_page *p, const vouch_plan_place *at)
{
    vouch_cli_page_head(p, "After the last epoch, on samples held out: means over seeds, with "
                           "95 % intervals. Collapsed: under half of its best accuracy under "
                           "PGD");
    vouch_cli_page_rows(p, *at);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        VOUCH_TRY(vouch_cli_page_curve(p, &curves[i], at));
    VOUCH_TRY(put_time(p, *at));
    return put_methods(p, *at);
}

vouch_status vouch_cli_co_finish(vouch_cli_page *p)
{
    vouch_plan_place at = {0};
    if (p->plan->radii < 2)
        return VOUCH_OK;
    vouch_html_section(&p->html, "By radius");
    for (at.net = 0; at.net < p->plan->nets; at.net++)
        for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
            if (curves[i].is_share)
                VOUCH_TRY(put_sweep(p, at, &curves[i]));
    return VOUCH_OK;
}
