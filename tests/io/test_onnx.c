#include "io/proto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_small_model_is_read(void **state)
{
    (void)state;
    proto p = proto_small();
    vouch_graph *g = proto_accepted(&p);
    assert_string_equal(g->source, "net.onnx");
    assert_int_equal(g->opset, 13);
    assert_int_equal(g->ir_version, 7);
    assert_int_equal(g->node_count, 2);
    assert_int_equal(g->input_count, 1);
    assert_int_equal(g->output_count, 1);
    assert_string_equal(g->node[0].type, "Add");
    assert_string_equal(g->node[0].name, "node");
    assert_string_equal(g->node[0].domain, "");
    assert_string_equal(g->value[g->output[0]].name, "y");
    const vouch_tensor *w = proto_value(g, "w")->constant;
    assert_int_equal(w->dtype, VOUCH_F32);
    assert_true(w->f32[0] == 1 && w->f32[1] == -2);
    vouch_graph_free(g);
    proto_free(&p);
}

static void nodes_may_come_in_any_order(void **state)
{
    (void)state;
    proto p = proto_small();
    Onnx__NodeProto *first = p.graph->node[0];
    p.graph->node[0] = p.graph->node[1];
    p.graph->node[1] = first;
    vouch_graph *g = proto_accepted(&p);
    assert_string_equal(g->node[0].type, "Add");
    vouch_graph_free(g);
    proto_free(&p);
}

static void an_input_with_an_initialiser_is_a_constant(void **state)
{
    (void)state;
    proto p = proto_small();
    proto_input(&p, "w", 1, 2);
    vouch_graph *g = proto_accepted(&p);
    assert_int_equal(g->input_count, 1);
    assert_non_null(proto_value(g, "w")->constant);
    vouch_graph_free(g);
    proto_free(&p);
}

static void an_open_first_dimension_is_one(void **state)
{
    (void)state;
    const int64_t first[] = {-1, 0};
    for (size_t i = 0; i < 2; i++) {
        proto p = proto_small();
        const int64_t dim[] = {first[i], 2};
        p.graph->input[0] = proto_info(&p, "x", 1, 2, dim);
        vouch_graph *g = proto_accepted(&p);
        const vouch_value *x = proto_value(g, "x");
        assert_true(x->shape_known);
        assert_int_equal(x->shape.rank, 2);
        assert_int_equal(x->shape.dim[0], 1);
        assert_int_equal(x->shape.dim[1], 2);
        vouch_graph_free(g);
        proto_free(&p);
    }
}

static void optional_inputs_left_out_have_no_value(void **state)
{
    (void)state;
    proto p = proto_small();
    p.graph->node[1]->op_type = proto_text(&p, "Clip");
    PROTO_PUSH(&p, p.graph->node[1]->input, p.graph->node[1]->n_input, proto_text(&p, ""));
    PROTO_PUSH(&p, p.graph->node[1]->input, p.graph->node[1]->n_input, proto_text(&p, "w"));
    vouch_graph *g = proto_accepted(&p);
    assert_int_equal(g->node[1].input_count, 3);
    assert_int_equal(g->node[1].input[1], -1);
    vouch_graph_free(g);
    proto_free(&p);
}

static void opsets_of_other_domains_are_ignored(void **state)
{
    (void)state;
    proto p = proto_small();
    Onnx__OperatorSetIdProto *own = p.model->opset_import[0];
    proto_opset(&p, "ai.onnx.ml", 2);
    p.model->opset_import[0] = p.model->opset_import[1];
    p.model->opset_import[1] = own;
    own->domain = proto_text(&p, "ai.onnx");
    vouch_graph *g = proto_accepted(&p);
    assert_int_equal(g->opset, 13);
    vouch_graph_free(g);
    proto_free(&p);
}

/* ---- attributes -------------------------------------------------------------------------- */

static proto with_attributes(void)
{
    proto p = proto_small();
    Onnx__NodeProto *n = p.graph->node[0];
    const float reals[] = {1.5F, -2};
    const int64_t ints[] = {3, -4, 5};
    Onnx__AttributeProto *a = proto_attr(&p, n, "i", 2);
    a->has_i = true;
    a->i = -7;
    a = proto_attr(&p, n, "f", 1);
    a->has_f = true;
    a->f = 0.1F;
    a = proto_attr(&p, n, "s", 3);
    a->has_s = true;
    a->s.data = (uint8_t *)proto_text(&p, "SAME_UPPER");
    a->s.len = 10;
    a = proto_attr(&p, n, "floats", 6);
    a->n_floats = 2;
    a->floats = proto_grow(&p, reals, 2, sizeof *reals);
    a = proto_attr(&p, n, "ints", 7);
    a->n_ints = 3;
    a->ints = proto_grow(&p, ints, 3, sizeof *ints);
    a = proto_attr(&p, n, "none", 7);
    a = proto_attr(&p, n, "t", 4);
    a->t = proto_tensor(&p, NULL, 7, 3);
    proto_raw(&p, a->t, ints, sizeof ints);
    return p;
}

static void expect_attributes(const vouch_graph *g)
{
    const vouch_node *n = &g->node[0];
    assert_int_equal(n->attr_count, 7);
    assert_int_equal(vouch_node_attr(n, "i")->i, -7);
    assert_true(vouch_node_attr(n, "f")->f == (double)0.1F);
    assert_string_equal(vouch_node_attr(n, "s")->text, "SAME_UPPER");
    assert_int_equal(vouch_node_attr(n, "floats")->count, 2);
    assert_true(vouch_node_attr(n, "floats")->floats[0] == 1.5);
    assert_int_equal(vouch_node_attr(n, "ints")->count, 3);
    assert_int_equal(vouch_node_attr(n, "ints")->ints[1], -4);
    assert_int_equal(vouch_node_attr(n, "none")->kind, VOUCH_ATTR_INTS);
    assert_int_equal(vouch_node_attr(n, "none")->count, 0);
    assert_int_equal(vouch_node_attr(n, "t")->tensor->i64[2], 5);
}

static void attributes_of_every_kind_are_read(void **state)
{
    (void)state;
    proto p = with_attributes();
    vouch_graph *g = proto_accepted(&p);
    expect_attributes(g);
    vouch_graph_free(g);
    proto_free(&p);
}

static void attributes_without_a_type_have_that_of_their_field(void **state)
{
    (void)state;
    proto p = with_attributes();
    Onnx__NodeProto *n = p.graph->node[0];
    for (size_t i = 0; i < n->n_attribute; i++)
        n->attribute[i]->has_type = strcmp(n->attribute[i]->name, "none") == 0;
    vouch_graph *g = proto_accepted(&p);
    expect_attributes(g);
    vouch_graph_free(g);
    proto_free(&p);
}

/* ---- constants --------------------------------------------------------------------------- */

typedef void fill_constant(proto *p, Onnx__AttributeProto *a);

static void fill_value(proto *p, Onnx__AttributeProto *a)
{
    const float v[] = {2, 3};
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    a->t = proto_tensor(p, NULL, 1, 2);
    proto_raw(p, a->t, v, sizeof v);
}

static void fill_float(proto *p, Onnx__AttributeProto *a)
{
    (void)p;
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    a->has_f = true;
    a->f = 2;
}

static void fill_floats(proto *p, Onnx__AttributeProto *a)
{
    const float v[] = {2, 3};
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    a->n_floats = 2;
    a->floats = proto_grow(p, v, 2, sizeof *v);
}

static void fill_int(proto *p, Onnx__AttributeProto *a)
{
    (void)p;
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->has_i = true;
    a->i = 2;
}

static void fill_ints(proto *p, Onnx__AttributeProto *a)
{
    const int64_t v[] = {2, 3};
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    a->n_ints = 2;
    a->ints = proto_grow(p, v, 2, sizeof *v);
}

static void constant_nodes_become_initialisers(void **state)
{
    static const struct {
        const char *name;
        fill_constant *fill;
        vouch_dtype dtype;
        int rank;
    } rows[] = {
        {"value", fill_value, VOUCH_F32, 1},         {"value_float", fill_float, VOUCH_F32, 0},
        {"value_floats", fill_floats, VOUCH_F32, 1}, {"value_int", fill_int, VOUCH_I64, 0},
        {"value_ints", fill_ints, VOUCH_I64, 1},
    };
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rows); i++) {
        proto p = proto_small();
        Onnx__NodeProto *n = proto_node(&p, "Constant", NULL, NULL, "c");
        rows[i].fill(&p, proto_attr(&p, n, rows[i].name, 0));
        vouch_graph *g = proto_accepted(&p);
        const vouch_tensor *c = proto_value(g, "c")->constant;
        assert_non_null(c);
        assert_int_equal(g->node_count, 2);
        assert_int_equal(c->dtype, rows[i].dtype);
        assert_int_equal(c->shape.rank, rows[i].rank);
        for (int64_t k = 0; k < c->count; k++)
            assert_true(vouch_tensor_get(c, k) == (double)(2 + k));
        vouch_graph_free(g);
        proto_free(&p);
    }
}

static void infinite_bounds_of_clip_are_kept(void **state)
{
    (void)state;
    proto p = proto_small();
    const float high[] = {INFINITY};
    proto_initialiser(&p, "low", 1, high)->raw_data.data[3] |= 0x80; /* minus */
    proto_initialiser(&p, "high", 1, high);
    p.graph->node[1]->op_type = proto_text(&p, "Clip");
    PROTO_PUSH(&p, p.graph->node[1]->input, p.graph->node[1]->n_input, proto_text(&p, "low"));
    PROTO_PUSH(&p, p.graph->node[1]->input, p.graph->node[1]->n_input, proto_text(&p, "high"));
    vouch_graph *g = proto_accepted(&p);
    assert_true(vouch_tensor_get(proto_value(g, "low")->constant, 0) == -(double)INFINITY);
    vouch_graph_free(g);
    proto_free(&p);
}

/* ---- external data ----------------------------------------------------------------------- */

static void add_entry(proto *p, Onnx__TensorProto *t, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *e = vouch_arena_alloc(p->arena, sizeof *e);
    onnx__string_string_entry_proto__init(e);
    e->key = proto_text(p, key);
    e->value = proto_text(p, value);
    PROTO_PUSH(p, t->external_data, t->n_external_data, e);
}

/* The small model with w in another file. */
static proto with_external(const char *location, const char *offset, const char *length)
{
    proto p = proto_small();
    Onnx__TensorProto *w = p.graph->initializer[0];
    w->has_raw_data = false;
    w->has_data_location = true;
    w->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    add_entry(&p, w, "location", location);
    if (offset)
        add_entry(&p, w, "offset", offset);
    if (length)
        add_entry(&p, w, "length", length);
    return p;
}

/* Reads the model from a folder that holds w.bin: 4 bytes of nothing, then w. */
static vouch_status read_external(proto *p, vouch_graph **graph)
{
    const float w[] = {0, 1, -2};
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH], other[VOUCH_TEST_PATH];
    size_t size = 0;
    uint8_t *data = proto_pack(p, &size);
    vouch_test_temp_dir(folder);
    vouch_test_join(folder, "w.bin", path);
    vouch_test_write(path, w, sizeof w);
    vouch_test_join(folder, "model", path);
    assert_int_equal(mkdir(path, 0700), 0);
    vouch_test_join(folder, "model/w.bin", path);
    vouch_test_write(path, w, sizeof w);
    vouch_test_join(folder, "model/link.bin", path);
    assert_int_equal(symlink("w.bin", path), 0);
    vouch_test_join(folder, "model/escape.bin", path);
    vouch_test_join(folder, "w.bin", other);
    assert_int_equal(symlink(other, path), 0);
    vouch_test_join(folder, "model/net.onnx", path);
    vouch_test_write(path, data, size);
    vouch_status status = vouch_network_read(p->ctx, path, graph, NULL);
    vouch_test_remove_dir(folder);
    return status;
}

static void external_data_are_read_from_the_models_folder(void **state)
{
    static const char *const location[] = {"w.bin", "./w.bin", "link.bin"};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(location); i++) {
        proto p = with_external(location[i], "4", i ? NULL : "8");
        vouch_graph *g = NULL;
        vouch_test_ok(p.ctx, read_external(&p, &g));
        const vouch_tensor *w = proto_value(g, "w")->constant;
        assert_true(w->f32[0] == 1 && w->f32[1] == -2);
        vouch_graph_free(g);
        proto_free(&p);
    }
}

static void bad_external_data_are_refused(void **state)
{
    static const struct {
        const char *location, *offset, *length;
        vouch_status status;
        const char *text;
    } rows[] = {
        {"../w.bin", NULL, NULL, VOUCH_ERR_VALUE,
         "initialiser 'w': external file '../w.bin' is"},
        {"a/../../w.bin", NULL, NULL, VOUCH_ERR_VALUE, "outside the model's folder"},
        {"/etc/passwd", NULL, NULL, VOUCH_ERR_VALUE, "outside the model's folder"},
        {"a\\b", NULL, NULL, VOUCH_ERR_VALUE, "outside the model's folder"},
        {"escape.bin", NULL, NULL, VOUCH_ERR_VALUE, "outside the model's folder"},
        {"missing.bin", NULL, NULL, VOUCH_ERR_IO, "missing.bin: cannot open"},
        {"", NULL, NULL, VOUCH_ERR_PARSE, "without a location"},
        {".", NULL, NULL, VOUCH_ERR_VALUE, "outside the model's folder"},
        {"w.bin", "5", NULL, VOUCH_ERR_PARSE,
         "has 12 bytes, too few for 8 bytes from offset 5"},
        {"w.bin", "13", NULL, VOUCH_ERR_PARSE, "from offset 13"},
        {"w.bin", "99999999999999999999", NULL, VOUCH_ERR_PARSE, "is not a size"},
        {"w.bin", "-4", NULL, VOUCH_ERR_PARSE, "external offset '-4' is not a size"},
        {"w.bin", "4", "9", VOUCH_ERR_SHAPE, "has 9 bytes in 'w.bin', its dimensions need 8"},
    };
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rows); i++) {
        proto p = with_external(rows[i].location, rows[i].offset, rows[i].length);
        vouch_graph *g = NULL;
        vouch_test_fails(p.ctx, read_external(&p, &g), rows[i].status, rows[i].text);
        assert_null(g);
        proto_free(&p);
    }
}

static void a_model_in_memory_may_not_name_files(void **state)
{
    (void)state;
    proto p = with_external("w.bin", NULL, NULL);
    proto_refused(
        &p, VOUCH_ERR_UNSUPPORTED,
        "initialiser 'w': is in file 'w.bin', but the model was not read from a file");
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_small_model_is_read),
        TEST(nodes_may_come_in_any_order),
        TEST(an_input_with_an_initialiser_is_a_constant),
        TEST(an_open_first_dimension_is_one),
        TEST(optional_inputs_left_out_have_no_value),
        TEST(opsets_of_other_domains_are_ignored),
        TEST(attributes_of_every_kind_are_read),
        TEST(attributes_without_a_type_have_that_of_their_field),
        TEST(constant_nodes_become_initialisers),
        TEST(infinite_bounds_of_clip_are_kept),
        TEST(external_data_are_read_from_the_models_folder),
        TEST(bad_external_data_are_refused),
        TEST(a_model_in_memory_may_not_name_files),
    };
    return cmocka_run_group_tests_name("io.onnx", tests, NULL, NULL);
}
