/* What a network file can have wrong with it: one clear error each, nothing left behind. */
#include "io/proto.h"

#include <math.h>
#include <stdlib.h>

typedef void spoil(proto *p);

static void no_graph(proto *p) { p->model->graph = NULL; }
static void no_opset(proto *p) { p->model->n_opset_import = 0; }
static void old_opset(proto *p) { p->model->opset_import[0]->version = 1; }
static void new_opset(proto *p) { p->model->opset_import[0]->version = 23; }
static void no_output(proto *p) { p->graph->n_output = 0; }
static void no_initialiser(proto *p) { p->graph->n_initializer = 0; }
static void no_operator(proto *p) { p->graph->node[0]->op_type = NULL; }
static void no_initialiser_name(proto *p) { p->graph->initializer[0]->name = NULL; }
static void no_input_name(proto *p) { p->graph->input[0]->name = NULL; }
static void no_output_name(proto *p) { p->graph->output[0]->name = NULL; }
static void no_input_type(proto *p) { p->graph->input[0]->type = NULL; }
static void no_input_shape(proto *p) { p->graph->input[0]->type->tensor_type->shape = NULL; }
static void text_input(proto *p) { p->graph->input[0]->type->tensor_type->elem_type = 8; }
static void half_input(proto *p) { p->graph->input[0]->type->tensor_type->elem_type = 10; }

static void cycle(proto *p) { p->graph->node[0]->input[1] = proto_text(p, "y"); }
static void two_sources(proto *p) { p->graph->node[1]->output[0] = proto_text(p, "h"); }
static void other_output(proto *p) { p->graph->output[0]->name = proto_text(p, "z"); }

static void other_domain(proto *p)
{
    p->graph->node[0]->domain = proto_text(p, "ai.onnx.ml");
    proto_opset(p, "ai.onnx.ml", 2);
}

static void symbolic_inner(proto *p)
{
    const int64_t dim[] = {1, -1};
    p->graph->input[0] = proto_info(p, "x", 1, 2, dim);
}

static void open_inner(proto *p)
{
    const int64_t dim[] = {1, 0};
    p->graph->input[0] = proto_info(p, "x", 1, 2, dim);
}

static Onnx__TensorShapeProto *input_shape(proto *p)
{
    return p->graph->input[0]->type->tensor_type->shape;
}

static void negative_dim(proto *p) { input_shape(p)->dim[1]->dim_value = -5; }

static void large_input(proto *p)
{
    input_shape(p)->dim[0]->dim_value = INT64_MAX;
    input_shape(p)->dim[1]->dim_value = INT64_MAX;
}

static void many_axes(proto *p)
{
    Onnx__TensorShapeProto *s = input_shape(p);
    while (s->n_dim <= VOUCH_RANK_MAX)
        PROTO_PUSH(p, s->dim, s->n_dim, s->dim[1]);
}

static void set_weight(proto *p, float value)
{
    memcpy(p->graph->initializer[0]->raw_data.data + 4, &value, sizeof value);
}

static void nan_weight(proto *p) { set_weight(p, NAN); }
static void infinite_weight(proto *p) { set_weight(p, -INFINITY); }

static void twice_initialised(proto *p)
{
    PROTO_PUSH(p, p->graph->initializer, p->graph->n_initializer, p->graph->initializer[0]);
}

static void sparse(proto *p)
{
    Onnx__SparseTensorProto *s = vouch_arena_alloc(p->arena, sizeof *s);
    onnx__sparse_tensor_proto__init(s);
    s->values = p->graph->initializer[0];
    PROTO_PUSH(p, p->graph->sparse_initializer, p->graph->n_sparse_initializer, s);
}

static Onnx__AttributeProto *attr(proto *p, int type)
{
    return proto_attr(p, p->graph->node[1], "a", type);
}

static void nan_attribute(proto *p)
{
    Onnx__AttributeProto *a = attr(p, 1);
    a->has_f = true;
    a->f = NAN;
}

static void infinite_attribute(proto *p)
{
    static const float v[] = {1, INFINITY};
    Onnx__AttributeProto *a = attr(p, 6);
    a->n_floats = 2;
    a->floats = proto_grow(p, v, 2, sizeof *v);
}

static void subgraph(proto *p)
{
    Onnx__GraphProto *g = vouch_arena_alloc(p->arena, sizeof *g);
    onnx__graph_proto__init(g);
    attr(p, 5)->g = g;
}

static void sparse_attribute(proto *p) { (void)attr(p, 11); }
static void texts_attribute(proto *p) { (void)attr(p, 8); }
static void untyped_attribute(proto *p) { attr(p, 0)->has_type = false; }
static void unnamed_attribute(proto *p) { attr(p, 1)->name = NULL; }
static void hollow_attribute(proto *p) { (void)attr(p, 4); }
static void function_attribute(proto *p) { attr(p, 1)->ref_attr_name = proto_text(p, "r"); }

static void bad_tensor_attribute(proto *p) { attr(p, 4)->t = proto_tensor(p, NULL, 1, 5); }

static void nameless_node(proto *p)
{
    p->graph->node[1]->name = NULL;
    sparse_attribute(p);
}

static Onnx__AttributeProto *constant(proto *p, const char *name, int type)
{
    return proto_attr(p, proto_node(p, "Constant", NULL, NULL, "c"), name, type);
}

static void nan_constant(proto *p)
{
    Onnx__AttributeProto *a = constant(p, "value_float", 1);
    a->has_f = true;
    a->f = NAN;
}

static void infinite_constant(proto *p)
{
    Onnx__AttributeProto *a = constant(p, "value_float", 1);
    a->has_f = true;
    a->f = INFINITY;
    p->graph->node[0]->input[1] = proto_text(p, "c");
}

static void text_constant(proto *p) { (void)constant(p, "value_string", 3); }
static void hollow_constant(proto *p) { (void)constant(p, "value", 4); }
static void bare_constant(proto *p) { (void)proto_node(p, "Constant", NULL, NULL, "c"); }
static void odd_constant(proto *p) { (void)proto_node(p, "Constant", "x", NULL, "c"); }
static void line_break(proto *p) { p->graph->node[1]->input[0] = proto_text(p, "a\nb"); }

static const struct {
    spoil *spoil;
    vouch_status status;
    const char *text;
} rows[] = {
    {no_graph, VOUCH_ERR_PARSE, "net.onnx: the model holds no graph"},
    {no_opset, VOUCH_ERR_PARSE, "names no version of the ONNX operators"},
    {old_opset, VOUCH_ERR_UNSUPPORTED, "opset 1 is not supported (2 to 22 are)"},
    {new_opset, VOUCH_ERR_UNSUPPORTED, "opset 23 is not supported"},
    {no_output, VOUCH_ERR_PARSE, "no output"},
    {no_initialiser, VOUCH_ERR_PARSE, "node 'node' (Add): its input 'w' is neither"},
    {no_operator, VOUCH_ERR_PARSE, "node 'node' (no type): it has no operator type"},
    {no_initialiser_name, VOUCH_ERR_PARSE, "an initialiser has no name"},
    {no_input_name, VOUCH_ERR_PARSE, "an input has no name"},
    {no_output_name, VOUCH_ERR_PARSE, "an output has no name"},
    {no_input_type, VOUCH_ERR_UNSUPPORTED, "input 'x' is not a tensor"},
    {no_input_shape, VOUCH_ERR_UNSUPPORTED, "input 'x' has no shape"},
    {text_input, VOUCH_ERR_UNSUPPORTED, "input 'x' has element type string (8)"},
    {half_input, VOUCH_ERR_UNSUPPORTED, "input 'x' has element type float16 (10)"},
    {cycle, VOUCH_ERR_PARSE, "cycle"},
    {two_sources, VOUCH_ERR_PARSE, "'h' is defined twice"},
    {other_output, VOUCH_ERR_PARSE, "nothing computes output 'z'"},
    {other_domain, VOUCH_ERR_UNSUPPORTED, "(Add): operators of domain 'ai.onnx.ml'"},
    {symbolic_inner, VOUCH_ERR_UNSUPPORTED, "input 'x': dimension 1 is unknown ('n')"},
    {open_inner, VOUCH_ERR_UNSUPPORTED, "input 'x': dimension 1 is unknown (only"},
    {negative_dim, VOUCH_ERR_SHAPE, "input 'x': dimension 1 is negative"},
    {large_input, VOUCH_ERR_SHAPE, "input 'x' has too many elements"},
    {many_axes, VOUCH_ERR_UNSUPPORTED, "input 'x' has 9 dimensions"},
    {nan_weight, VOUCH_ERR_VALUE, "net.onnx: initialiser 'w': element 1 is NaN"},
    {infinite_weight, VOUCH_ERR_VALUE, "initialiser 'w': element 1 is infinite"},
    {twice_initialised, VOUCH_ERR_PARSE, "'w' is defined twice"},
    {sparse, VOUCH_ERR_UNSUPPORTED, "initialiser 'w' is sparse"},
    {nan_attribute, VOUCH_ERR_VALUE, "node 'node' (Relu): attribute 'a' is NaN"},
    {infinite_attribute, VOUCH_ERR_VALUE, "attribute 'a' is infinite"},
    {subgraph, VOUCH_ERR_UNSUPPORTED, "attribute 'a' is a subgraph"},
    {sparse_attribute, VOUCH_ERR_UNSUPPORTED, "attribute 'a' is a sparse tensor"},
    {texts_attribute, VOUCH_ERR_UNSUPPORTED, "attribute 'a' has type 8"},
    {untyped_attribute, VOUCH_ERR_PARSE, "attribute 'a' has no type"},
    {unnamed_attribute, VOUCH_ERR_PARSE, "an attribute has no name"},
    {hollow_attribute, VOUCH_ERR_PARSE, "attribute 'a' holds no tensor"},
    {function_attribute, VOUCH_ERR_UNSUPPORTED, "attribute 'a' refers to another"},
    {bad_tensor_attribute, VOUCH_ERR_SHAPE, "(Relu): attribute 'a' has 0 elements"},
    {nameless_node, VOUCH_ERR_UNSUPPORTED, "node of 'y' (Relu): attribute 'a'"},
    {nan_constant, VOUCH_ERR_VALUE, "constant 'c': element 0 is NaN"},
    {infinite_constant, VOUCH_ERR_VALUE, "constant 'c': element 0 is infinite"},
    {text_constant, VOUCH_ERR_UNSUPPORTED, "attribute 'value_string' is not supported"},
    {hollow_constant, VOUCH_ERR_UNSUPPORTED, "attribute 'value' is not supported"},
    {bare_constant, VOUCH_ERR_PARSE, "0 attributes instead of one"},
    {odd_constant, VOUCH_ERR_PARSE, "no inputs and one output"},
    {line_break, VOUCH_ERR_PARSE, "'a?b'"},
};

static void bad_models_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rows); i++) {
        proto p = proto_small();
        rows[i].spoil(&p);
        proto_refused(&p, rows[i].status, rows[i].text);
    }
}

/* ---- bytes ------------------------------------------------------------------------------- */

static void expect_bytes(const char *data, size_t size, vouch_status status, const char *text)
{
    vouch_context *ctx = vouch_test_context();
    vouch_graph *g = NULL;
    vouch_test_fails(ctx, vouch_onnx_parse(ctx, "net.onnx", data, size, &g), status, text);
    assert_null(g);
    vouch_context_free(ctx);
}

static void malformed_bytes_are_refused_with_their_offset(void **state)
{
    static const struct {
        const char *data;
        size_t size;
        const char *text;
    } cases[] = {
        {"", 0, "net.onnx: the file is empty"},
        {"\x08", 1, "net.onnx: byte 1: truncated field"},
        {"\x08\xff", 2, "byte 1: truncated field"},
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, "byte 1: a number is longer"},
        {"\x08\x07\x00", 3, "byte 2: not a field number"},
        {"\x08\x07\x0b", 3, "byte 2: unknown wire type"},
        {"\x08\x07\x3a\x05\x0a", 5, "byte 2: truncated field"},
        {"\x08\x07\x3a\x02\x0a\x05", 6, "byte 4: truncated field"},
        {"\x08\x07\x3d\x01\x02\x03\x04", 7, "byte 2: field 'graph' has wire type 5"},
        {"\x0d\x01\x02\x03", 4, "byte 0: truncated field"},
        {"\x3a\x06\x2a\x04\x22\x02\x01\x02", 8, "byte 4: packed numbers end in the middle"},
        {"\x3a\x05\x2a\x03\x0a\x01\x80", 7, "byte 6: truncated field"},
        {"\x3a\x00\x3a\x00", 4, "byte 2: field 'graph' is there twice"},
        {"// text", 7, "byte "},
    };
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++)
        expect_bytes(cases[i].data, cases[i].size, VOUCH_ERR_PARSE, cases[i].text);
}

/* graph, node, attribute, graph, node ...: each level a length prefix of ten bytes at most */
static void runaway_nesting_is_refused_before_unpacking(void **state)
{
    static const uint8_t tags[] = {0x0a, 0x2a, 0x32}; /* node, attribute, g */
    enum { LEVELS = 30000 };
    (void)state;
    proto p = proto_empty();
    uint8_t *data = vouch_arena_alloc(p.arena, 16 * LEVELS);
    size_t at = 16 * LEVELS, size = 0;
    for (int i = LEVELS - 1; i >= 0; i--) { /* from the inside out */
        size_t length = size, bytes = 0;
        uint8_t prefix[10];
        do {
            prefix[bytes++] = (uint8_t)((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
            length >>= 7;
        } while (length);
        at -= bytes;
        memcpy(data + at, prefix, bytes);
        data[--at] = i ? tags[(i - 1) % 3] : 0x3a;
        size += bytes + 1;
    }
    expect_bytes((char *)data + at, size, VOUCH_ERR_LIMIT, "messages nested more than 64 deep");
    proto_free(&p);
}

static void floods_of_fields_are_refused_before_unpacking(void **state)
{
    enum { FIELDS = (8 << 20) + 1 };
    (void)state;
    char *data = malloc(2 * (size_t)FIELDS);
    for (size_t i = 0; i < FIELDS; i++)
        memcpy(data + 2 * i, "\x72\x00", 2); /* an entry of metadata_props, empty */
    expect_bytes(data, 2 * (size_t)FIELDS, VOUCH_ERR_LIMIT, "more than 8388608 fields");
    free(data);
}

static void a_model_cut_at_any_byte_is_refused(void **state)
{
    (void)state;
    proto p = proto_small();
    size_t size = 0;
    uint8_t *data = proto_pack(&p, &size);
    for (size_t cut = 0; cut < size; cut++) {
        /* A copy of exactly that size: reading past it is seen by the sanitizer. */
        char *copy = malloc(cut ? cut : 1);
        memcpy(copy, data, cut);
        expect_bytes(copy, cut, VOUCH_ERR_PARSE, "net.onnx: ");
        free(copy);
    }
    proto_free(&p);
}

static void any_changed_byte_gives_a_graph_or_one_error(void **state)
{
    (void)state;
    proto p = proto_small();
    size_t size = 0;
    uint8_t *data = proto_pack(&p, &size);
    for (size_t i = 0; i < size; i++) {
        const uint8_t before = data[i];
        for (unsigned value = 0; value < 256; value++) {
            vouch_graph *g = NULL;
            data[i] = (uint8_t)value;
            vouch_status status = vouch_onnx_parse(p.ctx, "net.onnx", data, size, &g);
            assert_int_equal(status == VOUCH_OK, g != NULL);
            assert_int_equal(status, vouch_context_status(p.ctx));
            vouch_context_clear_error(p.ctx);
            vouch_graph_free(g);
        }
        data[i] = before;
    }
    proto_free(&p);
}

static void fields_of_later_versions_are_skipped(void **state)
{
    (void)state;
    proto p = proto_small();
    size_t size = 0;
    uint8_t *data = proto_pack(&p, &size);
    uint8_t *longer = vouch_arena_alloc(p.arena, size + 5);
    vouch_graph *g = NULL;
    memcpy(longer, data, size);
    memcpy(longer + size, "\xfa\x3e\x02hi", 5); /* field 1007: a text */
    vouch_test_ok(p.ctx, vouch_onnx_parse(p.ctx, "net.onnx", longer, size + 5, &g));
    vouch_graph_free(g);
    proto_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_models_are_refused),
        cmocka_unit_test(malformed_bytes_are_refused_with_their_offset),
        cmocka_unit_test(runaway_nesting_is_refused_before_unpacking),
        cmocka_unit_test(floods_of_fields_are_refused_before_unpacking),
        cmocka_unit_test(a_model_cut_at_any_byte_is_refused),
        cmocka_unit_test(any_changed_byte_gives_a_graph_or_one_error),
        cmocka_unit_test(fields_of_later_versions_are_skipped),
    };
    return cmocka_run_group_tests_name("io.onnx_bad", tests, NULL, NULL);
}
