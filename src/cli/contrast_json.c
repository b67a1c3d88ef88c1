/* The JSON of `vouch explain contrastive`. */
#include <math.h>

#include "base/json.h"
#include "cli/contrast_report.h"
#include "cli/output.h"

enum { SCHEMA = 1 };

/* The class there and the inputs that differ, as [input, value]. */
static void add_witness(vouch_context *ctx, json_t *one, const vouch_cli_formal *p,
                        const vouch_evidence *e)
{
    json_t *changes = vouch_json_array_in(ctx, one, "changes");
    (void)vouch_json_add_int(ctx, one, "class", e->rival);
    for (int64_t i = 0; e->witness != NULL && i < p->groups.inputs; i++) {
        if (e->witness[i] == p->x[i])
            continue;
        json_t *change = vouch_json_array_in(ctx, changes, NULL);
        (void)vouch_json_add_int(ctx, change, NULL, i);
        (void)vouch_json_add_real(ctx, change, NULL, (double)e->witness[i]);
    }
}

static void add_set(vouch_context *ctx, json_t *list, const vouch_cli_formal *p,
                    vouch_dual_kind kind, const vouch_dual *dual)
{
    json_t *one = vouch_json_object_in(ctx, list, NULL);
    json_t *features = vouch_json_array_in(ctx, one, "features");
    for (int64_t f = 0; f < p->groups.count; f++)
        if (vouch_set_has(dual->set, f))
            (void)vouch_json_add_int(ctx, features, NULL, f);
    (void)vouch_json_add_flag(ctx, one, "minimal", dual->is_minimal);
    if (kind == VOUCH_CONTRASTIVE)
        add_witness(ctx, one, p, dual->evidence);
}

static void add_list(vouch_context *ctx, json_t *to, const vouch_cli_formal *p,
                     const vouch_duals *d, vouch_dual_kind kind)
{
    const vouch_dual_list *list = &d->of[kind];
    json_t *one = vouch_json_object_in(ctx, to, vouch_dual_name(kind));
    (void)vouch_json_add_flag(ctx, one, "none", list->has_none);
    (void)vouch_json_add_flag(ctx, one, "all", list->is_all);
    (void)vouch_json_add_int(ctx, one, "at_least", list->at_least);
    (void)vouch_json_add_flag(ctx, one, "smallest", vouch_duals_is_smallest(d, kind));
    json_t *sets = vouch_json_array_in(ctx, one, "sets");
    for (int64_t k = 0; k < list->count; k++)
        add_set(ctx, sets, p, kind, &list->item[k]);
}

/* 1: in the smallest contrastive set that is known. */
static void add_values(vouch_context *ctx, json_t *one, const vouch_cli_formal *p,
                       const vouch_duals *d)
{
    const vouch_dual *best = vouch_duals_best(d, VOUCH_CONTRASTIVE);
    json_t *values = vouch_json_array_in(ctx, one, "values");
    for (int64_t f = 0; f < p->groups.count; f++)
        (void)vouch_json_add_real(ctx, values, NULL,
                                  best == NULL ? (double)NAN
                                               : (double)vouch_set_has(best->set, f));
}

static void add_point(vouch_context *ctx, json_t *list, const vouch_cli_formal_report *r,
                      const vouch_cli_formal *p, const vouch_contrast *c)
{
    json_t *one = vouch_json_object_in(ctx, list, NULL);
    vouch_cli_formal_json_point(ctx, one, r, p);
    (void)vouch_json_add_int(ctx, one, "predicted", p->predicted);
    add_values(ctx, one, p, &c->duals);
    json_t *certificate = vouch_json_object_in(ctx, one, "certificate");
    (void)vouch_json_add_flag(ctx, certificate, "decided", c->base.is_decided);
    (void)vouch_json_add_flag(ctx, certificate, "interrupted", c->base.is_interrupted);
    (void)vouch_json_add_flag(ctx, certificate, "out_of_time", c->base.is_out_of_time);
    (void)vouch_json_add_flag(ctx, certificate, "records_only", c->base.used_rules);
    (void)vouch_json_add_text(ctx, certificate, "unsuited", c->base.unsuited);
    json_t *fixed = vouch_json_array_in(ctx, certificate, "fixed");
    for (int64_t f = 0; f < c->base.features; f++)
        if (c->base.fixed[f])
            (void)vouch_json_add_int(ctx, fixed, NULL, f);
    for (int kind = 0; kind < VOUCH_DUAL_KINDS; kind++)
        add_list(ctx, certificate, p, &c->duals, (vouch_dual_kind)kind);
    vouch_cli_formal_json_work(ctx, one, &c->base);
}

vouch_status vouch_cli_contrast_json(vouch_context *ctx, FILE *out,
                                     const vouch_cli_contrast_report *report)
{
    const vouch_cli_formal_report *r = &report->base;
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    vouch_cli_formal_json_head(
        ctx, root, r,
        &(vouch_cli_formal_kind){.name = "contrastive",
                                 .type = "contrastive explanation",
                                 .rows = vouch_contrast_options,
                                 .row_count = vouch_contrast_option_count});
    json_t *list = vouch_json_array_in(ctx, root, "explanations");
    for (int64_t k = 0; k < r->count; k++)
        add_point(ctx, list, r, &r->point[k], &report->contrast[k]);
    vouch_cli_formal_json_tail(ctx, root, r);
    return vouch_cli_output_json(ctx, out, root);
}
