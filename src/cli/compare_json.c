/* The JSON of `vouch explain compare`: points, and of each what every way says of it, in the form
 * of `vouch explain formal`. */
#include "base/json.h"
#include "cli/compare_report.h"
#include "cli/output.h"

enum { SCHEMA = 1 };

/* What the JSON of explanations says before its list, of the points and of the network with the
 * most classes. */
static vouch_cli_formal_report base_of(const vouch_cli_compare_report *r)
{
    const vouch_cli_question *q = &r->question[0];
    const vouch_cli_network *network = &q->network;
    for (int k = 1; k < r->nets; k++)
        if (r->question[k].network.outputs > network->outputs)
            network = &r->question[k].network;
    return (vouch_cli_formal_report){.network = network,
                                     .points = &q->points,
                                     .ball = &q->ball,
                                     .settings = &r->way[0].settings,
                                     .groups = r->groups,
                                     .count = r->count,
                                     .point = r->way[0].point,
                                     .is_interrupted = r->is_interrupted,
                                     .seconds = r->seconds,
                                     .cpu_seconds = r->cpu_seconds};
}

static void add_networks(vouch_context *ctx, json_t *root, const vouch_cli_compare_report *r)
{
    json_t *list = vouch_json_array_in(ctx, root, "networks");
    for (int k = 0; k < r->nets; k++)
        vouch_cli_formal_json_network(ctx, vouch_json_object_in(ctx, list, NULL),
                                      &r->question[k].network);
}

static void add_way(vouch_context *ctx, json_t *list, const vouch_cli_compare_report *r, int w)
{
    const vouch_cli_way *way = &r->way[w];
    json_t *one = vouch_json_object_in(ctx, list, NULL);
    (void)vouch_json_add_text(ctx, one, "name", way->name);
    (void)vouch_json_add_int(ctx, one, "network", way->net);
    json_t *params = vouch_json_object_in(ctx, one, "params");
    for (size_t i = 0; i < vouch_formal_option_count; i++)
        vouch_cli_add_setting(ctx, params, &vouch_formal_options[i], &way->settings);
    json_t *means = vouch_json_object_in(ctx, one, "means");
    for (int c = 0; c < VOUCH_FORMAL_CLASSES; c++)
        (void)vouch_json_add_real(ctx, means, vouch_formal_class_name((vouch_formal_class)c),
                                  vouch_cli_way_mean(r, w, (vouch_formal_class)c));
    (void)vouch_json_add_real(ctx, means, "cpu_seconds", vouch_cli_way_cpu_s(r, w));
}

/* A row for each way. */
static void add_agreement(vouch_context *ctx, json_t *root, const vouch_cli_compare_report *r)
{
    json_t *rows = vouch_json_array_in(ctx, root, "agreement");
    for (int a = 0; a < r->ways; a++) {
        json_t *row = vouch_json_array_in(ctx, rows, NULL);
        for (int b = 0; b < r->ways; b++)
            (void)vouch_json_add_real(ctx, row, NULL, vouch_cli_ways_agree(r, a, b));
    }
}

static void add_point(vouch_context *ctx, json_t *list, const vouch_cli_compare_report *r,
                      const vouch_cli_formal_report *base, int64_t k)
{
    json_t *one = vouch_json_object_in(ctx, list, NULL);
    vouch_cli_formal_json_point(ctx, one, base, &base->point[k]);
    json_t *found = vouch_json_array_in(ctx, one, "found");
    for (int w = 0; w < r->ways; w++)
        vouch_cli_formal_json_found(ctx, vouch_json_object_in(ctx, found, NULL),
                                    &r->way[w].point[k]);
}

vouch_status vouch_cli_compare_json(vouch_context *ctx, FILE *out,
                                    const vouch_cli_compare_report *r)
{
    const vouch_cli_formal_report base = base_of(r);
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    vouch_cli_formal_json_head(ctx, root, &base,
                               &(vouch_cli_formal_kind){.name = "compare",
                                                        .type = "formal explanations",
                                                        .has_networks = true});
    add_networks(ctx, root, r);
    json_t *ways = vouch_json_array_in(ctx, root, "ways");
    for (int w = 0; w < r->ways; w++)
        add_way(ctx, ways, r, w);
    add_agreement(ctx, root, r);
    json_t *list = vouch_json_array_in(ctx, root, "explanations");
    for (int64_t k = 0; k < r->count; k++)
        add_point(ctx, list, r, &base, k);
    vouch_cli_formal_json_tail(ctx, root, &base);
    return vouch_cli_output_json(ctx, out, root);
}
