/* The text and the JSON of `vouch lab landscape`. */
#include "cli/landscape_report.h"

#include "base/json.h"
#include "cli/output.h"
#include "cli/text.h"

enum { SCHEMA = 1 };

static const vouch_landscape *landscape_at(const vouch_cli_landscape_report *r, int point,
                                           int network)
{
    return &r->picture->landscape[(ptrdiff_t)point * r->picture->networks + network];
}

/* The class at the FGSM point. */
static int fgsm_class(const vouch_landscape *l) { return l->predicted[l->grid - 1]; }

static double axis_value(const vouch_landscape *l, int place)
{
    return (double)place / (l->grid - 1);
}

/* ---- text ---------------------------------------------------------------------------------- */

static void put_point(FILE *out, const vouch_cli_landscape_report *r, int point, int network)
{
    const vouch_landscape *l = landscape_at(r, point, network);
    fprintf(out, "%-8s %-8s %6d %6d %6d %10.4g %10.4g %10.4g %10.4g %11.4g\n",
            r->picture->point_name[point], network == 0 ? "1" : "2", l->label, l->predicted[0],
            fgsm_class(l), l->loss[0], l->rise, l->promised, l->loss[l->highest],
            l->linearity_error);
}

void vouch_cli_landscape_text(FILE *out, const vouch_cli_landscape_report *r)
{
    const vouch_landscape_picture *p = r->picture;
    for (int n = 0; n < p->networks; n++)
        fprintf(out, "network %d  %s\n", n + 1, r->network[n].path);
    fprintf(out, "data       %s\n", r->data);
    fprintf(out, "loss       %s, eps %s%s\n", r->loss->summary, vouch_cli_real(p->eps).text,
            r->clip ? ", clipped to the valid range" : "");
    fprintf(out, "%-8s %-8s %6s %6s %6s %10s %10s %10s %10s %11s\n", "point", "network",
            "label", "clean", "FGSM", "loss", "rise", "promised", "highest", "linearity");
    for (int i = 0; i < p->points; i++)
        for (int n = 0; n < p->networks; n++)
            put_point(out, r, i, n);
    fprintf(out, "time       %s\n", vouch_cli_seconds(r->seconds).text);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_maps(vouch_context *ctx, json_t *one, const vouch_landscape *l)
{
    json_t *loss = vouch_json_array_in(ctx, one, "loss");
    json_t *predicted = vouch_json_array_in(ctx, one, "predicted");
    for (int row = 0; row < l->grid; row++) {
        const ptrdiff_t at = (ptrdiff_t)row * l->grid;
        json_t *classes = vouch_json_array_in(ctx, predicted, NULL);
        (void)vouch_json_add_reals(ctx, loss, NULL, l->loss + at, (size_t)l->grid);
        for (int i = 0; i < l->grid; i++)
            (void)vouch_json_add_int(ctx, classes, NULL, l->predicted[at + i]);
    }
}

static void add_landscape(vouch_context *ctx, json_t *one, const vouch_landscape *l)
{
    json_t *highest;
    (void)vouch_json_add_int(ctx, one, "label", l->label);
    (void)vouch_json_add_int(ctx, one, "clean", l->predicted[0]);
    (void)vouch_json_add_int(ctx, one, "fgsm", fgsm_class(l));
    (void)vouch_json_add_real(ctx, one, "loss_clean", l->loss[0]);
    (void)vouch_json_add_real(ctx, one, "loss_fgsm", l->loss[l->grid - 1]);
    (void)vouch_json_add_real(ctx, one, "rise", l->rise);
    (void)vouch_json_add_real(ctx, one, "promised", l->promised);
    (void)vouch_json_add_real(ctx, one, "prediction_error", l->rise - l->promised);
    (void)vouch_json_add_real(ctx, one, "linearity_error", l->linearity_error);
    highest = vouch_json_object_in(ctx, one, "highest");
    (void)vouch_json_add_real(ctx, highest, "a", axis_value(l, l->highest % l->grid));
    (void)vouch_json_add_real(ctx, highest, "b", axis_value(l, l->highest / l->grid));
    (void)vouch_json_add_real(ctx, highest, "loss", l->loss[l->highest]);
    add_maps(ctx, one, l);
}

static void fill(vouch_context *ctx, json_t *root, const vouch_cli_landscape_report *r)
{
    const vouch_landscape_picture *p = r->picture;
    json_t *list;
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    (void)vouch_json_add_text(ctx, root, "data", r->data);
    (void)vouch_json_add_text(ctx, root, "loss", r->loss->name);
    (void)vouch_json_add_real(ctx, root, "eps", p->eps);
    (void)vouch_json_add_int(ctx, root, "grid", p->landscape->grid);
    (void)vouch_json_add_int(ctx, root, "pairs", r->pairs);
    (void)vouch_json_add_flag(ctx, root, "clip", r->clip);
    (void)vouch_json_add_count(ctx, root, "seed", r->seed);
    (void)vouch_json_add_real(ctx, root, "seconds", r->seconds);
    list = vouch_json_array_in(ctx, root, "landscapes");
    for (int i = 0; i < p->points; i++)
        for (int n = 0; n < p->networks; n++) {
            json_t *one = vouch_json_object_in(ctx, list, NULL);
            (void)vouch_json_add_text(ctx, one, "point", p->point_name[i]);
            (void)vouch_json_add_text(ctx, one, "network", r->network[n].path);
            (void)vouch_json_add_text(ctx, one, "network_sha256", r->network[n].sha256);
            add_landscape(ctx, one, landscape_at(r, i, n));
        }
}

vouch_status vouch_cli_landscape_json(vouch_context *ctx, FILE *out,
                                      const vouch_cli_landscape_report *r)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    fill(ctx, root, r);
    return vouch_cli_output_json(ctx, out, root);
}
