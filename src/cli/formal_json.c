/* The JSON of `vouch explain formal`: the form that all explanations share (docs/json.md). */
#include <inttypes.h>
#include <math.h>

#include "base/json.h"
#include "cli/formal_report.h"
#include "cli/output.h"
#include "vouch/vouch.h"

enum { SCHEMA = 1 };

/* One number, or one for each input. */
static void add_radius(vouch_context *ctx, json_t *params, const vouch_cli_formal_report *r)
{
    if (r->ball->radius == NULL) {
        (void)vouch_json_add_real(ctx, params, "eps", r->ball->eps);
        return;
    }
    (void)vouch_json_add_reals(ctx, params, "radii", r->ball->radius, (size_t)r->ball->size);
}

void vouch_cli_formal_json_network(vouch_context *ctx, json_t *to,
                                   const vouch_cli_network *network)
{
    (void)vouch_json_add_text(ctx, to, "network", network->path);
    (void)vouch_json_add_text(ctx, to, "network_sha256", network->sha256);
}

static void add_meta(vouch_context *ctx, json_t *root, const vouch_cli_formal_report *r,
                     const vouch_cli_formal_kind *kind)
{
    json_t *meta = vouch_json_object_in(ctx, root, "meta");
    (void)vouch_json_add_text(ctx, meta, "name", kind->name);
    (void)vouch_json_add_text(ctx, meta, "type", kind->type);
    (void)vouch_json_add_text(ctx, meta, "version", vouch_version());
    (void)vouch_json_add_int(ctx, meta, "seed", r->settings->seed);
    if (!kind->has_networks)
        vouch_cli_formal_json_network(ctx, meta, r->network);
    (void)vouch_json_add_text(ctx, meta, "data", r->points->place);
    vouch_cli_points_json(ctx, meta, r->points);
    json_t *params = vouch_json_object_in(ctx, meta, "params");
    add_radius(ctx, params, r);
    (void)vouch_json_add_text(ctx, params, "groups", r->groups);
    for (size_t i = 0; i < kind->row_count; i++)
        vouch_cli_add_setting(ctx, params, &kind->rows[i], r->settings);
}

static const vouch_cli_formal *with_most_features(const vouch_cli_formal_report *r)
{
    const vouch_cli_formal *most = &r->point[0];
    for (int64_t k = 1; k < r->count; k++)
        if (r->point[k].groups.count > most->groups.count)
            most = &r->point[k];
    return most;
}

static void add_names(vouch_context *ctx, json_t *root, const vouch_cli_formal_report *r)
{
    const vouch_cli_formal *p = with_most_features(r);
    json_t *features = vouch_json_array_in(ctx, root, "feature_names");
    json_t *outputs = vouch_json_array_in(ctx, root, "output_names");
    for (int64_t f = 0; f < p->groups.count; f++)
        (void)vouch_json_add_text(ctx, features, NULL, vouch_cli_feature_name(r, p, f).text);
    for (int64_t k = 0; k < r->network->outputs; k++)
        (void)vouch_json_add_text(ctx, outputs, NULL, vouch_cli_class_name(r->points, k).text);
}

/* 1: relevant, 0: irrelevant, null: not known. */
static void add_values(vouch_context *ctx, json_t *one, const vouch_explanation *e)
{
    json_t *values = vouch_json_array_in(ctx, one, "values");
    for (int64_t f = 0; f < e->features; f++)
        (void)vouch_json_add_real(ctx, values, NULL,
                                  e->class[f] == VOUCH_FORMAL_UNKNOWN
                                      ? (double)NAN
                                      : (double)(e->class[f] == VOUCH_FORMAL_RELEVANT));
}

static void add_list(vouch_context *ctx, json_t *to, const vouch_explanation *e,
                     vouch_formal_class class)
{
    json_t *list = vouch_json_array_in(ctx, to, vouch_formal_class_name(class));
    for (int64_t f = 0; f < e->features; f++)
        if (e->class[f] == class)
            (void)vouch_json_add_int(ctx, list, NULL, f);
}

/* The numbers that differ from the point's, as [input, value]. */
static void add_witnesses(vouch_context *ctx, json_t *to, const vouch_cli_formal *p)
{
    const vouch_explanation *e = &p->explanation;
    json_t *list = vouch_json_array_in(ctx, to, "witnesses");
    for (int64_t f = 0; f < e->features; f++) {
        if (e->witness[f] == NULL)
            continue;
        json_t *one = vouch_json_object_in(ctx, list, NULL);
        (void)vouch_json_add_int(ctx, one, "feature", f);
        (void)vouch_json_add_int(ctx, one, "class", e->rival[f]);
        json_t *changes = vouch_json_array_in(ctx, one, "changes");
        for (int64_t i = 0; i < p->groups.inputs; i++) {
            if (e->witness[f][i] == p->x[i])
                continue;
            json_t *change = vouch_json_array_in(ctx, changes, NULL);
            (void)vouch_json_add_int(ctx, change, NULL, i);
            (void)vouch_json_add_real(ctx, change, NULL, (double)e->witness[f][i]);
        }
    }
}

static void add_certificate(vouch_context *ctx, json_t *one, const vouch_cli_formal *p)
{
    const vouch_explanation *e = &p->explanation;
    json_t *c = vouch_json_object_in(ctx, one, "certificate");
    (void)vouch_json_add_flag(ctx, c, "decided", e->is_decided);
    (void)vouch_json_add_flag(ctx, c, "minimal", e->is_minimal);
    (void)vouch_json_add_real(ctx, c, "at_least",
                              e->is_bounded ? (double)e->at_least : (double)NAN);
    (void)vouch_json_add_flag(ctx, c, "interrupted", e->is_interrupted);
    (void)vouch_json_add_flag(ctx, c, "out_of_time", e->is_out_of_time);
    (void)vouch_json_add_flag(ctx, c, "records_only", e->used_rules);
    (void)vouch_json_add_text(ctx, c, "unsuited", e->unsuited);
    add_list(ctx, c, e, VOUCH_FORMAL_IRRELEVANT);
    add_list(ctx, c, e, VOUCH_FORMAL_RELEVANT);
    add_list(ctx, c, e, VOUCH_FORMAL_UNKNOWN);
    json_t *fixed = vouch_json_array_in(ctx, c, "fixed"); /* among the irrelevant */
    for (int64_t f = 0; f < e->features; f++)
        if (e->fixed[f])
            (void)vouch_json_add_int(ctx, fixed, NULL, f);
    add_witnesses(ctx, c, p);
}

void vouch_cli_formal_json_work(vouch_context *ctx, json_t *one, const vouch_explanation *e)
{
    json_t *calls = vouch_json_object_in(ctx, one, "evaluations");
    for (int l = 0; l < VOUCH_ORACLE_LEVELS; l++)
        (void)vouch_json_add_int(ctx, calls, vouch_oracle_name((vouch_oracle_level)l),
                                 e->calls[l]);
    (void)vouch_json_add_real(ctx, one, "prove_seconds", e->prove_s);
    (void)vouch_json_add_real(ctx, one, "attack_seconds", e->attack_s);
    (void)vouch_json_add_real(ctx, one, "cpu_seconds", e->cpu_s);
    (void)vouch_json_add_real(ctx, one, "seconds", e->wall_s);
}

void vouch_cli_formal_json_point(vouch_context *ctx, json_t *one,
                                 const vouch_cli_formal_report *r, const vouch_cli_formal *p)
{
    (void)vouch_json_add_int(ctx, one, "index", p->index);
    (void)vouch_json_add_int(ctx, one, "label", p->label);
    json_t *data = vouch_json_array_in(ctx, one, "data");
    for (int64_t i = 0; i < p->groups.inputs; i++)
        (void)vouch_json_add_real(ctx, data, NULL, (double)p->x[i]);
    if (!vouch_grouping_find(r->groups)->is_of_point)
        return;
    json_t *of = vouch_json_array_in(ctx, one, "feature_of");
    for (int64_t i = 0; i < p->groups.inputs; i++)
        (void)vouch_json_add_int(ctx, of, NULL, p->groups.of[i]);
}

void vouch_cli_formal_json_found(vouch_context *ctx, json_t *one, const vouch_cli_formal *p)
{
    (void)vouch_json_add_int(ctx, one, "predicted", p->predicted);
    add_values(ctx, one, &p->explanation);
    add_certificate(ctx, one, p);
    vouch_cli_formal_json_work(ctx, one, &p->explanation);
}

void vouch_cli_formal_json_head(vouch_context *ctx, json_t *root,
                                const vouch_cli_formal_report *r,
                                const vouch_cli_formal_kind *kind)
{
    add_meta(ctx, root, r, kind);
    json_t *shape = vouch_json_array_in(ctx, root, "shape");
    (void)vouch_json_add_int(ctx, shape, NULL, r->count);
    (void)vouch_json_add_int(ctx, shape, NULL, with_most_features(r)->groups.count);
    (void)vouch_json_add_int(ctx, shape, NULL, 1); /* of one output: the class */
    add_names(ctx, root, r);
}

void vouch_cli_formal_json_tail(vouch_context *ctx, json_t *root,
                                const vouch_cli_formal_report *r)
{
    (void)vouch_json_add_flag(ctx, root, "interrupted", r->is_interrupted);
    (void)vouch_json_add_real(ctx, root, "seconds", r->seconds);
    (void)vouch_json_add_real(ctx, root, "cpu_seconds", r->cpu_seconds);
}

vouch_status vouch_cli_formal_json(vouch_context *ctx, FILE *out,
                                   const vouch_cli_formal_report *r)
{
    const vouch_cli_formal_kind kind = {.name = "formal",
                                        .type = "formal explanation",
                                        .rows = vouch_formal_options,
                                        .row_count = vouch_formal_option_count};
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    vouch_cli_formal_json_head(ctx, root, r, &kind);
    json_t *list = vouch_json_array_in(ctx, root, "explanations");
    for (int64_t k = 0; k < r->count; k++) {
        json_t *one = vouch_json_object_in(ctx, list, NULL);
        vouch_cli_formal_json_point(ctx, one, r, &r->point[k]);
        vouch_cli_formal_json_found(ctx, one, &r->point[k]);
    }
    vouch_cli_formal_json_tail(ctx, root, r);
    return vouch_cli_output_json(ctx, out, root);
}
