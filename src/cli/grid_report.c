/* Text and JSON of studies of grids (grid_report.h). */
#include "cli/grid_report.h"

#include <inttypes.h>
#include <math.h>

#include "cli/text.h"
#include "vouch/vouch.h"

/* ---- text ------------------------------------------------------------------------------------ */

static vouch_cli_number mean_of(const vouch_summary *s, bool is_share)
{
    vouch_cli_number out = {"-"};
    const double half = vouch_summary_half(s), unit = is_share ? 100 : 1;
    const double mean = unit * vouch_summary_mean(s);
    if (s->count > 0 && isnan(half))
        snprintf(out.text, sizeof out.text, is_share ? "%.2f" : "%.3g", mean);
    else if (s->count > 0)
        snprintf(out.text, sizeof out.text, is_share ? "%.2f +- %.2f" : "%.3g +- %.2g", mean,
                 unit * half);
    return out;
}

static void put_row(FILE *out, const vouch_cli_study *s, const vouch_findings *all,
                    const vouch_plan_place *at)
{
    const vouch_figures *f = s->figures;
    const vouch_group g = vouch_findings_gather(all, at);
    if (g.finished == 0)
        return;
    fprintf(out, "%-20s", all->plan->method[at->method].name);
    if (s->sweep)
        fprintf(out, " %10s", all->plan->value[at->value]);
    if (f->parts > 0)
        fprintf(out, " %-18s", f->part[at->part]);
    for (int i = 0; i < f->count; i++)
        if (f->figure[i].is_brief)
            fprintf(out, " %16s", mean_of(&g.figure[i], f->figure[i].is_share).text);
    if (f->mark)
        fprintf(out, " %10d", g.marked);
    putc('\n', out);
}

static void put_head(FILE *out, const vouch_cli_study *s)
{
    const vouch_figures *f = s->figures;
    fprintf(out, "%-20s", "method");
    if (s->sweep)
        fprintf(out, " %10s", s->sweep);
    if (f->parts > 0)
        fprintf(out, " %-18s", f->axis);
    for (int i = 0; i < f->count; i++)
        if (f->figure[i].is_brief)
            fprintf(out, " %16s", f->figure[i].title);
    if (f->mark)
        fprintf(out, " %10s", f->mark);
    putc('\n', out);
}

static void put_failure(FILE *out, const vouch_findings *all, const vouch_plan_place *at)
{
    const char *why = at->part == 0 ? vouch_findings_failure(all, at) : NULL;
    if (why)
        fprintf(out, "%s failed: %s\n", all->plan->method[at->method].name, why);
}

static void put_text(FILE *out, const vouch_cli_study *s)
{
    const vouch_plan *plan = &s->grid->plan;
    const vouch_findings all = {s->figures, plan, s->grid->result};
    vouch_plan_place at = {0};
    for (at.net = 0; at.net < plan->nets; at.net++)
        for (at.radius = 0; at.radius < plan->radii; at.radius++) {
            fprintf(out, "%s, eps %s, %d seed%s\n", plan->net[at.net],
                    plan->radius_text[at.radius], plan->seeds, vouch_cli_plural(plan->seeds));
            put_head(out, s);
            do
                put_row(out, s, &all, &at);
            while (vouch_findings_next(&all, &at));
            do
                put_failure(out, &all, &at);
            while (vouch_findings_next(&all, &at));
        }
    if (s->grid->is_interrupted)
        fputs("interrupted: not all runs are finished\n", out);
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

static void add_grid(const vouch_cli_grid *g, json_t *root)
{
    vouch_context *ctx = g->call->ctx;
    const vouch_recipe *r = &g->recipe;
    char *recipe = NULL;
    (void)vouch_json_add_text(ctx, root, "vouch", vouch_version());
    (void)vouch_json_add_flag(ctx, root, "finished",
                              vouch_cli_grid_finished(g) == g->plan.count);
    add_data(ctx, root, "data", r->data, g->data[0]);
    add_data(ctx, root, "held_out", r->test ? r->test : r->data, g->data[1]);
    if (vouch_recipe_write(g->call->arena, r, &recipe) == VOUCH_OK)
        (void)vouch_json_add_text(ctx, root, "recipe", recipe);
    add_methods(ctx, root, &g->plan);
    add_runs(ctx, root, g);
}

static void add_group(vouch_context *ctx, json_t *list, const vouch_findings *all,
                      const vouch_plan_place *at)
{
    const vouch_plan *plan = all->plan;
    const vouch_figures *f = all->figures;
    const vouch_group g = vouch_findings_gather(all, at);
    if (g.finished == 0)
        return;
    json_t *one = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_text(ctx, one, "net", plan->net[at->net]);
    (void)vouch_json_add_real(ctx, one, "eps", plan->eps[at->radius]);
    (void)vouch_json_add_text(ctx, one, "method", plan->method[at->method].name);
    if (plan->value[at->value])
        (void)vouch_json_add_text(ctx, one, "value", plan->value[at->value]);
    if (f->parts > 0)
        (void)vouch_json_add_text(ctx, one, f->axis, f->part[at->part]);
    (void)vouch_json_add_int(ctx, one, "finished", g.finished);
    (void)vouch_json_add_int(ctx, one, "failed", g.failed);
    if (f->mark)
        (void)vouch_json_add_int(ctx, one, f->mark, g.marked);
    for (int i = 0; i < f->count; i++) {
        json_t *figure = vouch_json_object_in(ctx, one, f->figure[i].name);
        (void)vouch_json_add_real(ctx, figure, "mean", vouch_summary_mean(&g.figure[i]));
        (void)vouch_json_add_real(ctx, figure, "half", vouch_summary_half(&g.figure[i]));
    }
}

static void add_groups(vouch_context *ctx, json_t *root, const vouch_cli_study *s)
{
    const vouch_findings all = {s->figures, &s->grid->plan, s->grid->result};
    json_t *list = vouch_json_array_in(ctx, root, "groups");
    vouch_plan_place at = {0};
    for (at.net = 0; at.net < all.plan->nets; at.net++)
        for (at.radius = 0; at.radius < all.plan->radii; at.radius++)
            do
                add_group(ctx, list, &all, &at);
            while (vouch_findings_next(&all, &at));
}

static vouch_status put_json(vouch_context *ctx, FILE *out, const vouch_cli_study *s)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    (void)vouch_json_add_int(ctx, root, "schema", s->schema);
    (void)vouch_json_add_text(ctx, root, "study", s->name);
    if (s->add)
        s->add(ctx, root, s);
    add_grid(s->grid, root);
    add_groups(ctx, root, s);
    return vouch_cli_output_json(ctx, out, root);
}

/* ---- all ------------------------------------------------------------------------------------- */

vouch_status vouch_cli_study_put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    switch (which) {
    case VOUCH_CLI_GRID_JSON:
        return put_json(ctx, out, report);
    case VOUCH_CLI_GRID_HTML:
        return vouch_cli_study_page(ctx, out, report);
    default:
        put_text(out, report);
        return VOUCH_OK;
    }
}
