/* The ONNX reader and writer: any bytes give a graph or one error; a graph that was read is
 * written and read again as the same graph. */
#include <stdint.h>
#include <stdlib.h>

#include "io/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void round_trip(vouch_context *ctx, const vouch_graph *graph)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_graph *back = NULL;
    void *data = NULL;
    size_t size = 0;

    require(arena && !vouch_onnx_pack(arena, graph, &data, &size));
    require(!vouch_onnx_parse(ctx, "back.onnx", data, size, &back));
    require(back->node_count == graph->node_count && back->input_count == graph->input_count);
    vouch_graph_free(back);
    vouch_arena_free(arena);
}

static void parse_network(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_graph *graph = NULL;
    vouch_status status = vouch_onnx_parse(ctx, "net.onnx", data, size, &graph);

    require(status == vouch_context_status(ctx));
    require(status ? !graph && vouch_context_error(ctx)[0] : graph != NULL);
    if (graph)
        round_trip(ctx, graph);
    vouch_graph_free(graph);
    vouch_context_free(ctx);
}

static void parse_tensor(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_tensor *tensor = NULL;
    vouch_status status = vouch_onnx_tensor_parse(arena, "t.pb", data, size, &tensor);

    require(status == vouch_context_status(ctx));
    require(status ? !tensor && vouch_context_error(ctx)[0] : tensor != NULL);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_network(data, size);
    parse_tensor(data, size);
    return 0;
}
