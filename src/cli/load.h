/* Reading the network and the property a command works on. */
#ifndef VOUCH_CLI_LOAD_H
#define VOUCH_CLI_LOAD_H

#include "cli/command.h"
#include "graph/graph.h"
#include "spec/spec.h"

typedef struct vouch_cli_network {
    const char *path;
    vouch_graph *graph; /* bound to operators */
    char sha256[65];
    int64_t inputs, outputs, parameters;
} vouch_cli_network;

typedef struct vouch_cli_property {
    const char *path;
    vouch_spec *spec;
    char sha256[65];
} vouch_cli_property;

vouch_status vouch_cli_network_load(vouch_context *ctx, const char *path,
                                    vouch_cli_network *network);
void vouch_cli_network_free(vouch_cli_network *network);

/* The text is read into scratch, which may be reset once the property is freed. */
vouch_status vouch_cli_property_load(vouch_context *ctx, vouch_arena *scratch,
                                     const vouch_graph *graph, const char *path,
                                     vouch_cli_property *property);
void vouch_cli_property_free(vouch_cli_property *property);

#endif
