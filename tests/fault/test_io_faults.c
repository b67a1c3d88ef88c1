/* Every allocation of the readers and the writer failing once: an error, and nothing leaks. */
#include "io/proto.h"

#include <stdio.h>

#include <zlib.h>

typedef struct bytes {
    const void *data;
    size_t size;
    char path[VOUCH_TEST_PATH];
} bytes;

static vouch_status parse_onnx(vouch_context *ctx, void *user)
{
    const bytes *b = user;
    vouch_graph *g = NULL;
    vouch_status status = vouch_onnx_parse(ctx, "net.onnx", b->data, b->size, &g);
    vouch_graph_free(g);
    return status;
}

static vouch_status parse_nnet(vouch_context *ctx, void *user)
{
    const bytes *b = user;
    vouch_graph *g = NULL;
    vouch_status status = vouch_nnet_parse(ctx, "net.nnet", b->data, b->size, &g);
    vouch_graph_free(g);
    return status;
}

static vouch_status read_network(vouch_context *ctx, void *user)
{
    const bytes *b = user;
    vouch_graph *g = NULL;
    char sha256[65];
    vouch_status status = vouch_network_read(ctx, b->path, &g, sha256);
    vouch_graph_free(g);
    return status;
}

static vouch_status parse_tensor(vouch_context *ctx, void *user)
{
    const bytes *b = user;
    vouch_tensor *t = NULL;
    vouch_arena *arena = vouch_arena_new(ctx);
    if (!arena)
        return VOUCH_ERR_MEMORY;
    vouch_status status = vouch_onnx_tensor_parse(arena, "t.pb", b->data, b->size, &t);
    vouch_arena_free(arena);
    return status;
}

typedef struct output {
    const vouch_graph *graph;
    char path[VOUCH_TEST_PATH];
} output;

static vouch_status write_onnx(vouch_context *ctx, void *user)
{
    const output *o = user;
    return vouch_onnx_write(ctx, o->graph, o->path);
}

/* The small model, enlarged until its reader needs more than the first block of an arena. */
static proto large_model(void)
{
    static const float w[3000];
    proto p = proto_small();
    char name[16];
    for (int i = 0; i < 60; i++) {
        (void)snprintf(name, sizeof name, "w%d", i);
        proto_initialiser(&p, name, 3000, w);
        (void)snprintf(name, sizeof name, "c%d", i);
        Onnx__NodeProto *n = proto_node(&p, "Constant", NULL, NULL, name);
        Onnx__AttributeProto *a = proto_attr(&p, n, "value_ints", 7);
        a->n_ints = 1000;
        a->ints = vouch_arena_alloc(p.arena, 1000 * sizeof *a->ints);
    }
    return p;
}

static void reading_onnx_survives_any_failed_allocation(void **state)
{
    (void)state;
    proto p = large_model();
    bytes b = {0};
    b.data = proto_pack(&p, &b.size);
    vouch_test_every_allocation_fails(parse_onnx, &b);
    proto_free(&p);
}

static void reading_a_tensor_survives_any_failed_allocation(void **state)
{
    (void)state;
    proto p = large_model();
    const Onnx__TensorProto *t = p.graph->initializer[1];
    uint8_t *data = vouch_arena_alloc(p.arena, onnx__tensor_proto__get_packed_size(t));
    bytes b = {.data = data, .size = onnx__tensor_proto__pack(t, data)};
    vouch_test_every_allocation_fails(parse_tensor, &b);
    proto_free(&p);
}

static void writing_onnx_survives_any_failed_allocation(void **state)
{
    (void)state;
    proto p = large_model();
    output o;
    char folder[VOUCH_TEST_PATH];
    vouch_test_temp_dir(folder);
    vouch_test_join(folder, "net.onnx", o.path);
    vouch_graph *g = proto_accepted(&p);
    o.graph = g;
    vouch_test_every_allocation_fails(write_onnx, &o);
    vouch_graph_free(g);
    vouch_test_remove_dir(folder);
    proto_free(&p);
}

static void reading_nnet_survives_any_failed_allocation(void **state)
{
    static char text[60000];
    size_t size = 0;
    (void)state;
    size += (size_t)snprintf(text, sizeof text, "1,100,100,100\n100,100\n0\n");
    /* minima, maxima, means, ranges (not 0), weights, biases */
    for (int row = 0; row < 4 + 200; row++) {
        const int count = row < 2 ? 100 : row < 4 ? 101 : row < 104 ? 100 : 1;
        for (int i = 0; i < count; i++)
            size += (size_t)snprintf(text + size, sizeof text - size, "%d,", row == 3);
        text[size++] = '\n';
    }
    bytes b = {.data = text, .size = size};
    vouch_test_every_allocation_fails(parse_nnet, &b);
}

static void reading_a_compressed_network_survives_any_failed_allocation(void **state)
{
    char folder[VOUCH_TEST_PATH];
    (void)state;
    proto p = large_model();
    bytes b = {0};
    b.data = proto_pack(&p, &b.size);
    vouch_test_temp_dir(folder);
    vouch_test_join(folder, "net.onnx.gz", b.path);
    gzFile file = gzopen(b.path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, b.data, (unsigned)b.size), b.size);
    assert_int_equal(gzclose(file), Z_OK);
    b.path[strlen(b.path) - 3] = '\0'; /* found with .gz all the same */
    vouch_test_every_allocation_fails(read_network, &b);
    vouch_test_remove_dir(folder);
    proto_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_onnx_survives_any_failed_allocation),
        cmocka_unit_test(reading_a_tensor_survives_any_failed_allocation),
        cmocka_unit_test(writing_onnx_survives_any_failed_allocation),
        cmocka_unit_test(reading_nnet_survives_any_failed_allocation),
        cmocka_unit_test(reading_a_compressed_network_survives_any_failed_allocation),
    };
    return cmocka_run_group_tests_name("fault.io", tests, NULL, NULL);
}
