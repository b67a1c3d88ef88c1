/* Text and JSON of `vouch explain latent` (docs/json.md). */
#include "cli/latent_report.h"

#include <inttypes.h>
#include <math.h>

#include "base/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "vouch/vouch.h"

enum { SCHEMA = 1, SHOWN = 64 }; /* pairs listed in the text, at most */

/* The class that a prototype speaks for most. */
static int class_of(const vouch_latent_net *net, int64_t prototype)
{
    int best = 0;
    for (int k = 1; k < net->classes; k++)
        if (net->weight[k * net->chain.count + prototype] >
            net->weight[best * net->chain.count + prototype])
            best = k;
    return best;
}

/* An observed distance: the middle of its interval. */
static double distance(const vouch_cli_latent *p, int64_t pair)
{
    const vouch_span s = p->problem.squared[pair];
    return sqrt(0.5 * (s.low + s.high));
}

/* ---- text ---------------------------------------------------------------------------------- */

static void put_domain(FILE *out, const vouch_cli_latent_report *r)
{
    if (r->eps >= 0)
        fprintf(out, "domain     latent maps of inputs within %s%s of the point\n",
                vouch_cli_real(r->eps).text, vouch_cli_points_unit(r->points));
    else
        fprintf(out, "domain     %s\n",
                r->anywhere ? "latent maps of any numbers"
                            : "latent maps that the last activation can give");
    if (r->slack > 0)
        fprintf(out, "slack      distances may differ by %s\n", vouch_cli_real(r->slack).text);
}

static void put_pairs(FILE *out, const vouch_cli_latent_report *r, const vouch_cli_latent *p)
{
    const int64_t n = p->problem.prototypes, all = n * p->problem.components;
    int64_t shown = 0;
    for (int64_t k = 0; k < all && shown < SHOWN; k++) {
        const int64_t l = k / n, j = k % n;
        if (!p->explanation.given[k])
            continue;
        shown++;
        fprintf(out,
                "  component %2" PRId64 ",%-2" PRId64 "  prototype %3" PRId64
                " (class %s)  distance %.4f\n",
                l / r->net->width, l % r->net->width, j,
                vouch_cli_class_name(r->points, class_of(r->net, j)).text, distance(p, k));
    }
    if (p->explanation.count > shown)
        fprintf(out, "  and %s more\n",
                vouch_cli_count((uint64_t)(p->explanation.count - shown)).text);
}

/* Prototypes with all their components. */
static void put_whole(FILE *out, const vouch_cli_latent_report *r, const vouch_cli_latent *p)
{
    const int64_t n = p->problem.prototypes;
    for (int64_t j = 0; j < n; j++) {
        int64_t nearest = 0;
        for (int64_t l = 1; l < p->problem.components; l++)
            if (distance(p, l * n + j) < distance(p, nearest * n + j))
                nearest = l;
        if (p->explanation.given[j])
            fprintf(out,
                    "  prototype %3" PRId64 " (class %s)  nearest component %2" PRId64
                    ",%-2" PRId64 "  distance %.4f\n",
                    j, vouch_cli_class_name(r->points, class_of(r->net, j)).text,
                    nearest / r->net->width, nearest % r->net->width,
                    distance(p, nearest * n + j));
    }
}

static void put_point(FILE *out, const vouch_cli_latent_report *r, const vouch_cli_latent *p)
{
    const vouch_latent_explanation *e = &p->explanation;
    const char *class = vouch_cli_class_name(r->points, p->predicted).text;
    fprintf(out, "point      %" PRId64 ": class %s", p->index, class);
    if (p->label >= 0 && p->label != p->predicted)
        fprintf(out, " (the data says %s)", vouch_cli_class_name(r->points, p->label).text);
    fprintf(out, "\n");
    if (!e->is_entailed) {
        fprintf(out, "undecided  not even all distances together prove the class\n");
        return;
    }
    if (r->bounding->top)
        fprintf(out,
                "explains   %" PRId64 " of %" PRId64
                " prototypes: every latent map of the domain that is as similar to these, and "
                "no more similar to others, has that class\n",
                e->whole, p->problem.prototypes);
    else
        fprintf(out,
                "explains   %" PRId64 " of %" PRId64
                " pairs: every latent map of the domain with these distances has that class\n",
                e->count, p->problem.components * p->problem.prototypes);
    if (r->bounding->top)
        put_whole(out, r, p);
    else
        put_pairs(out, r, p);
    fprintf(out, "margin     %.4g over every other class, proved; %s sets asked, CPU %s\n",
            e->margin, vouch_cli_count((uint64_t)e->questions).text,
            vouch_cli_seconds(e->cpu_s).text);
}

static void put_means(FILE *out, const vouch_cli_latent_report *r)
{
    double pairs = 0, cpu = 0, decided = 0;
    for (int64_t k = 0; k < r->count; k++) {
        const vouch_latent_explanation *e = &r->point[k].explanation;
        decided += e->is_entailed;
        pairs += e->is_entailed ? (double)e->count : 0;
        cpu += e->cpu_s;
    }
    fprintf(out, "means      %.1f pairs, of the %.0f points that are explained; CPU %s\n",
            decided > 0 ? pairs / decided : 0, decided,
            vouch_cli_seconds(cpu / (double)r->count).text);
}

void vouch_cli_latent_text(FILE *out, const vouch_cli_latent_report *r)
{
    const vouch_prototypes *chain = &r->net->chain;
    fprintf(out, "network    %s (%s inputs, %s classes)\n", r->network->path,
            vouch_cli_count((uint64_t)r->network->inputs).text,
            vouch_cli_count((uint64_t)r->network->outputs).text);
    fprintf(out,
            "head       %" PRId64 " x %" PRId64 " components of %" PRId64 " numbers, %" PRId64
            " prototypes\n",
            r->net->height, r->net->width, chain->dimension, chain->count);
    fprintf(out, "bounds     %s: %s\n", r->bounding->name, r->bounding->summary);
    put_domain(out, r);
    for (int64_t k = 0; k < r->count; k++)
        put_point(out, r, &r->point[k]);
    if (r->count > 1)
        put_means(out, r);
    fprintf(out, "seconds    %s, CPU %s\n", vouch_cli_seconds(r->seconds).text,
            vouch_cli_seconds(r->cpu_seconds).text);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_meta(vouch_context *ctx, json_t *root, const vouch_cli_latent_report *r)
{
    json_t *meta = vouch_json_object_in(ctx, root, "meta");
    (void)vouch_json_add_text(ctx, meta, "name", "latent");
    (void)vouch_json_add_text(ctx, meta, "type", "latent explanation");
    (void)vouch_json_add_text(ctx, meta, "version", vouch_version());
    (void)vouch_json_add_text(ctx, meta, "network", r->network->path);
    (void)vouch_json_add_text(ctx, meta, "network_sha256", r->network->sha256);
    (void)vouch_json_add_text(ctx, meta, "data", r->points->place);
    vouch_cli_points_json(ctx, meta, r->points);
    json_t *params = vouch_json_object_in(ctx, meta, "params");
    (void)vouch_json_add_text(ctx, params, "bounds", r->bounding->name);
    (void)vouch_json_add_real(ctx, params, "eps", r->eps >= 0 ? r->eps : (double)NAN);
    (void)vouch_json_add_flag(ctx, params, "anywhere", r->anywhere);
    (void)vouch_json_add_real(ctx, params, "slack", r->slack);
}

static void add_head(vouch_context *ctx, json_t *root, const vouch_cli_latent_report *r)
{
    const vouch_prototypes *chain = &r->net->chain;
    json_t *head = vouch_json_object_in(ctx, root, "head");
    (void)vouch_json_add_int(ctx, head, "height", r->net->height);
    (void)vouch_json_add_int(ctx, head, "width", r->net->width);
    (void)vouch_json_add_int(ctx, head, "dimension", chain->dimension);
    (void)vouch_json_add_int(ctx, head, "prototypes", chain->count);
    json_t *classes = vouch_json_array_in(ctx, head, "prototype_classes");
    for (int64_t j = 0; j < chain->count; j++)
        (void)vouch_json_add_int(ctx, classes, NULL, class_of(r->net, j));
}

/* Pairs as [component, prototype, least and greatest squared distance]. */
static void add_pairs(vouch_context *ctx, json_t *one, const vouch_cli_latent *p)
{
    const int64_t n = p->problem.prototypes;
    json_t *pairs = vouch_json_array_in(ctx, one, "pairs");
    for (int64_t k = 0; k < n * p->problem.components; k++) {
        if (!p->explanation.is_entailed || !p->explanation.given[k])
            continue;
        json_t *pair = vouch_json_array_in(ctx, pairs, NULL);
        (void)vouch_json_add_int(ctx, pair, NULL, k / n);
        (void)vouch_json_add_int(ctx, pair, NULL, k % n);
        (void)vouch_json_add_real(ctx, pair, NULL, p->problem.squared[k].low);
        (void)vouch_json_add_real(ctx, pair, NULL, p->problem.squared[k].high);
    }
}

static void add_point(vouch_context *ctx, json_t *list, const vouch_cli_latent_report *r,
                      const vouch_cli_latent *p)
{
    const vouch_latent_explanation *e = &p->explanation;
    json_t *one = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_int(ctx, one, "index", p->index);
    (void)vouch_json_add_int(ctx, one, "label", p->label);
    (void)vouch_json_add_int(ctx, one, "predicted", p->predicted);
    (void)vouch_json_add_flag(ctx, one, "entailed", e->is_entailed);
    (void)vouch_json_add_int(ctx, one, "size", e->count);
    (void)vouch_json_add_int(ctx, one, "grown", e->grown);
    (void)vouch_json_add_int(ctx, one, "whole_prototypes", e->whole);
    (void)vouch_json_add_flag(ctx, one, "irreducible", e->is_entailed && !r->bounding->top);
    (void)vouch_json_add_real(ctx, one, "margin", e->margin);
    add_pairs(ctx, one, p);
    (void)vouch_json_add_int(ctx, one, "questions", e->questions);
    (void)vouch_json_add_real(ctx, one, "cpu_seconds", e->cpu_s);
}

vouch_status vouch_cli_latent_json(vouch_context *ctx, FILE *out,
                                   const vouch_cli_latent_report *r)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    add_meta(ctx, root, r);
    add_head(ctx, root, r);
    json_t *outputs = vouch_json_array_in(ctx, root, "output_names");
    for (int64_t k = 0; k < r->network->outputs; k++)
        (void)vouch_json_add_text(ctx, outputs, NULL, vouch_cli_class_name(r->points, k).text);
    json_t *list = vouch_json_array_in(ctx, root, "explanations");
    for (int64_t k = 0; k < r->count; k++)
        add_point(ctx, list, r, &r->point[k]);
    (void)vouch_json_add_flag(ctx, root, "interrupted", r->is_interrupted);
    (void)vouch_json_add_real(ctx, root, "seconds", r->seconds);
    (void)vouch_json_add_real(ctx, root, "cpu_seconds", r->cpu_seconds);
    return vouch_cli_output_json(ctx, out, root);
}
