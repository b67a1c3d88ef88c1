/* vouch info: what a network is made of, and whether all of it is supported.
 *
 * Operators are counted as the file has them, before constants are folded, so that the list is
 * complete also where binding fails.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/load.h"
#include "cli/text.h"
#include "io/io.h"
#include "op/op.h"

enum { TYPES_MAX = 256 };

typedef struct tally {
    const char *type, *domain;
    int count;
    const vouch_op *op; /* NULL: not supported */
} tally;

typedef struct tallies {
    int count;
    tally of[TYPES_MAX];
} tallies;

static tally *find_tally(tallies *t, const vouch_node *node)
{
    for (int i = 0; i < t->count; i++) {
        if (!strcmp(t->of[i].type, node->type) && !strcmp(t->of[i].domain, node->domain))
            return &t->of[i];
    }
    return t->count < TYPES_MAX ? &t->of[t->count++] : NULL;
}

static bool is_default_domain(const char *domain)
{
    return *domain == '\0' || strcmp(domain, "ai.onnx") == 0;
}

static void count_operators(const vouch_graph *graph, tallies *t)
{
    for (int i = 0; i < graph->node_count; i++) {
        const vouch_node *node = &graph->node[i];
        tally *one = find_tally(t, node);
        if (one == NULL)
            continue;
        one->type = node->type;
        one->domain = node->domain;
        one->op =
            is_default_domain(node->domain) ? vouch_op_find(node->type, graph->opset) : NULL;
        one->count++;
    }
}

static const char *class_name(vouch_op_class op_class)
{
    static const char *const names[] = {
        [VOUCH_OP_AFFINE] = "affine",       [VOUCH_OP_POINTWISE] = "pointwise",
        [VOUCH_OP_BILINEAR] = "bilinear",   [VOUCH_OP_MAX] = "max",
        [VOUCH_OP_SELECT] = "select",       [VOUCH_OP_STEP] = "step",
        [VOUCH_OP_COMPOSITE] = "composite", [VOUCH_OP_OPAQUE] = "range only",
    };
    const size_t i = (size_t)op_class;
    return i < sizeof names / sizeof *names && names[i] != NULL ? names[i] : "?";
}

static void put_operators(const tallies *t)
{
    puts("operators");
    for (int i = 0; i < t->count; i++) {
        const tally *one = &t->of[i];
        char name[128];
        snprintf(name, sizeof name, "%s%s%s", one->domain, *one->domain ? "." : "", one->type);
        printf("  %-28s %6d  %s\n", name, one->count,
               one->op != NULL ? class_name(one->op->op_class) : "NOT SUPPORTED");
    }
}

static void put_values(const char *label, const vouch_graph *graph, const int *index, int count)
{
    for (int i = 0; i < count; i++) {
        const vouch_value *v = &graph->value[index[i]];
        char shape[VOUCH_SHAPE_TEXT] = "[?]";
        if (v->shape_known)
            vouch_shape_print(&v->shape, shape, sizeof shape);
        printf("%-11s%s %s%s\n", label, v->name, v->dtype ? vouch_dtype_name(v->dtype) : "?",
               shape);
    }
}

/* Scalars that pass a curve, a maximum or a product: what makes verification hard. */
static vouch_status count_nonlinear(vouch_arena *arena, const vouch_graph *graph,
                                    int64_t *count)
{
    bool *varying = VOUCH_NEW_ARRAY(arena, bool, graph->value_count);
    if (varying == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(graph, varying);
    *count = 0;
    for (int i = 0; i < graph->node_count; i++) {
        const vouch_node *node = &graph->node[i];
        const int out = node->output_count > 0 ? node->output[0] : -1;
        if (out < 0 || !varying[out] || node->op == NULL)
            continue;
        if (vouch_op_node_class(graph, node, varying) != VOUCH_OP_AFFINE)
            *count += vouch_shape_count(&graph->value[out].shape);
    }
    return VOUCH_OK;
}

static vouch_status put_bound_facts(const vouch_cli_call *call, const vouch_graph *graph)
{
    int64_t nonlinear = 0;
    VOUCH_TRY(count_nonlinear(call->arena, graph, &nonlinear));
    const int64_t inputs = vouch_op_input_size(graph), outputs = vouch_op_output_size(graph);
    const int64_t parameters = vouch_graph_parameters(graph);
    printf("sizes      %" PRId64 " input%s, %" PRId64 " output%s, %s parameter%s, "
           "%s nonlinear scalar%s\n",
           inputs, vouch_cli_plural(inputs), outputs, vouch_cli_plural(outputs),
           vouch_cli_count((uint64_t)parameters).text, vouch_cli_plural(parameters),
           vouch_cli_count((uint64_t)nonlinear).text, vouch_cli_plural(nonlinear));
    puts("supported  yes");
    return VOUCH_OK;
}

static vouch_status describe(const vouch_cli_call *call, vouch_graph *graph, const char *sha256)
{
    tallies *t = VOUCH_NEW(call->arena, tallies);
    if (t == NULL)
        return VOUCH_ERR_MEMORY;
    count_operators(graph, t);
    const int nodes = graph->node_count;
    const vouch_status bound = vouch_op_bind_graph(call->ctx, graph);
    if (vouch_cli_exit(bound) == VOUCH_EXIT_FAILED)
        return bound;
    printf("network    %s\nsha256     %s\n", call->argument[0], sha256);
    printf("format     opset %" PRId64 ", IR version %" PRId64 ", %d nodes\n", graph->opset,
           graph->ir_version, nodes);
    put_values("input", graph, graph->input, graph->input_count);
    put_values("output", graph, graph->output, graph->output_count);
    char note[VOUCH_CLI_NOTE];
    if (bound == VOUCH_OK && vouch_cli_network_note(graph, note, sizeof note))
        printf("note       %s\n", note);
    if (bound == VOUCH_OK) {
        VOUCH_TRY(put_bound_facts(call, graph));
    } else {
        printf("sizes      %s parameters\nsupported  no: %s\n",
               vouch_cli_count((uint64_t)vouch_graph_parameters(graph)).text,
               vouch_context_error(call->ctx));
        vouch_context_clear_error(call->ctx);
    }
    put_operators(t);
    return VOUCH_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    vouch_graph *graph = NULL;
    char sha256[65] = "";
    vouch_status s = vouch_network_read(call->ctx, call->argument[0], &graph, sha256);
    if (s == VOUCH_OK) {
        s = describe(call, graph, sha256);
        vouch_graph_free(graph);
    }
    return s == VOUCH_OK ? VOUCH_EXIT_OK : vouch_cli_fail(call, s);
}

const vouch_command vouch_command_info = {
    .name = "info",
    .summary = "show what a network is made of and whether it is supported",
    .arguments = "NET",
    .description = "Prints format, inputs, outputs, number of parameters, and each operator "
                   "with its count "
                   "and class; operators that vouch does not handle are marked NOT SUPPORTED. "
                   "The exit code "
                   "is 0 as long as the file can be read.",
    .examples = "vouch info net.onnx",
    .least = 1,
    .most = 1,
    .run = run,
};
