/* Text and JSON of `vouch lab tradeoff`. */
#include "cli/tradeoff_report.h"

enum { SCHEMA = 1 };

/* ---- text ------------------------------------------------------------------------------------ */

static void put_group(FILE *out, const vouch_cli_tradeoff_report *r, const vouch_plan_place *at)
{
    const vouch_plan *plan = &r->grid->plan;
    const vouch_tradeoff_group g = vouch_tradeoff_gather(plan, r->grid->result, at);
    if (g.finished == 0)
        return;
    fprintf(out, "%-20s %10s %16s %16s %16s %9.2f\n", plan->method[at->method].name,
            plan->value[at->value], vouch_cli_grid_share(&g.figure[VOUCH_TRADEOFF_CLEAN]).text,
            vouch_cli_grid_share(&g.figure[VOUCH_TRADEOFF_EMPIRICAL]).text,
            vouch_cli_grid_share(&g.figure[VOUCH_TRADEOFF_CERTIFIED]).text,
            vouch_summary_mean(&g.figure[VOUCH_TRADEOFF_SECONDS]));
}

static void put_table(FILE *out, const vouch_cli_tradeoff_report *r, vouch_plan_place at)
{
    const vouch_plan *plan = &r->grid->plan;
    fprintf(out, "%s, eps %s, %d seed%s\n", plan->net[at.net], plan->radius_text[at.radius],
            plan->seeds, vouch_cli_plural(plan->seeds));
    fprintf(out, "%-20s %10s %16s %16s %16s %9s\n", "method", r->sweep, "standard, %",
            "empirical, %", "certified, %", "s/epoch");
    for (at.method = 0; at.method < plan->methods; at.method++)
        for (at.value = 0; at.value < plan->values; at.value++)
            put_group(out, r, &at);
}

void vouch_cli_tradeoff_text(FILE *out, const vouch_cli_tradeoff_report *r)
{
    vouch_plan_place at = {0};
    for (at.net = 0; at.net < r->grid->plan.nets; at.net++)
        for (at.radius = 0; at.radius < r->grid->plan.radii; at.radius++)
            put_table(out, r, at);
    if (r->grid->is_interrupted)
        fputs("interrupted: not all runs are finished\n", out);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_group(vouch_context *ctx, json_t *list, const vouch_cli_tradeoff_report *r,
                      const vouch_plan_place *at)
{
    const vouch_plan *plan = &r->grid->plan;
    const vouch_tradeoff_group group = vouch_tradeoff_gather(plan, r->grid->result, at);
    if (group.finished == 0)
        return;
    json_t *one = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_text(ctx, one, "net", plan->net[at->net]);
    (void)vouch_json_add_real(ctx, one, "eps", plan->eps[at->radius]);
    (void)vouch_json_add_text(ctx, one, "method", plan->method[at->method].name);
    (void)vouch_json_add_text(ctx, one, "value", plan->value[at->value]);
    (void)vouch_json_add_int(ctx, one, "finished", group.finished);
    (void)vouch_json_add_int(ctx, one, "failed", group.failed);
    for (vouch_tradeoff_figure f = 0; f < VOUCH_TRADEOFF_FIGURES; f++)
        vouch_cli_grid_figure(ctx, one, vouch_tradeoff_name(f), &group.figure[f]);
}

static void add_groups(vouch_context *ctx, json_t *root, const vouch_cli_tradeoff_report *r)
{
    const vouch_plan *plan = &r->grid->plan;
    json_t *list = vouch_json_array_in(ctx, root, "groups");
    vouch_plan_place at = {0};
    for (at.net = 0; at.net < plan->nets; at.net++)
        for (at.radius = 0; at.radius < plan->radii; at.radius++)
            for (at.method = 0; at.method < plan->methods; at.method++)
                for (at.value = 0; at.value < plan->values; at.value++)
                    add_group(ctx, list, r, &at);
}

vouch_status vouch_cli_tradeoff_json(vouch_context *ctx, FILE *out,
                                     const vouch_cli_tradeoff_report *r)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    (void)vouch_json_add_text(ctx, root, "study", "tradeoff");
    (void)vouch_json_add_text(ctx, root, "sweep", r->sweep);
    (void)vouch_json_add_text(ctx, root, "attack", r->attack);
    (void)vouch_json_add_text(ctx, root, "certify", vouch_certify_name(r->certify_level));
    vouch_cli_grid_json(r->grid, root);
    add_groups(ctx, root, r);
    return vouch_cli_output_json(ctx, out, root);
}
