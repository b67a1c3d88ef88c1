/* The .nnet reader: any bytes give a graph or one error that names a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_graph *graph = NULL;
    vouch_status status = vouch_nnet_parse(ctx, "net.nnet", (const char *)data, size, &graph);
    const char *error = vouch_context_error(ctx);

    if (status != vouch_context_status(ctx) || !status != (graph != NULL) ||
        (status && strncmp(error, "net.nnet:", 9) != 0))
        abort();
    vouch_graph_free(graph);
    vouch_context_free(ctx);
    return 0;
}
