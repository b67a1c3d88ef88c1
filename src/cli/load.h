/* Reading the network and the property a command works on. */
#ifndef VOUCH_CLI_LOAD_H
#define VOUCH_CLI_LOAD_H

#include "cli/command.h"
#include "graph/graph.h"
#include "spec/spec.h"

enum { VOUCH_CLI_NOTE = 256 };

typedef struct vouch_cli_network {
    const char *path;
    vouch_graph *graph; /* bound to operators */
    char sha256[65];
    int64_t inputs, outputs, parameters;
    char note[VOUCH_CLI_NOTE]; /* "" if there is nothing to say */
} vouch_cli_network;

typedef struct vouch_cli_property {
    const char *path;
    vouch_spec *spec;
    char sha256[65];
    const char *note; /* what is odd about it, or NULL */
} vouch_cli_property;

vouch_status vouch_cli_network_load(vouch_context *ctx, const char *path,
                                    vouch_cli_network *network);
/* Does a bound network declare an output of another shape than it computes? Then the text says
 * so. */
bool vouch_cli_network_note(const vouch_graph *graph, char *text, size_t size);
void vouch_cli_network_free(vouch_cli_network *network);

/* The text is read into scratch, which may be reset once the property is freed. */
vouch_status vouch_cli_property_load(vouch_context *ctx, vouch_arena *scratch,
                                     const vouch_graph *graph, const char *path,
                                     vouch_cli_property *property);
void vouch_cli_property_free(vouch_cli_property *property);

#endif
