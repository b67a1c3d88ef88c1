#include "io/proto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A graph with every kind of attribute, tensor and optional input. */
static vouch_graph *rich_graph(proto *p)
{
    const int64_t ints[] = {3, -4};
    const double reals[] = {0.1, -1e300};
    const float floats[] = {1.5F, -0.0F};
    *p = proto_small();
    Onnx__NodeProto *n = p->graph->node[1];
    n->op_type = proto_text(p, "Clip");
    PROTO_PUSH(p, n->input, n->n_input, proto_text(p, ""));
    PROTO_PUSH(p, n->input, n->n_input, proto_text(p, "w"));
    Onnx__AttributeProto *a = proto_attr(p, n, "f", 1);
    a->has_f = true;
    a->f = 0.1F;
    a = proto_attr(p, n, "i", 2);
    a->has_i = true;
    a->i = INT64_MIN;
    a = proto_attr(p, n, "s", 3);
    a->has_s = true;
    a->s.data = (uint8_t *)proto_text(p, "text");
    a->s.len = 4;
    a = proto_attr(p, n, "t", 4);
    a->t = proto_tensor(p, NULL, 11, 2);
    proto_raw(p, a->t, reals, sizeof reals);
    a = proto_attr(p, n, "floats", 6);
    a->n_floats = 2;
    a->floats = proto_grow(p, floats, 2, sizeof *floats);
    a = proto_attr(p, n, "ints", 7);
    a->n_ints = 2;
    a->ints = proto_grow(p, ints, 2, sizeof *ints);
    Onnx__TensorProto *t = proto_tensor(p, "ids", 7, 2);
    proto_raw(p, t, ints, sizeof ints);
    PROTO_PUSH(p, p->graph->initializer, p->graph->n_initializer, t);
    t = proto_tensor(p, "flags", 9, 2);
    proto_raw(p, t, "\0\1", 2);
    PROTO_PUSH(p, p->graph->initializer, p->graph->n_initializer, t);
    return proto_accepted(p);
}

static void expect_same_tensor(const vouch_tensor *a, const vouch_tensor *b)
{
    assert_int_equal(a->dtype, b->dtype);
    assert_true(vouch_shape_equal(&a->shape, &b->shape));
    assert_memory_equal(a->data, b->data, (size_t)a->count * vouch_dtype_size(a->dtype));
}

static void expect_same_attr(const vouch_attr *a, const vouch_attr *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->count, b->count);
    switch (a->kind) {
    case VOUCH_ATTR_INT:
        assert_true(a->i == b->i);
        break;
    case VOUCH_ATTR_FLOAT:
        assert_true(a->f == b->f);
        break;
    case VOUCH_ATTR_TEXT:
        assert_string_equal(a->text, b->text);
        break;
    case VOUCH_ATTR_INTS:
        assert_memory_equal(a->ints, b->ints, a->count * sizeof *a->ints);
        break;
    case VOUCH_ATTR_FLOATS:
        assert_memory_equal(a->floats, b->floats, a->count * sizeof *a->floats);
        break;
    case VOUCH_ATTR_TENSOR:
        expect_same_tensor(a->tensor, b->tensor);
        break;
    }
}

static const char *name_of(const vouch_graph *g, int v)
{
    return v < 0 ? "" : g->value[v].name;
}

static void expect_same_node(const vouch_graph *g, const vouch_node *a, const vouch_graph *h,
                             const vouch_node *b)
{
    assert_string_equal(a->type, b->type);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->input_count, b->input_count);
    assert_int_equal(a->output_count, b->output_count);
    assert_int_equal(a->attr_count, b->attr_count);
    for (int i = 0; i < a->input_count; i++)
        assert_string_equal(name_of(g, a->input[i]), name_of(h, b->input[i]));
    for (int i = 0; i < a->output_count; i++)
        assert_string_equal(name_of(g, a->output[i]), name_of(h, b->output[i]));
    for (int i = 0; i < a->attr_count; i++)
        expect_same_attr(&a->attr[i], &b->attr[i]);
}

static void expect_same_graph(const vouch_graph *g, const vouch_graph *h)
{
    assert_int_equal(g->opset, h->opset);
    assert_int_equal(g->node_count, h->node_count);
    assert_int_equal(g->input_count, h->input_count);
    assert_int_equal(g->output_count, h->output_count);
    for (int i = 0; i < g->node_count; i++)
        expect_same_node(g, &g->node[i], h, &h->node[i]);
    for (int i = 0; i < g->input_count; i++) {
        const vouch_value *a = &g->value[g->input[i]], *b = &h->value[h->input[i]];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->dtype, b->dtype);
        assert_true(vouch_shape_equal(&a->shape, &b->shape));
    }
    for (int i = 0; i < g->output_count; i++)
        assert_string_equal(name_of(g, g->output[i]), name_of(h, h->output[i]));
    for (int i = 0; i < g->value_count; i++)
        if (g->value[i].constant)
            expect_same_tensor(g->value[i].constant,
                               proto_value(h, g->value[i].name)->constant);
}

static void what_is_written_reads_back_the_same(void **state)
{
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH];
    proto p;
    vouch_graph *back = NULL;
    (void)state;
    vouch_graph *g = rich_graph(&p);
    vouch_test_temp_dir(folder);
    vouch_test_join(folder, "net.onnx", path);
    vouch_test_ok(p.ctx, vouch_onnx_write(p.ctx, g, path));
    vouch_test_ok(p.ctx, vouch_network_read(p.ctx, path, &back, NULL));
    expect_same_graph(g, back);
    assert_int_equal(back->ir_version, g->ir_version);
    vouch_graph_free(back);
    vouch_graph_free(g);
    vouch_test_remove_dir(folder);
    proto_free(&p);
}

static void a_nnet_network_can_be_written_as_onnx(void **state)
{
    static const char text[] = "1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,2\n2.1\n3";
    vouch_graph *g = NULL, *back = NULL;
    void *data = NULL;
    size_t size = 0;
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_test_ok(ctx, vouch_nnet_parse(ctx, "n", text, strlen(text), &g));
    vouch_test_ok(ctx, vouch_onnx_pack(arena, g, &data, &size));
    vouch_test_ok(ctx, vouch_onnx_parse(ctx, "n", data, size, &back));
    expect_same_graph(g, back);
    assert_int_equal(back->ir_version, 8);
    vouch_graph_free(back);
    vouch_graph_free(g);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void constants_computed_from_others_are_not_written(void **state)
{
    vouch_graph *back = NULL;
    void *data = NULL;
    size_t size = 0;
    (void)state;
    proto p = proto_small();
    vouch_graph *g = proto_accepted(&p);
    for (int v = 0; v < g->value_count; v++)
        if (strcmp(g->value[v].name, "h") == 0) /* as folding does */
            g->value[v].constant = proto_value(g, "w")->constant;
    vouch_test_ok(p.ctx, vouch_onnx_pack(p.arena, g, &data, &size));
    vouch_test_ok(p.ctx, vouch_onnx_parse(p.ctx, "n", data, size, &back));
    assert_null(proto_value(back, "h")->constant);
    vouch_graph_free(back);
    vouch_graph_free(g);
    proto_free(&p);
}

static void onnx_itself_accepts_what_is_written(void **state)
{
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH], command[2 * VOUCH_TEST_PATH];
    const char *python = getenv("VOUCH_PYTHON");
    (void)state;
    python = python ? python : "/usr/bin/python3";
    (void)snprintf(command, sizeof command, "%s -c 'import onnx' 2>/dev/null", python);
    if (system(command) != 0) {
        print_message("skipped: no python3-onnx\n");
        skip();
    }
    proto p = proto_small();
    vouch_graph *g = proto_accepted(&p);
    vouch_value *y = &g->value[g->output[0]]; /* as binding to operators does */
    y->shape = g->value[g->input[0]].shape;
    y->shape_known = true;
    vouch_test_temp_dir(folder);
    vouch_test_join(folder, "net.onnx", path);
    vouch_test_ok(p.ctx, vouch_onnx_write(p.ctx, g, path));
    (void)snprintf(
        command, sizeof command,
        "%s -c 'import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]))' %s", python,
        path);
    assert_int_equal(system(command), 0);
    vouch_graph_free(g);
    vouch_test_remove_dir(folder);
    proto_free(&p);
}

static void an_unwritable_path_is_an_error(void **state)
{
    (void)state;
    proto p = proto_small();
    vouch_graph *g = proto_accepted(&p);
    vouch_test_fails(p.ctx, vouch_onnx_write(p.ctx, g, "/nowhere/net.onnx"), VOUCH_ERR_IO,
                     "/nowhere/net.onnx: cannot create");
    vouch_graph_free(g);
    proto_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(a_nnet_network_can_be_written_as_onnx),
        cmocka_unit_test(constants_computed_from_others_are_not_written),
        cmocka_unit_test(onnx_itself_accepts_what_is_written),
        cmocka_unit_test(an_unwritable_path_is_an_error),
    };
    return cmocka_run_group_tests_name("io.onnx_write", tests, NULL, NULL);
}
