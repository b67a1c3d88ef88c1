/* ONNX models made by hand for the tests of the reader: messages of protobuf-c, laid out in an
 * arena and changed at will before they are packed and parsed. */
#ifndef VOUCH_TESTS_IO_PROTO_H
#define VOUCH_TESTS_IO_PROTO_H

#include <string.h>

#include <onnx.pb-c.h>

#include "io/io.h"
#include "support/support.h"

typedef struct proto {
    vouch_context *ctx;
    vouch_arena *arena;
    Onnx__ModelProto *model;
    Onnx__GraphProto *graph;
} proto;

/* Appends item to a repeated field. */
#define PROTO_PUSH(p, list, n, item)                                                           \
    ((list) = proto_grow((p), (list), (n), sizeof *(list)), (list)[(n)++] = (item))

static inline void *proto_grow(proto *p, const void *list, size_t count, size_t size)
{
    void *grown = vouch_arena_alloc(p->arena, (count + 1) * size);

    assert_non_null(grown);
    if (count)
        memcpy(grown, list, count * size);
    return grown;
}

static inline char *proto_text(proto *p, const char *text)
{
    return vouch_arena_text(p->arena, text);
}

/* A float tensor type with those dimensions; -1: symbolic "n", 0: left open. */
static inline Onnx__ValueInfoProto *proto_info(proto *p, const char *name, int elem_type,
                                               size_t rank, const int64_t *dim)
{
    Onnx__ValueInfoProto *info = vouch_arena_alloc(p->arena, sizeof *info);
    Onnx__TypeProto *type = vouch_arena_alloc(p->arena, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = vouch_arena_alloc(p->arena, sizeof *tensor);
    Onnx__TensorShapeProto *shape = vouch_arena_alloc(p->arena, sizeof *shape);

    onnx__value_info_proto__init(info);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    info->name = proto_text(p, name);
    info->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = elem_type;
    tensor->shape = shape;
    for (size_t i = 0; i < rank; i++) {
        Onnx__TensorShapeProto__Dimension *d = vouch_arena_alloc(p->arena, sizeof *d);
        onnx__tensor_shape_proto__dimension__init(d);
        if (dim[i] < 0) {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            d->dim_param = proto_text(p, "n");
        } else if (dim[i] > 0) {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            d->dim_value = dim[i];
        }
        PROTO_PUSH(p, shape->dim, shape->n_dim, d);
    }
    return info;
}

static inline void proto_input(proto *p, const char *name, int64_t rows, int64_t columns)
{
    const int64_t dim[] = {rows, columns};

    PROTO_PUSH(p, p->graph->input, p->graph->n_input, proto_info(p, name, 1, 2, dim));
}

static inline void proto_output(proto *p, const char *name)
{
    const int64_t dim[] = {1, 2};

    PROTO_PUSH(p, p->graph->output, p->graph->n_output, proto_info(p, name, 1, 2, dim));
}

/* A tensor of one dimension without data. */
static inline Onnx__TensorProto *proto_tensor(proto *p, const char *name, int data_type,
                                              int64_t count)
{
    Onnx__TensorProto *t = vouch_arena_alloc(p->arena, sizeof *t);

    onnx__tensor_proto__init(t);
    t->name = name ? proto_text(p, name) : NULL;
    t->has_data_type = true;
    t->data_type = data_type;
    PROTO_PUSH(p, t->dims, t->n_dims, count);
    return t;
}

static inline void proto_raw(proto *p, Onnx__TensorProto *t, const void *data, size_t size)
{
    t->has_raw_data = true;
    t->raw_data.len = size;
    t->raw_data.data = vouch_arena_alloc(p->arena, size);
    memcpy(t->raw_data.data, data, size);
}

static inline Onnx__TensorProto *proto_initialiser(proto *p, const char *name, size_t count,
                                                   const float *data)
{
    Onnx__TensorProto *t = proto_tensor(p, name, 1, (int64_t)count);

    proto_raw(p, t, data, count * sizeof *data);
    PROTO_PUSH(p, p->graph->initializer, p->graph->n_initializer, t);
    return t;
}

/* A node output = type(a, b); b NULL: one input. */
static inline Onnx__NodeProto *proto_node(proto *p, const char *type, const char *a,
                                          const char *b, const char *output)
{
    Onnx__NodeProto *n = vouch_arena_alloc(p->arena, sizeof *n);

    onnx__node_proto__init(n);
    n->op_type = proto_text(p, type);
    n->name = proto_text(p, "node");
    if (a)
        PROTO_PUSH(p, n->input, n->n_input, proto_text(p, a));
    if (b)
        PROTO_PUSH(p, n->input, n->n_input, proto_text(p, b));
    PROTO_PUSH(p, n->output, n->n_output, proto_text(p, output));
    PROTO_PUSH(p, p->graph->node, p->graph->n_node, n);
    return n;
}

static inline Onnx__AttributeProto *proto_attr(proto *p, Onnx__NodeProto *n, const char *name,
                                               int type)
{
    Onnx__AttributeProto *a = vouch_arena_alloc(p->arena, sizeof *a);

    onnx__attribute_proto__init(a);
    a->name = proto_text(p, name);
    a->has_type = true;
    a->type = (Onnx__AttributeProto__AttributeType)type;
    PROTO_PUSH(p, n->attribute, n->n_attribute, a);
    return a;
}

static inline void proto_opset(proto *p, const char *domain, int64_t version)
{
    Onnx__OperatorSetIdProto *id = vouch_arena_alloc(p->arena, sizeof *id);

    onnx__operator_set_id_proto__init(id);
    id->domain = proto_text(p, domain);
    id->has_version = true;
    id->version = version;
    PROTO_PUSH(p, p->model->opset_import, p->model->n_opset_import, id);
}

/* A model of opset 13 with an empty graph. */
static inline proto proto_empty(void)
{
    proto p = {.ctx = vouch_test_context()};

    p.arena = vouch_arena_new(p.ctx);
    p.model = vouch_arena_alloc(p.arena, sizeof *p.model);
    p.graph = vouch_arena_alloc(p.arena, sizeof *p.graph);
    assert_true(p.model && p.graph);
    onnx__model_proto__init(p.model);
    onnx__graph_proto__init(p.graph);
    p.model->has_ir_version = true;
    p.model->ir_version = 7;
    p.model->graph = p.graph;
    p.graph->name = proto_text(&p, "g");
    proto_opset(&p, "", 13);
    return p;
}

/* y = relu(x + w), x of [1,2], w = (1, -2) */
static inline proto proto_small(void)
{
    proto p = proto_empty();
    const float w[] = {1, -2};

    proto_input(&p, "x", 1, 2);
    proto_initialiser(&p, "w", 2, w);
    proto_node(&p, "Add", "x", "w", "h");
    proto_node(&p, "Relu", "h", NULL, "y");
    proto_output(&p, "y");
    return p;
}

static inline uint8_t *proto_pack(proto *p, size_t *size)
{
    *size = onnx__model_proto__get_packed_size(p->model);
    uint8_t *data = vouch_arena_alloc(p->arena, *size);
    assert_non_null(data);
    assert_int_equal(onnx__model_proto__pack(p->model, data), *size);
    return data;
}

static inline vouch_status proto_parse(proto *p, vouch_graph **graph)
{
    size_t size = 0;
    uint8_t *data = proto_pack(p, &size);

    return vouch_onnx_parse(p->ctx, "net.onnx", data, size, graph);
}

static inline void proto_free(proto *p)
{
    vouch_arena_free(p->arena);
    vouch_context_free(p->ctx);
}

/* The model is refused with that status and text, and there is nothing left of it. */
static inline void proto_refused(proto *p, vouch_status status, const char *text)
{
    vouch_graph *graph = NULL;
    vouch_status got = proto_parse(p, &graph);

    vouch_test_fails(p->ctx, got, status, text);
    assert_null(graph);
    proto_free(p);
}

static inline vouch_graph *proto_accepted(proto *p)
{
    vouch_graph *graph = NULL;

    vouch_test_ok(p->ctx, proto_parse(p, &graph));
    assert_non_null(graph);
    return graph;
}

static inline const vouch_value *proto_value(const vouch_graph *g, const char *name)
{
    for (int i = 0; i < g->value_count; i++)
        if (strcmp(g->value[i].name, name) == 0)
            return &g->value[i];
    return NULL;
}

#endif
