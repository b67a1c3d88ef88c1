/* Reading the network and the property a command works on. */
#include "cli/load.h"

#include <stdio.h>
#include <string.h>

#include "io/io.h"
#include "op/op.h"

vouch_status vouch_cli_network_load(vouch_context *ctx, const char *path,
                                    vouch_cli_network *network)
{
    *network = (vouch_cli_network){.path = path};
    VOUCH_TRY(vouch_network_read(ctx, path, &network->graph, network->sha256));
    const vouch_status s = vouch_op_bind_graph(ctx, network->graph);
    if (s != VOUCH_OK) {
        vouch_cli_network_free(network);
        return s;
    }
    (void)vouch_cli_network_note(network->graph, network->note, sizeof network->note);
    network->inputs = vouch_op_input_size(network->graph);
    network->outputs = vouch_op_output_size(network->graph);
    network->parameters = vouch_graph_parameters(network->graph);
    return VOUCH_OK;
}

/* A dimension that the file leaves open agrees with any. */
static bool agrees(const vouch_shape *declared, const vouch_shape *computed)
{
    bool same = declared->rank == computed->rank;
    for (int i = 0; same && i < computed->rank; i++)
        same = declared->dim[i] < 0 || declared->dim[i] == computed->dim[i];
    return same;
}

bool vouch_cli_network_note(const vouch_graph *graph, char *text, size_t size)
{
    char declared[VOUCH_SHAPE_TEXT], computed[VOUCH_SHAPE_TEXT];
    text[0] = '\0';
    for (int i = 0; graph->declared != NULL && i < graph->output_count; i++) {
        const vouch_value *v = &graph->value[graph->output[i]];
        const vouch_shape *shape = &graph->declared[i];
        if (shape->rank < 0 || !v->shape_known || agrees(shape, &v->shape))
            continue;
        snprintf(text, size, "declared output shape %s, computed %s",
                 vouch_shape_print(shape, declared, sizeof declared),
                 vouch_shape_print(&v->shape, computed, sizeof computed));
        return true;
    }
    return false;
}

void vouch_cli_network_free(vouch_cli_network *network)
{
    if (network->graph != NULL)
        vouch_graph_free(network->graph);
    network->graph = NULL;
}

static bool has_output(const vouch_case *c)
{
    for (int i = 0; i < c->row_count; i++)
        for (int t = 0; t < c->row[i].term_count; t++)
            if (c->row[i].term[t].is_output)
                return true;
    return false;
}

static bool frees_outputs(const vouch_spec *spec)
{
    for (int k = 0; k < spec->case_count; k++)
        if (!has_output(&spec->cases[k]))
            return true;
    return false;
}

vouch_status vouch_cli_property_load(vouch_context *ctx, vouch_arena *scratch,
                                     const vouch_graph *graph, const char *path,
                                     vouch_cli_property *property)
{
    vouch_file file;
    *property = (vouch_cli_property){.path = path};
    VOUCH_TRY(vouch_file_read(scratch, path, (size_t)VOUCH_PROPERTY_LIMIT_MIB << 20, &file));
    memcpy(property->sha256, file.sha256, sizeof property->sha256);
    VOUCH_TRY(vouch_spec_parse(ctx, graph, path, file.data, file.size, &property->spec));
    property->note = property->spec->note;
    if (property->note == NULL && frees_outputs(property->spec))
        property->note = property->spec->case_count == 1
                             ? "the property constrains inputs only: any allowed input is a "
                               "witness"
                             : "a case of the property constrains inputs only: any input it "
                               "allows is a witness";
    return VOUCH_OK;
}

void vouch_cli_property_free(vouch_cli_property *property)
{
    if (property->spec != NULL)
        vouch_spec_free(property->spec);
    property->spec = NULL;
}
