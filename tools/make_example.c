/* Makes our example network data/tiny: a 2-2-1 network small enough to check by hand, for documents
 * and tests. (data/collision is trained, by recipes/collision.ini.)
 *
 * Usage: make_example DATA_FOLDER (which holds tiny/)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/io.h"

typedef struct writer {
    vouch_context *ctx;
    vouch_graph_builder *builder;
    vouch_arena *arena;
    const char *last; /* the value the next node reads */
    int nodes;
} writer;

static _Noreturn void fail(const vouch_context *ctx)
{
    fprintf(stderr, "make_example: %s\n", vouch_context_error(ctx));
    exit(1);
}

static void need(const writer *w, bool ok)
{
    if (!ok)
        fail(w->ctx);
}

static void constant(writer *w, const char *name, int rows, int columns, const float *data)
{
    vouch_shape shape = {.rank = rows ? 2 : 1, .dim = {rows ? rows : columns, columns}};
    vouch_tensor *t = vouch_tensor_new(w->arena, VOUCH_F32, &shape);

    need(w, t != NULL);
    memcpy(t->f32, data, (size_t)t->count * sizeof(float));
    need(w, vouch_graph_add_constant(w->builder, name, t) == VOUCH_OK);
}

/* output = type(last, second, third); second and third may be NULL. */
static void node(writer *w, const char *type, const char *second, const char *third,
                 const char *output)
{
    const char *names[3] = {w->last, second, third};
    int count = third ? 3 : second ? 2 : 1;
    int *index = VOUCH_NEW_ARRAY(w->arena, int, 4);

    need(w, index != NULL);
    for (int i = 0; i < count; i++)
        index[i] = vouch_graph_value(w->builder, names[i]);
    index[3] = vouch_graph_value(w->builder, output);
    const vouch_node n = {.type = type,
                          .name = vouch_arena_print(w->arena, "%s_%d", type, w->nodes++),
                          .domain = "",
                          .input_count = count,
                          .output_count = 1,
                          .input = index,
                          .output = index + 3};
    need(w, n.name && vouch_graph_add_node(w->builder, &n) == VOUCH_OK);
    w->last = output;
}

static void begin(writer *w, vouch_context *ctx, const char *source, int inputs)
{
    const vouch_shape shape = {.rank = 2, .dim = {1, inputs}};

    *w = (writer){.ctx = ctx, .last = "input"};
    w->builder = vouch_graph_builder_new(ctx, source, 13);
    need(w, w->builder != NULL);
    w->arena = vouch_graph_builder_arena(w->builder);
    need(w, vouch_graph_add_input(w->builder, "input", VOUCH_F32, &shape) == VOUCH_OK);
}

static void finish(writer *w, const char *output, const char *path)
{
    vouch_graph *graph = NULL;

    need(w, vouch_graph_add_output(w->builder, output) == VOUCH_OK);
    need(w, vouch_graph_finish(w->builder, &graph) == VOUCH_OK);
    need(w, vouch_onnx_write(w->ctx, graph, path) == VOUCH_OK);
    vouch_graph_free(graph);
}

/* y = relu(x0 + x1) - relu(x0 - x1) + 0.5 */
static void write_tiny(vouch_context *ctx, const char *path)
{
    static const float first[4] = {1, 1, 1, -1}, second[2] = {1, -1}, zero[2] = {0, 0},
                       half[1] = {0.5F};
    writer w;

    begin(&w, ctx, "tiny", 2);
    constant(&w, "weight1", 2, 2, first);
    constant(&w, "bias1", 0, 2, zero);
    constant(&w, "weight2", 2, 1, second);
    constant(&w, "bias2", 0, 1, half);
    node(&w, "Gemm", "weight1", "bias1", "sum1");
    node(&w, "Relu", NULL, NULL, "hidden1");
    node(&w, "Gemm", "weight2", "bias2", "y");
    finish(&w, "y", path);
}

int main(int argc, char **argv)
{
    vouch_context *ctx = vouch_context_new(NULL);
    char path[4096];

    if (argc != 2 || !ctx) {
        fprintf(stderr, "usage: make_example DATA_FOLDER\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/tiny/tiny.onnx", argv[1]);
    write_tiny(ctx, path);
    printf("%s\n", path);
    vouch_context_free(ctx);
    return 0;
}
