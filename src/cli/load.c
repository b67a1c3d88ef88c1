/* Reading the network and the property a command works on. */
#include "cli/load.h"

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
    network->inputs = vouch_op_input_size(network->graph);
    network->outputs = vouch_op_output_size(network->graph);
    network->parameters = vouch_graph_parameters(network->graph);
    return VOUCH_OK;
}

void vouch_cli_network_free(vouch_cli_network *network)
{
    if (network->graph != NULL)
        vouch_graph_free(network->graph);
    network->graph = NULL;
}

vouch_status vouch_cli_property_load(vouch_context *ctx, vouch_arena *scratch,
                                     const vouch_graph *graph, const char *path,
                                     vouch_cli_property *property)
{
    vouch_file file;
    *property = (vouch_cli_property){.path = path};
    VOUCH_TRY(vouch_file_read(scratch, path, (size_t)VOUCH_FILE_LIMIT_MIB << 20, &file));
    memcpy(property->sha256, file.sha256, sizeof property->sha256);
    return vouch_spec_parse(ctx, graph, path, file.data, file.size, &property->spec);
}

void vouch_cli_property_free(vouch_cli_property *property)
{
    if (property->spec != NULL)
        vouch_spec_free(property->spec);
    property->spec = NULL;
}
