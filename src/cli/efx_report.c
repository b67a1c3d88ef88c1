/* The text and the JSON of `vouch lab efx`. */
#include "cli/efx_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "cli/output.h"
#include "cli/share.h"
#include "vouch/vouch.h"

enum { SCHEMA = 1, OWN = 1, FORMAL = 2, CELL = 16 };

/* ---- columns ---------------------------------------------------------------------------------- */

bool vouch_cli_efx_column_at(const vouch_cli_efx_report *r, int radius, int which,
                             vouch_cli_efx_column *column)
{
    static const vouch_cli_efx_column fixed[VOUCH_CLI_EFX_FIXED] = {
        {"accuracy, %", {VOUCH_EFX_ACCURACY, 0, 0}, true},
        {"irrelevant", {VOUCH_EFX_IRRELEVANT, 0, 0}, false},
        {"explainable, %", {VOUCH_EFX_EXPLAINABLE, 0, 0}, true},
        {"EFX, %", {VOUCH_EFX_ANY, 0, 0}, true},
        {"EFX of all, %", {VOUCH_EFX_INPUTS, 0, 0}, true},
        {"CPU s", {VOUCH_EFX_CPU, 0, 0}, false}};
    const int attacks = r->plan->eval->attack_count > 1 ? r->plan->eval->attack_count : 0;
    if (which >= VOUCH_CLI_EFX_FIXED + attacks)
        return false;
    *column = fixed[which < VOUCH_CLI_EFX_FIXED ? which : 0];
    if (which >= VOUCH_CLI_EFX_FIXED) {
        const int k = which - VOUCH_CLI_EFX_FIXED;
        (void)snprintf(column->title, sizeof column->title, "EFX %s, %%",
                       r->plan->eval->attack[k].name);
        column->place = (vouch_efx_place){VOUCH_EFX_ATTACK, 0, k};
    }
    column->place.radius = radius;
    return true;
}

vouch_cli_number vouch_cli_efx_cell(const vouch_summary *s, bool is_share)
{
    vouch_cli_number out;
    const double scale = is_share ? 100 : 1, mean = scale * vouch_summary_mean(s);
    const int digits = is_share ? 2 : fabs(mean) < 100 ? 3 : 1;
    if (s->count == 0)
        snprintf(out.text, sizeof out.text, "-");
    else if (s->count == 1)
        snprintf(out.text, sizeof out.text, "%.*f", digits, mean);
    else
        snprintf(out.text, sizeof out.text, "%.*f ± %.*f", digits, mean, digits,
                 scale * vouch_summary_half(s));
    return out;
}

/* ---- text ------------------------------------------------------------------------------------- */

/* Right-aligned, as wide as it looks: "±" is one place of two bytes. */
static void put_cell(FILE *out, const char *text)
{
    const int wide = CELL + (strstr(text, "±") != NULL);
    fprintf(out, " %*s", wide, text);
}

static int label_width(const vouch_cli_efx_report *r)
{
    size_t width = 8;
    for (int k = 0; k < r->nets; k++)
        width = strlen(r->net[k].label) > width ? strlen(r->net[k].label) : width;
    return (int)width;
}

static int finished(const vouch_cli_efx_report *r, const char *label)
{
    const vouch_efx_place any = {VOUCH_EFX_ACCURACY, 0, 0};
    return vouch_efx_gather(r->net, r->nets, label, any).count;
}

static void put_radius(FILE *out, const vouch_cli_efx_report *r, int radius, int width)
{
    vouch_cli_efx_column c;
    fprintf(out, "\neps %s%s\n%-*s %5s", vouch_cli_real(r->plan->eval->eps[radius]).text,
            vouch_cli_points_unit(r->points), width, "label", "nets");
    for (int i = 0; vouch_cli_efx_column_at(r, radius, i, &c); i++)
        put_cell(out, c.title);
    fprintf(out, "\n");
    for (int k = 0; k < r->nets; k++) {
        const char *label = r->net[k].label;
        if (!vouch_efx_is_first(r->net, k))
            continue;
        fprintf(out, "%-*s %5d", width, label, finished(r, label));
        for (int i = 0; vouch_cli_efx_column_at(r, radius, i, &c); i++) {
            const vouch_summary s = vouch_efx_gather(r->net, r->nets, label, c.place);
            put_cell(out, vouch_cli_efx_cell(&s, c.is_share).text);
        }
        fprintf(out, "\n");
    }
}

static void put_orders(FILE *out, const vouch_cli_efx_report *r, int width)
{
    const vouch_efx_plan *plan = r->plan;
    if (plan->orders == 0)
        return;
    fprintf(out,
            "\nirrelevant features by order of traversal, strategy %s, eps %s, first %s "
            "points\n%-*s",
            plan->order_strategy,
            vouch_cli_real(plan->eval->eps[plan->eval->eps_count - 1]).text,
            vouch_cli_count((uint64_t)plan->few).text, width, "label");
    for (int o = 0; o < plan->orders; o++)
        put_cell(out, plan->order[o]);
    fprintf(out, "\n");
    for (int k = 0; k < r->nets; k++) {
        if (!vouch_efx_is_first(r->net, k))
            continue;
        fprintf(out, "%-*s", width, r->net[k].label);
        for (int o = 0; o < plan->orders; o++) {
            const vouch_summary s = vouch_efx_gather(r->net, r->nets, r->net[k].label,
                                                     (vouch_efx_place){VOUCH_EFX_ORDER, 0, o});
            put_cell(out, vouch_cli_efx_cell(&s, false).text);
        }
        fprintf(out, "\n");
    }
}

void vouch_cli_efx_text(FILE *out, const vouch_cli_efx_report *r)
{
    const vouch_formal_settings *formal = r->plan->how.formal;
    const int width = label_width(r);
    fprintf(out, "points     %s (%s)\n", r->call->argument[0],
            vouch_cli_count((uint64_t)r->points->count).text);
    vouch_cli_points_text(out, r->points);
    fprintf(out, "asked      strategy %s, order %s, oracle %s, features: %s\n",
            formal->strategy, formal->order, formal->oracle, r->plan->how.grouping->name);
    if (r->is_interrupted)
        fprintf(out, "interrupted: networks that are not finished are left out\n");
    for (int i = 0; i < r->plan->eval->eps_count; i++)
        put_radius(out, r, i, width);
    put_orders(out, r, width);
    fprintf(out, "\ntime       %s, CPU %s\n", vouch_cli_seconds(r->seconds).text,
            vouch_cli_seconds(r->cpu_seconds).text);
}

/* ---- JSON: networks --------------------------------------------------------------------------- */

static void add_radius(vouch_context *ctx, json_t *list, const vouch_cli_efx_report *r,
                       const vouch_efx_net *net, int i)
{
    const vouch_eval_request *q = r->plan->eval;
    const vouch_efx_sum *s = &net->radius[i].sum;
    json_t *row = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_real(ctx, row, "eps", q->eps[i]);
    (void)vouch_json_add_int(ctx, row, "explained", s->explained);
    (void)vouch_json_add_int(ctx, row, "explainable", s->explainable);
    vouch_cli_add_share(ctx, row, "efx", s->efx, s->explained);
    json_t *attacks = vouch_json_object_in(ctx, row, "attacks");
    for (int k = 0; k < q->attack_count; k++) {
        json_t *attack = vouch_json_object_in(ctx, attacks, q->attack[k].name);
        (void)vouch_json_add_int(ctx, attack, "withstood", net->attacks.radius[i].robust[k]);
        (void)vouch_json_add_int(ctx, attack, "efx", net->radius[i].efx[k]);
    }
    (void)vouch_json_add_real(ctx, row, "features", s->features);
    (void)vouch_json_add_real(ctx, row, "irrelevant", s->irrelevant);
    (void)vouch_json_add_real(ctx, row, "cpu_seconds", s->cpu_s);
    json_t *each = vouch_json_array_in(ctx, row, "each");
    for (int64_t p = 0; p < net->chosen; p++)
        (void)vouch_json_add_int(ctx, each, NULL, net->radius[i].point[p].irrelevant);
}

static void add_net(vouch_context *ctx, json_t *list, const vouch_cli_efx_report *r,
                    const vouch_efx_net *net)
{
    json_t *row = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_text(ctx, row, "label", net->label);
    (void)vouch_json_add_text(ctx, row, "network", net->path);
    (void)vouch_json_add_text(ctx, row, "network_sha256", net->sha256);
    (void)vouch_json_add_int(ctx, row, "parameters", net->parameters);
    (void)vouch_json_add_int(ctx, row, "points", net->points);
    vouch_cli_add_share(ctx, row, "right", net->right, net->points);
    json_t *radii = vouch_json_array_in(ctx, row, "radii");
    for (int i = 0; i < r->plan->eval->eps_count; i++)
        add_radius(ctx, radii, r, net, i);
    json_t *orders = vouch_json_object_in(ctx, row, "orders");
    for (int o = 0; o < r->plan->orders; o++)
        (void)vouch_json_add_real(ctx, orders, r->plan->order[o], net->order[o].irrelevant);
}

/* ---- JSON: labels ----------------------------------------------------------------------------- */

static void add_summary(vouch_context *ctx, json_t *to, const char *name,
                        const vouch_cli_efx_report *r, const char *label, vouch_efx_place place)
{
    const vouch_summary s = vouch_efx_gather(r->net, r->nets, label, place);
    json_t *row = vouch_json_object_in(ctx, to, name);
    (void)vouch_json_add_real(ctx, row, "mean", vouch_summary_mean(&s));
    (void)vouch_json_add_real(ctx, row, "half", vouch_summary_half(&s));
}

static void add_group_radius(vouch_context *ctx, json_t *list, const vouch_cli_efx_report *r,
                             const char *label, int i)
{
    const vouch_eval_request *q = r->plan->eval;
    json_t *row = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_real(ctx, row, "eps", q->eps[i]);
    add_summary(ctx, row, "irrelevant", r, label,
                (vouch_efx_place){VOUCH_EFX_IRRELEVANT, i, 0});
    add_summary(ctx, row, "explainable", r, label,
                (vouch_efx_place){VOUCH_EFX_EXPLAINABLE, i, 0});
    add_summary(ctx, row, "efx", r, label, (vouch_efx_place){VOUCH_EFX_ANY, i, 0});
    add_summary(ctx, row, "efx_inputs", r, label, (vouch_efx_place){VOUCH_EFX_INPUTS, i, 0});
    add_summary(ctx, row, "cpu_seconds", r, label, (vouch_efx_place){VOUCH_EFX_CPU, i, 0});
    json_t *attacks = vouch_json_object_in(ctx, row, "attacks");
    for (int k = 0; k < q->attack_count; k++)
        add_summary(ctx, attacks, q->attack[k].name, r, label,
                    (vouch_efx_place){VOUCH_EFX_ATTACK, i, k});
}

static void add_group(vouch_context *ctx, json_t *list, const vouch_cli_efx_report *r,
                      const char *label)
{
    json_t *row = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_text(ctx, row, "label", label);
    (void)vouch_json_add_int(ctx, row, "networks", finished(r, label));
    add_summary(ctx, row, "accuracy", r, label, (vouch_efx_place){VOUCH_EFX_ACCURACY, 0, 0});
    json_t *radii = vouch_json_array_in(ctx, row, "radii");
    for (int i = 0; i < r->plan->eval->eps_count; i++)
        add_group_radius(ctx, radii, r, label, i);
    json_t *orders = vouch_json_object_in(ctx, row, "orders");
    for (int o = 0; o < r->plan->orders; o++)
        add_summary(ctx, orders, r->plan->order[o], r, label,
                    (vouch_efx_place){VOUCH_EFX_ORDER, 0, o});
}

/* ---- JSON: all -------------------------------------------------------------------------------- */

static void add_asked(vouch_context *ctx, json_t *root, const vouch_cli_efx_report *r)
{
    json_t *to = vouch_json_object_in(ctx, root, "settings");
    for (int t = OWN; t <= FORMAL; t++) {
        const vouch_cli_table table = vouch_command_options(r->call->command, t);
        for (size_t i = 0; i < *table.count; i++)
            vouch_cli_add_setting(ctx, to, &table.rows[i], r->call->settings[t]);
    }
}

vouch_status vouch_cli_efx_json(vouch_context *ctx, FILE *out, const vouch_cli_efx_report *r)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    (void)vouch_json_add_text(ctx, root, "study", "efx");
    (void)vouch_json_add_text(ctx, root, "vouch", vouch_version());
    (void)vouch_json_add_flag(ctx, root, "finished", !r->is_interrupted);
    (void)vouch_json_add_text(ctx, root, "data", r->call->argument[0]);
    vouch_cli_points_json(ctx, root, r->points);
    add_asked(ctx, root, r);
    json_t *nets = vouch_json_array_in(ctx, root, "networks");
    for (int k = 0; k < r->nets; k++)
        if (r->net[k].is_finished)
            add_net(ctx, nets, r, &r->net[k]);
    json_t *groups = vouch_json_array_in(ctx, root, "groups");
    for (int k = 0; k < r->nets; k++)
        if (vouch_efx_is_first(r->net, k))
            add_group(ctx, groups, r, r->net[k].label);
    (void)vouch_json_add_real(ctx, root, "seconds", r->seconds);
    (void)vouch_json_add_real(ctx, root, "cpu_seconds", r->cpu_seconds);
    return vouch_cli_output_json(ctx, out, root);
}
