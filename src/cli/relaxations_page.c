/* The page of `vouch lab relaxations --html`: for each network and radius a table, and for each way
 * of training curves over epochs and the losses along a line; then what is known of relaxations. */
#include "cli/relaxations_page.h"

#include <inttypes.h>
#include <math.h>

static const vouch_relaxations *study_of(const vouch_cli_page *p) { return p->study->own; }

static const vouch_cli_curve curves[] = {
    {"certified", "certified, %", "Tightness: samples held out whose bounds keep the label.",
     VOUCH_RELAXATIONS_CERTIFIED, true, false},
    {"gap", "log10 of the gap",
     "Tightness: from the least margin that PGD finds down to the bound.",
     VOUCH_RELAXATIONS_GAP, false, true},
    {"jumps", "jumps", "Continuity: the share of jumps in how the loss changes along lines.",
     VOUCH_RELAXATIONS_JUMPS, false, false},
    {"degree", "degree", "Sensitivity: of the polynomial that the loss along lines is like.",
     VOUCH_RELAXATIONS_DEGREE, false, false}};

/* ---- a line ------------------------------------------------------------------------------------ */

/* How far from the straight line between its ends, in per cent of all its change. */
static void bend(const json_t *list, int points, double *y)
{
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (int i = 0; i < points; i++) {
        y[i] = json_number_value(json_array_get(list, (size_t)i));
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    const double first = y[0], slope = (y[points - 1] - first) / (points - 1);
    for (int i = 0; i < points; i++)
        y[i] = high > low ? 100 * (y[i] - first - slope * i) / (high - low) : 0;
}

static vouch_status put_line(vouch_cli_page *p, const vouch_plan_place *at)
{
    const vouch_relaxations *s = study_of(p);
    const json_t *of = json_object_get(p->all.result[vouch_plan_cell(p->plan, at)], "line");
    const char *title =
        vouch_arena_print(p->arena, "%s, epoch %" PRId64 ": losses along a line",
                          p->plan->method[at->method].name,
                          (int64_t)json_integer_value(json_object_get(of, "epoch")));
    vouch_plot_line *line = VOUCH_NEW_ARRAY(p->arena, vouch_plot_line, s->count);
    double *x = VOUCH_NEW_ARRAY(p->arena, double, s->points);
    double *y = VOUCH_NEW_ARRAY(p->arena, double, s->count * s->points);
    if (!title || !line || !x || !y)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < s->points; i++)
        x[i] = 100 * s->reach * i / (s->points - 1);
    for (int r = 0; r < s->count; r++) {
        const char *name = s->relaxation[r].name;
        bend(json_object_get(of, name), s->points, y + r * s->points);
        line[r] =
            (vouch_plot_line){.name = name, .count = s->points, .x = x, .y = y + r * s->points};
    }
    if (of)
        vouch_cli_page_plot(
            p,
            &(vouch_plot){.title = title,
                          .x_label = "change of the weights, %",
                          .y_label = "away from straight, %",
                          .lines = s->count,
                          .line = line},
            "Of one sample held out, seed 1, down the gradient of the "
            "cross-entropy: how far each loss is from the straight line between "
            "its ends, of all its change. Steps are jumps.");
    return VOUCH_OK;
}

/* ---- the page ---------------------------------------------------------------------------------- */

vouch_status vouch_cli_relaxations_section(vouch_cli_page *p, const vouch_plan_place *place)
{
    vouch_plan_place at = *place;
    vouch_cli_page_head(p, "After the last epoch: means over seeds, with 95 % intervals");
    vouch_cli_page_rows(p, at);
    for (at.method = 0; at.method < p->plan->methods; at.method++) {
        for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
            VOUCH_TRY(vouch_cli_page_curve(p, &curves[i], &at));
        VOUCH_TRY(put_line(p, &at));
    }
    return VOUCH_OK;
}

vouch_status vouch_cli_relaxations_finish(vouch_cli_page *p)
{
    const vouch_relaxations *s = study_of(p);
    vouch_html_section(&p->html, "The relaxations");
    vouch_html_pairs(&p->html, "What is known of their losses as functions of the weights");
    vouch_html_row(&p->html);
    vouch_html_cell(&p->html, "relaxation");
    vouch_html_cell(&p->html, "what it is");
    for (int r = 0; r < s->count; r++) {
        const vouch_lab_relaxation *of = &s->relaxation[r];
        vouch_html_row(&p->html);
        vouch_html_cell(&p->html, "%s", of->name);
        vouch_html_cell(&p->html, "%s: %s. %s", of->text, of->domain->summary, of->theory);
    }
    vouch_html_table_end(&p->html);
    return VOUCH_OK;
}
