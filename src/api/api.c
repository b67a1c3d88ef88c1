/* The public interface over the library's layers: opaque handles, settings as texts.
 *
 * Each handle lives in an arena of its own, so that freeing it is one call, also when it is
 * half made. Nothing is decided here.
 */
#include <vouch/vouch.h>

#include <string.h>

#include "base/arena.h"
#include "io/io.h"
#include "op/op.h"
#include "spec/spec.h"
#include "verify/verify.h"

struct vouch_network {
    vouch_context *ctx;
    vouch_graph *graph;
    char sha256[65];
};

struct vouch_property {
    vouch_arena *arena; /* holds this, and the text that the specification was read from */
    vouch_spec *spec;
};

struct vouch_result {
    vouch_arena *arena; /* holds this */
    vouch_verify_result found;
};

const char *vouch_version(void) { return VOUCH_VERSION; }

/* ---- networks -------------------------------------------------------------------------- */

vouch_status vouch_network_load(vouch_context *ctx, const char *path, vouch_network **network)
{
    *network = NULL;
    vouch_network *n = vouch_alloc(ctx, sizeof *n);
    if (!n)
        return VOUCH_ERR_MEMORY;
    n->ctx = ctx;
    vouch_status s = vouch_network_read(ctx, path, &n->graph, n->sha256);
    if (s == VOUCH_OK)
        s = vouch_op_bind_graph(ctx, n->graph);
    if (s == VOUCH_OK)
        *network = n;
    else
        vouch_network_free(n);
    return s;
}

void vouch_network_free(vouch_network *network)
{
    if (!network)
        return;
    vouch_graph_free(network->graph);
    vouch_release(network->ctx, network);
}

int64_t vouch_network_inputs(const vouch_network *network)
{
    return vouch_op_input_size(network->graph);
}

int64_t vouch_network_outputs(const vouch_network *network)
{
    return vouch_op_output_size(network->graph);
}

int64_t vouch_network_parameters(const vouch_network *network)
{
    return vouch_graph_parameters(network->graph);
}

const char *vouch_network_sha256(const vouch_network *network) { return network->sha256; }

vouch_status vouch_network_evaluate(vouch_context *ctx, const vouch_network *network,
                                    const double *input, double *output)
{
    return vouch_op_eval_graph(ctx, network->graph, VOUCH_F32, input, output);
}

/* ---- properties ------------------------------------------------------------------------ */

static vouch_property *new_property(vouch_context *ctx)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_property *p = arena ? VOUCH_NEW(arena, vouch_property) : NULL;
    if (!p) {
        vouch_arena_free(arena);
        return NULL;
    }
    p->arena = arena;
    return p;
}

/* Hands the property over, or frees it. */
static vouch_status settle_property(vouch_status s, vouch_property *p, vouch_property **out)
{
    if (s == VOUCH_OK)
        *out = p;
    else
        vouch_property_free(p);
    return s;
}

vouch_status vouch_property_load(vouch_context *ctx, const vouch_network *network,
                                 const char *path, vouch_property **property)
{
    vouch_file file;
    *property = NULL;
    vouch_property *p = new_property(ctx);
    if (!p)
        return VOUCH_ERR_MEMORY;
    vouch_status s =
        vouch_file_read(p->arena, path, (size_t)VOUCH_PROPERTY_LIMIT_MIB << 20, &file);
    if (s == VOUCH_OK)
        s = vouch_spec_parse(ctx, network->graph, path, file.data, file.size, &p->spec);
    return settle_property(s, p, property);
}

vouch_status vouch_property_parse(vouch_context *ctx, const vouch_network *network,
                                  const char *name, const char *text, size_t size,
                                  vouch_property **property)
{
    *property = NULL;
    vouch_property *p = new_property(ctx);
    if (!p)
        return VOUCH_ERR_MEMORY;
    const char *source = vouch_arena_text(p->arena, name);
    const char *copy = vouch_arena_text_n(p->arena, text, size);
    vouch_status s = VOUCH_ERR_MEMORY;
    if (source && copy)
        s = vouch_spec_parse(ctx, network->graph, source, copy, size, &p->spec);
    return settle_property(s, p, property);
}

void vouch_property_free(vouch_property *property)
{
    if (!property)
        return;
    if (property->spec)
        vouch_spec_free(property->spec);
    vouch_arena_free(property->arena);
}

/* ---- verification ---------------------------------------------------------------------- */

bool vouch_setting_describe(size_t index, const char **name, const char **help)
{
    if (index >= vouch_verify_option_count)
        return false;
    *name = vouch_verify_options[index].name;
    *help = vouch_verify_options[index].help;
    return true;
}

static vouch_status read_settings(vouch_context *ctx, const vouch_setting *settings,
                                  size_t count, vouch_verify_settings *out)
{
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, out);
    for (size_t i = 0; i < count; i++) {
        const vouch_option *row = vouch_option_find(
            vouch_verify_options, vouch_verify_option_count, settings[i].name);
        if (!row)
            return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "there is no setting '%s'",
                              settings[i].name);
        VOUCH_TRY(vouch_option_set(ctx, row, settings[i].value, out));
    }
    return VOUCH_OK;
}

/* The names of what was used may point into the caller's settings, which may be gone tomorrow.
 */
static vouch_status keep_texts(vouch_arena *arena, vouch_verify_result *found)
{
    const char **texts[] = {&found->reason, &found->domain, &found->split};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = vouch_arena_text(arena, *texts[i] ? *texts[i] : "");
        if (!*texts[i])
            return VOUCH_ERR_MEMORY;
    }
    return VOUCH_OK;
}

static vouch_status verify(vouch_context *ctx, const vouch_network *network,
                           const vouch_property *property, const vouch_verify_settings *chosen,
                           vouch_result *r)
{
    const vouch_spec *spec = property->spec;
    const vouch_graph *graph = network->graph;
    if (spec->input_size != vouch_op_input_size(graph) ||
        spec->output_size != vouch_op_output_size(graph))
        return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                          "%s: made for a network of %lld inputs and %lld outputs, unlike %s",
                          spec->source, (long long)spec->input_size,
                          (long long)spec->output_size, graph->source);
    const vouch_status s = vouch_verify(ctx, r->arena, graph, spec, chosen, NULL, &r->found);
    if (s == VOUCH_ERR_CANCELLED) {
        vouch_context_clear_error(ctx);
        r->found.verdict = VOUCH_UNKNOWN;
        r->found.reason = "cancelled";
    } else if (s != VOUCH_OK) {
        return s;
    }
    return keep_texts(r->arena, &r->found);
}

vouch_status vouch_network_verify(vouch_context *ctx, const vouch_network *network,
                                  const vouch_property *property, const vouch_setting *settings,
                                  size_t setting_count, vouch_result **result)
{
    vouch_verify_settings chosen = {0};
    *result = NULL;
    VOUCH_TRY(read_settings(ctx, settings, setting_count, &chosen));
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_result *r = arena ? VOUCH_NEW(arena, vouch_result) : NULL;
    vouch_status s = VOUCH_ERR_MEMORY;
    if (r) {
        r->arena = arena;
        s = verify(ctx, network, property, &chosen, r);
    }
    if (s == VOUCH_OK)
        *result = r;
    else
        vouch_arena_free(arena);
    return s;
}

void vouch_result_free(vouch_result *result)
{
    if (result)
        vouch_arena_free(result->arena); /* the result itself lives there */
}

vouch_verdict vouch_result_verdict(const vouch_result *result) { return result->found.verdict; }

const char *vouch_result_reason(const vouch_result *result) { return result->found.reason; }

const double *vouch_result_witness(const vouch_result *result)
{
    return result->found.verdict == VOUCH_SAT ? result->found.witness_input : NULL;
}

const double *vouch_result_witness_output(const vouch_result *result)
{
    return result->found.verdict == VOUCH_SAT ? result->found.witness_output : NULL;
}

uint64_t vouch_result_subproblems(const vouch_result *result)
{
    return result->found.subproblems;
}

int vouch_result_depth(const vouch_result *result) { return result->found.max_depth; }

double vouch_result_seconds(const vouch_result *result) { return result->found.seconds; }

double vouch_result_cpu_seconds(const vouch_result *result)
{
    return result->found.cpu_seconds;
}

double vouch_result_proved_share(const vouch_result *result)
{
    return result->found.proved_share;
}
