/* What a verification found, as JSON: everything a script needs, one object. Settings are read
 * off the option table, so a new one appears here by itself. docs/json.md has the schema.
 *
 * A failed add is recorded on the context (base/json.h), which is looked at once, at the end.
 */
#include <math.h>
#include <string.h>
#include <sys/resource.h>

#include <gmp.h>
#include <zlib.h>

#include "base/json.h"
#include "cli/output.h"
#include "cli/report.h"

enum { SCHEMA = 1 };

static void add_settings(vouch_context *ctx, json_t *root, const vouch_cli_report *report)
{
    json_t *to = vouch_json_object_in(ctx, root, "settings");
    for (size_t i = 0; i < vouch_verify_option_count; i++)
        vouch_cli_add_setting(ctx, to, &vouch_verify_options[i], report->settings);
    (void)vouch_json_add_int(ctx, root, "seed", report->settings->seed);
}

static void add_network(vouch_context *ctx, json_t *root, const vouch_cli_network *n)
{
    json_t *to = vouch_json_object_in(ctx, root, "network");
    (void)vouch_json_add_text(ctx, to, "file", n->path);
    if (n->graph == NULL)
        return;
    (void)vouch_json_add_text(ctx, to, "sha256", n->sha256);
    (void)vouch_json_add_int(ctx, to, "opset", n->graph->opset);
    (void)vouch_json_add_int(ctx, to, "nodes", n->graph->node_count);
    (void)vouch_json_add_int(ctx, to, "inputs", n->inputs);
    (void)vouch_json_add_int(ctx, to, "outputs", n->outputs);
    (void)vouch_json_add_int(ctx, to, "parameters", n->parameters);
    (void)vouch_json_add_text(ctx, to, "note", n->note[0] ? n->note : NULL);
}

static void add_property(vouch_context *ctx, json_t *root, const vouch_cli_property *p)
{
    json_t *to = vouch_json_object_in(ctx, root, "property");
    (void)vouch_json_add_text(ctx, to, "file", p->path);
    if (p->spec == NULL)
        return;
    (void)vouch_json_add_text(ctx, to, "sha256", p->sha256);
    (void)vouch_json_add_int(ctx, to, "vnnlib", p->spec->version);
    (void)vouch_json_add_int(ctx, to, "boxes", p->spec->box_count);
    (void)vouch_json_add_int(ctx, to, "cases", p->spec->case_count);
    (void)vouch_json_add_text(ctx, to, "note", p->note);
}

static void add_witness(vouch_context *ctx, json_t *root, const vouch_cli_report *report)
{
    const vouch_verify_result *r = &report->result;
    if (r->verdict != VOUCH_SAT) {
        (void)vouch_json_add_text(ctx, root, "witness", NULL);
        return;
    }
    json_t *to = vouch_json_object_in(ctx, root, "witness");
    (void)vouch_json_add_int(ctx, to, "case", r->witness_case);
    (void)vouch_json_add_int(ctx, to, "between", report->between);
    (void)vouch_json_add_reals(ctx, to, "input", r->witness_input,
                               (size_t)report->network.inputs);
    (void)vouch_json_add_reals(ctx, to, "output", r->witness_output,
                               (size_t)report->network.outputs);
}

static void add_search(vouch_context *ctx, json_t *root, const vouch_verify_result *r)
{
    (void)vouch_json_add_count(ctx, root, "subproblems", r->subproblems);
    (void)vouch_json_add_count(ctx, root, "splits", r->splits);
    (void)vouch_json_add_count(ctx, root, "clips", r->clips);
    (void)vouch_json_add_count(ctx, root, "compressions", r->compressions);
    (void)vouch_json_add_int(ctx, root, "depth", r->max_depth);
    (void)vouch_json_add_real(ctx, root, "proved_share", r->proved_share);
    (void)vouch_json_add_text(ctx, root, "domain", r->domain);
    (void)vouch_json_add_text(ctx, root, "split", r->split);
}

static double peak_memory_mib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024 : (double)NAN;
}

static void add_cost(vouch_context *ctx, json_t *root, const vouch_cli_report *report)
{
    (void)vouch_json_add_real(ctx, root, "seconds", report->seconds);
    (void)vouch_json_add_real(ctx, root, "cpu_seconds", report->cpu_seconds);
    (void)vouch_json_add_real(ctx, root, "peak_memory_mib", peak_memory_mib());
    json_t *to = vouch_json_object_in(ctx, root, "timings");
    (void)vouch_json_add_real(ctx, to, "load", report->load_s);
    (void)vouch_json_add_real(ctx, to, "attack", report->result.attack_s);
    (void)vouch_json_add_real(ctx, to, "search", report->result.search_s);
}

static void add_versions(vouch_context *ctx, json_t *root)
{
    json_t *to = vouch_json_object_in(ctx, root, "versions");
    (void)vouch_json_add_text(ctx, to, "vouch", VOUCH_VERSION);
    (void)vouch_json_add_text(ctx, to, "compiler", __VERSION__);
    (void)vouch_json_add_text(ctx, to, "gmp", gmp_version);
    (void)vouch_json_add_text(ctx, to, "jansson", JANSSON_VERSION);
    (void)vouch_json_add_text(ctx, to, "zlib", zlibVersion());
}

static void add_all(vouch_context *ctx, json_t *root, const vouch_cli_report *report)
{
    const vouch_verify_result *r = &report->result;
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    (void)vouch_json_add_text(ctx, root, "verdict", vouch_verdict_name(r->verdict));
    (void)vouch_json_add_text(ctx, root, "meaning", vouch_cli_meaning(r->verdict));
    (void)vouch_json_add_text(ctx, root, "reason", r->reason);
    add_network(ctx, root, &report->network);
    add_property(ctx, root, &report->property);
    add_witness(ctx, root, report);
    add_search(ctx, root, r);
    add_cost(ctx, root, report);
    add_settings(ctx, root, report);
    add_versions(ctx, root);
}

vouch_status vouch_cli_report_json(vouch_context *ctx, FILE *out,
                                   const vouch_cli_report *report)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    add_all(ctx, root, report);
    return vouch_cli_output_json(ctx, out, root);
}
