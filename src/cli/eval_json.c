/* The JSON of `vouch eval` (docs/json.md, docs/schema/eval.json). */
#include <inttypes.h>

#include "base/json.h"
#include "cli/eval_report.h"
#include "cli/output.h"
#include "cli/share.h"

enum { SCHEMA = 1 };

static void add_head(vouch_context *ctx, json_t *root, const vouch_cli_eval_report *r)
{
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    (void)vouch_json_add_text(ctx, root, "network", r->network->path);
    (void)vouch_json_add_text(ctx, root, "network_sha256", r->network->sha256);
    (void)vouch_json_add_text(ctx, root, "data", r->points->place);
    vouch_cli_points_json(ctx, root, r->points);
    (void)vouch_json_add_text(ctx, root, "norm", vouch_norm_name(r->request->ball.norm));
    (void)vouch_json_add_text(ctx, root, "certify",
                              vouch_certify_name(r->request->certify_level));
    (void)vouch_json_add_real(ctx, root, "limit", r->request->limit_s);
    (void)vouch_json_add_count(ctx, root, "seed", r->request->seed);
    (void)vouch_json_add_flag(ctx, root, "interrupted", r->result->is_interrupted);
    (void)vouch_json_add_int(ctx, root, "points", r->points->count);
    vouch_cli_add_share(ctx, root, "right", r->result->right, r->points->count);
}

static void add_calibration(vouch_context *ctx, json_t *root, const vouch_calibration *c)
{
    json_t *to = vouch_json_object_in(ctx, root, "calibration");
    (void)vouch_json_add_real(ctx, to, "ece", c->ece);
    (void)vouch_json_add_real(ctx, to, "worst", c->worst);
    (void)vouch_json_add_real(ctx, to, "mean_confidence", c->mean_confidence);
    (void)vouch_json_add_real(ctx, to, "brier", c->brier);
    (void)vouch_json_add_real(ctx, to, "log_loss", c->log_loss);
    json_t *bins = vouch_json_array_in(ctx, to, "bins");
    for (int b = 0; b < VOUCH_BINS; b++) {
        json_t *bin = vouch_json_object_in(ctx, bins, NULL);
        (void)vouch_json_add_int(ctx, bin, "points", c->points[b]);
        (void)vouch_json_add_int(ctx, bin, "right", c->right[b]);
        (void)vouch_json_add_real(ctx, bin, "confidence", c->confidence[b]);
    }
}

/* null where nothing was to be proved. */
static void add_proved(vouch_context *ctx, json_t *row, const vouch_cli_eval_report *r,
                       int64_t certified)
{
    if (vouch_eval_proves(r->request))
        (void)vouch_json_add_int(ctx, row, "certified", certified);
    else
        (void)vouch_json_add_text(ctx, row, "certified", NULL);
}

static void add_classes(vouch_context *ctx, json_t *root, const vouch_cli_eval_report *r)
{
    json_t *list = vouch_json_array_in(ctx, root, "classes");
    for (int64_t k = 0; k < r->result->classes; k++) {
        const vouch_eval_class *c = &r->result->class[k];
        json_t *row = vouch_json_object_in(ctx, list, NULL);
        (void)vouch_json_add_int(ctx, row, "points", c->points);
        (void)vouch_json_add_int(ctx, row, "right", c->right);
        (void)vouch_json_add_int(ctx, row, "predicted", c->predicted);
        (void)vouch_json_add_int(ctx, row, "withstood", c->robust);
        add_proved(ctx, row, r, c->certified);
    }
}

/* Counts are of the points that are right and were explained. */
static void add_efx(vouch_context *ctx, json_t *row, const vouch_cli_eval_report *r, int i)
{
    const vouch_efx_radius *at = r->efx ? &r->efx[i] : NULL;
    if (at == NULL || at->point == NULL)
        return;
    json_t *to = vouch_json_object_in(ctx, row, "efx");
    (void)vouch_json_add_int(ctx, to, "explained", at->sum.explained);
    (void)vouch_json_add_int(ctx, to, "explainable", at->sum.explainable);
    vouch_cli_add_share(ctx, to, "efx", at->sum.efx, at->sum.explained);
    json_t *attacks = vouch_json_object_in(ctx, to, "attacks");
    for (int k = 0; k < r->result->radius[i].attacks; k++)
        (void)vouch_json_add_int(ctx, attacks, r->request->attack[k].name, at->efx[k]);
    (void)vouch_json_add_real(ctx, to, "features", at->sum.features);
    (void)vouch_json_add_real(ctx, to, "irrelevant", at->sum.irrelevant);
    (void)vouch_json_add_real(ctx, to, "cpu_seconds", at->sum.cpu_s);
}

static void add_radius(vouch_context *ctx, json_t *list, const vouch_cli_eval_report *r, int i)
{
    const vouch_eval_request *q = r->request;
    const vouch_eval_radius *at = &r->result->radius[i];
    json_t *row = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_real(ctx, row, "eps", at->eps);
    vouch_cli_add_share(ctx, row, "withstood", at->withstood, r->points->count);
    if (vouch_eval_proves(q))
        vouch_cli_add_share(ctx, row, "certified", at->certified, r->points->count);
    else {
        add_proved(ctx, row, r, 0);
        (void)vouch_json_add_reals(ctx, row, "certified_interval", NULL, 0);
    }
    json_t *attacks = vouch_json_object_in(ctx, row, "attacks");
    for (int k = 0; k < at->attacks; k++)
        (void)vouch_json_add_int(ctx, attacks, q->attack[k].name, at->robust[k]);
    json_t *levels = vouch_json_object_in(ctx, row, "levels");
    for (int level = 1; vouch_eval_proves(q) && level <= q->certify_level; level++)
        (void)vouch_json_add_int(ctx, levels, vouch_certify_name(level), at->by_level[level]);
    (void)vouch_json_add_int(ctx, row, "refuted", at->refuted);
    (void)vouch_json_add_int(ctx, row, "timed_out", at->timed_out);
    (void)vouch_json_add_real(ctx, row, "attack_seconds", at->attack_s);
    (void)vouch_json_add_real(ctx, row, "certify_seconds", at->certify_s);
    add_efx(ctx, row, r, i);
}

static void add_smoothing(vouch_context *ctx, json_t *root, const vouch_cli_eval_report *r)
{
    const vouch_smoothing *s = &r->request->smoothing;
    if (r->result->smoothed == NULL)
        return;
    json_t *to = vouch_json_object_in(ctx, root, "smoothing");
    (void)vouch_json_add_real(ctx, to, "sigma", r->request->smoothing_sigma);
    (void)vouch_json_add_int(ctx, to, "selection", s->selection);
    (void)vouch_json_add_int(ctx, to, "samples", s->samples);
    (void)vouch_json_add_real(ctx, to, "alpha", s->alpha);
    vouch_cli_add_share(ctx, to, "right", r->result->smoothed_right, r->points->count);
}

static void add_corruptions(vouch_context *ctx, json_t *root, const vouch_eval_result *result)
{
    json_t *to = vouch_json_object_in(ctx, root, "corruptions");
    for (int i = 0; i < result->corrupted_count; i++) {
        json_t *list = vouch_json_array_in(ctx, to, result->corrupted[i].corruption->name);
        for (int s = 0; s < VOUCH_SEVERITIES; s++)
            (void)vouch_json_add_int(ctx, list, NULL, result->corrupted[i].right[s]);
    }
}

static void add_transforms(vouch_context *ctx, json_t *root, const vouch_cli_eval_report *r)
{
    json_t *to = vouch_json_object_in(ctx, root, "transforms");
    for (int i = 0; i < r->result->transformed_count; i++) {
        const vouch_transformed *t = &r->result->transformed[i];
        json_t *row = vouch_json_object_in(ctx, to, t->transform->name);
        json_t *reach = vouch_json_array_in(ctx, row, "reach");
        json_t *withstood = vouch_json_array_in(ctx, row, "withstood");
        json_t *certified = vouch_json_array_in(ctx, row, "certified");
        (void)vouch_json_add_text(ctx, row, "unit", t->transform->unit);
        for (int s = 0; s < VOUCH_SEVERITIES; s++) {
            (void)vouch_json_add_real(ctx, reach, NULL, t->reach[s]);
            (void)vouch_json_add_int(ctx, withstood, NULL, t->withstood[s]);
            (void)vouch_json_add_int(ctx, certified, NULL, t->certified[s]);
        }
        (void)vouch_json_add_int(ctx, row, "limited", t->limited);
        (void)vouch_json_add_int(ctx, row, "cells", t->cells);
        (void)vouch_json_add_real(ctx, row, "seconds", t->seconds);
    }
}

/* What each transformation does to one point. */
static void add_transformed(vouch_context *ctx, json_t *row, const vouch_eval_result *result,
                            int64_t p)
{
    json_t *to = vouch_json_object_in(ctx, row, "transforms");
    for (int i = 0; i < result->transformed_count; i++) {
        const vouch_transform *t = result->transformed[i].transform;
        const vouch_transform_verdict *v = &result->transformed[i].verdict[p];
        json_t *at = vouch_json_object_in(ctx, to, t->name);
        (void)vouch_json_add_int(ctx, at, "certified", v->proved);
        (void)vouch_json_add_int(ctx, at, "refuted", v->refuted);
        (void)vouch_json_add_flag(ctx, at, "limited", v->is_limited);
        json_t *parameters = vouch_json_array_in(ctx, at, "parameters");
        for (int k = 0; v->refuted > 0 && k < vouch_transform_parameters(t); k++)
            (void)vouch_json_add_real(ctx, parameters, NULL, v->parameter[k]);
    }
}

/* By radius, how many features are irrelevant to one point; null: it was not explained. */
static void add_irrelevant(vouch_context *ctx, json_t *row, const vouch_cli_eval_report *r,
                           int64_t p)
{
    if (r->efx == NULL)
        return;
    json_t *list = vouch_json_array_in(ctx, row, "irrelevant");
    for (int i = 0; i < r->request->eps_count; i++)
        if (r->efx[i].point != NULL && r->efx[i].point[p].is_explained)
            (void)vouch_json_add_int(ctx, list, NULL, r->efx[i].point[p].irrelevant);
        else
            (void)vouch_json_add_text(ctx, list, NULL, NULL);
}

/* Of one point: its classes, and at each radius who found an adversarial and what proved. */
static void add_point(vouch_context *ctx, json_t *list, const vouch_cli_eval_report *r,
                      int64_t p)
{
    const vouch_eval_result *result = r->result;
    json_t *row = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_int(ctx, row, "label", r->request->points.label[p]);
    (void)vouch_json_add_int(ctx, row, "predicted", result->predicted[p]);
    json_t *found = vouch_json_array_in(ctx, row, "found_by"),
           *proved = vouch_json_array_in(ctx, row, "certified_by");
    for (int i = 0; i < r->request->eps_count; i++) {
        const vouch_eval_verdict *v = &result->verdict[i * r->points->count + p];
        (void)vouch_json_add_text(ctx, found, NULL, v->found_by);
        (void)vouch_json_add_text(ctx, proved, NULL,
                                  v->level > 0 ? vouch_certify_name(v->level) : NULL);
    }
    add_transformed(ctx, row, result, p);
    add_irrelevant(ctx, row, r, p);
    if (result->smoothed == NULL)
        return;
    (void)vouch_json_add_int(ctx, row, "smoothed", result->smoothed[p].predicted);
    (void)vouch_json_add_real(ctx, row, "radius_l2", result->smoothed[p].radius_l2);
}

static void fill(vouch_context *ctx, json_t *root, const vouch_cli_eval_report *r)
{
    add_head(ctx, root, r);
    add_calibration(ctx, root, &r->result->calibration);
    add_classes(ctx, root, r);
    json_t *radii = vouch_json_array_in(ctx, root, "radii");
    for (int i = 0; i < r->request->eps_count; i++)
        add_radius(ctx, radii, r, i);
    add_smoothing(ctx, root, r);
    add_corruptions(ctx, root, r->result);
    add_transforms(ctx, root, r);
    (void)vouch_json_add_real(ctx, root, "seconds", r->seconds);
    (void)vouch_json_add_real(ctx, root, "cpu_seconds", r->cpu_seconds);
    json_t *each = vouch_json_array_in(ctx, root, "each");
    for (int64_t p = 0; p < r->points->count; p++)
        add_point(ctx, each, r, p);
}

vouch_status vouch_cli_eval_json(vouch_context *ctx, FILE *out, const vouch_cli_eval_report *r)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    fill(ctx, root, r);
    return vouch_cli_output_json(ctx, out, root);
}
