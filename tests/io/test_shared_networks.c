/* Real networks: every one of the competition's benchmarks becomes a graph. */
#include "io/io.h"
#include "support/support.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 8 << 20 }; /* larger ones take too long under sanitizers */

static void read_one(vouch_context *ctx, const char *path)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_file file;
    vouch_graph *g = NULL;
    const vouch_status size = vouch_file_read(arena, path, LARGE, &file);
    vouch_arena_free(arena);
    if (size == VOUCH_ERR_LIMIT) {
        vouch_context_clear_error(ctx);
        return;
    }
    vouch_test_ok(ctx, size);
    vouch_test_ok(ctx, vouch_network_read(ctx, path, &g, NULL));
    assert_true(g->node_count > 0 && g->input_count > 0 && g->output_count > 0);
    assert_true(vouch_graph_parameters(g) > 0);
    for (int i = 0; i < g->input_count; i++)
        assert_true(vouch_shape_count(&g->value[g->input[i]].shape) > 0);
    vouch_graph_free(g);
}

static void read_all(const char *pattern, size_t at_least)
{
    char path[VOUCH_TEST_PATH];
    glob_t found;
    vouch_test_data("", path);
    strncat(path, pattern, sizeof path - strlen(path) - 1);
    vouch_context *ctx = vouch_test_context();
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= at_least);
    for (size_t i = 0; i < found.gl_pathc; i++)
        read_one(ctx, found.gl_pathv[i]);
    globfree(&found);
    vouch_context_free(ctx);
}

static void every_onnx_network_of_the_benchmarks_is_read(void **state)
{
    (void)state;
    read_all("vnncomp/*/onnx/*.onnx.gz", 100);
}

static void every_nnet_network_of_acasxu_is_read(void **state)
{
    (void)state;
    read_all("acasxu_nnet/*.nnet", 45);
}

static void a_real_network_cut_at_every_thousandth_byte_is_refused(void **state)
{
    char path[VOUCH_TEST_PATH];
    vouch_file file;
    (void)state;
    vouch_test_data("vnncomp/acasxu_2023/onnx/ACASXU_run2a_1_1_batch_2000.onnx.gz", path);
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_test_ok(ctx, vouch_file_read(arena, path, LARGE, &file));
    for (size_t cut = 0; cut < file.size; cut += 1000) {
        char *copy = malloc(cut ? cut : 1); /* exactly that size, for the sanitizer */
        vouch_graph *g = NULL;
        memcpy(copy, file.data, cut);
        vouch_test_fails(ctx, vouch_onnx_parse(ctx, "net.onnx", copy, cut, &g), VOUCH_ERR_PARSE,
                         cut ? "net.onnx: byte " : "net.onnx: the file is empty");
        assert_null(g);
        free(copy);
    }
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_onnx_network_of_the_benchmarks_is_read),
        cmocka_unit_test(a_real_network_cut_at_every_thousandth_byte_is_refused),
        cmocka_unit_test(every_nnet_network_of_acasxu_is_read),
    };
    return cmocka_run_group_tests_name("io.shared_networks", tests, NULL, NULL);
}
