/* Text and JSON of `vouch lab co`. */
#include "cli/co_report.h"

#include <inttypes.h>

#include "cli/text.h"

enum { SCHEMA = 1 };

/* ---- text ------------------------------------------------------------------------------------ */

static void put_group(FILE *out, const vouch_plan *plan, const vouch_co_group *g, int method)
{
    fprintf(out, "%-20s %16s %16s %16s %9d %9.2f\n", plan->method[method].name,
            vouch_cli_grid_share(&g->figure[VOUCH_CO_CLEAN]).text,
            vouch_cli_grid_share(&g->figure[VOUCH_CO_SINGLE]).text,
            vouch_cli_grid_share(&g->figure[VOUCH_CO_PGD]).text, g->collapsed,
            vouch_summary_mean(&g->figure[VOUCH_CO_SECONDS]));
}

static void put_table(FILE *out, const vouch_cli_co_report *r, vouch_plan_place at)
{
    const vouch_plan *plan = &r->grid->plan;
    fprintf(out, "%s, eps %s, %d seed%s\n", plan->net[at.net], plan->radius_text[at.radius],
            plan->seeds, vouch_cli_plural(plan->seeds));
    fprintf(out, "%-20s %16s %16s %16s %9s %9s\n", "method", "clean, %", "FGSM, %", "PGD, %",
            "collapsed", "s/epoch");
    for (at.method = 0; at.method < plan->methods; at.method++) {
        const vouch_co_group group = vouch_co_gather(plan, r->grid->result, &at);
        if (group.finished > 0)
            put_group(out, plan, &group, at.method);
    }
}

void vouch_cli_co_text(FILE *out, const vouch_cli_co_report *r)
{
    vouch_plan_place at = {0};
    for (at.net = 0; at.net < r->grid->plan.nets; at.net++)
        for (at.radius = 0; at.radius < r->grid->plan.radii; at.radius++)
            put_table(out, r, at);
    if (r->grid->is_interrupted)
        fputs("interrupted: not all runs are finished\n", out);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_group(vouch_context *ctx, json_t *list, const vouch_cli_co_report *r,
                      const vouch_plan_place *at)
{
    const vouch_plan *plan = &r->grid->plan;
    const vouch_co_group group = vouch_co_gather(plan, r->grid->result, at);
    if (group.finished == 0)
        return;
    json_t *one = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_text(ctx, one, "net", plan->net[at->net]);
    (void)vouch_json_add_real(ctx, one, "eps", plan->eps[at->radius]);
    (void)vouch_json_add_text(ctx, one, "method", plan->method[at->method].name);
    (void)vouch_json_add_int(ctx, one, "finished", group.finished);
    (void)vouch_json_add_int(ctx, one, "failed", group.failed);
    (void)vouch_json_add_int(ctx, one, "collapsed", group.collapsed);
    for (vouch_co_figure f = 0; f < VOUCH_CO_FIGURES; f++)
        vouch_cli_grid_figure(ctx, one, vouch_co_name(f), &group.figure[f]);
}

static void fill(vouch_context *ctx, json_t *root, const vouch_cli_co_report *r)
{
    const vouch_plan *plan = &r->grid->plan;
    vouch_plan_place at = {0};
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    (void)vouch_json_add_text(ctx, root, "study", "co");
    (void)vouch_json_add_int(ctx, root, "attack_steps", r->steps);
    (void)vouch_json_add_int(ctx, root, "restarts", r->restarts);
    vouch_cli_grid_json(r->grid, root);
    json_t *list = vouch_json_array_in(ctx, root, "groups");
    for (at.net = 0; at.net < plan->nets; at.net++)
        for (at.radius = 0; at.radius < plan->radii; at.radius++)
            for (at.method = 0; at.method < plan->methods; at.method++)
                add_group(ctx, list, r, &at);
}

vouch_status vouch_cli_co_json(vouch_context *ctx, FILE *out, const vouch_cli_co_report *r)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    fill(ctx, root, r);
    return vouch_cli_output_json(ctx, out, root);
}
