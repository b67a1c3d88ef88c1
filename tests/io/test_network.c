/* Which reader a file gets. */
#include "io/proto.h"

#include <stdio.h>
#include <unistd.h>

static const char nnet[] = "1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,2\n2.1\n3";

/* Writes data under that name and reads it as a network. */
static vouch_status read_as(proto *p, const char *name, const void *data, size_t size,
                            vouch_graph **g)
{
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH];
    vouch_test_temp_dir(folder);
    vouch_test_join(folder, name, path);
    vouch_test_write(path, data, size);
    vouch_status status = vouch_network_read(p->ctx, path, g, NULL);
    vouch_test_remove_dir(folder);
    return status;
}

static void the_name_or_the_content_tells_the_format(void **state)
{
    static const char *const onnx_names[] = {"a.onnx", "a.onnx.gz", "a", "a.bin"};
    static const char *const nnet_names[] = {"a.nnet", "a.nnet.gz", "a", "a.txt"};
    (void)state;
    proto p = proto_small();
    vouch_graph *g = NULL;
    size_t size = 0;
    const uint8_t *data = proto_pack(&p, &size);
    for (size_t i = 0; i < 4; i++) {
        vouch_test_ok(p.ctx, read_as(&p, onnx_names[i], data, size, &g));
        assert_int_equal(g->opset, 13);
        vouch_graph_free(g);
        vouch_test_ok(p.ctx, read_as(&p, nnet_names[i], nnet, strlen(nnet), &g));
        assert_int_equal(g->value[g->input[0]].dtype, VOUCH_F64);
        vouch_graph_free(g);
    }
    proto_free(&p);
}

static void a_wrong_format_is_an_error_that_names_the_file(void **state)
{
    (void)state;
    proto p = proto_small();
    vouch_graph *g = NULL;
    size_t size = 0;
    const uint8_t *data = proto_pack(&p, &size);
    vouch_test_fails(p.ctx, read_as(&p, "a.onnx", nnet, strlen(nnet), &g), VOUCH_ERR_PARSE,
                     "a.onnx: byte ");
    vouch_test_fails(p.ctx, read_as(&p, "a.nnet", data, size, &g), VOUCH_ERR_PARSE, "a.nnet:");
    vouch_test_fails(p.ctx, read_as(&p, "a.onnx", "", 0, &g), VOUCH_ERR_PARSE,
                     "a.onnx: the file is empty");
    vouch_test_fails(p.ctx, read_as(&p, "a.nnet", "", 0, &g), VOUCH_ERR_PARSE,
                     "a.nnet: the file is empty");
    vouch_test_fails(p.ctx, vouch_network_read(p.ctx, "/nowhere/a.onnx", &g, NULL),
                     VOUCH_ERR_IO, "/nowhere/a.onnx: cannot open");
    proto_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_or_the_content_tells_the_format),
        cmocka_unit_test(a_wrong_format_is_an_error_that_names_the_file),
    };
    return cmocka_run_group_tests_name("io.network", tests, NULL, NULL);
}
