/* Graphs to ONNX files.
 *
 * The messages are laid out in a scratch arena, pointing into the graph where they can, and
 * packed by the protobuf library. Only what was read or built is written: constants that
 * folding computed (they have a producer) come back when the file is read. Data are raw and
 * little-endian; reading a written file gives the same graph, bit for bit.
 */
#include <string.h>

#include "io/onnx_priv.h"

enum { IR_VERSION = 8 };

typedef struct writer {
    vouch_arena *arena;
    const vouch_graph *graph;
} writer;

/* VOUCH_NEW_ARRAY with an init function of protobuf-c, as count messages and pointers to them.
 */
#define NEW_MESSAGES(w, type, count) ((type **)new_messages((w)->arena, count, sizeof(type)))

static void *new_messages(vouch_arena *arena, size_t count, size_t size)
{
    void **list = VOUCH_NEW_ARRAY(arena, void *, count);

    for (size_t i = 0; list && i < count; i++) {
        list[i] = vouch_arena_alloc(arena, size);
        if (!list[i])
            return NULL;
    }
    return list;
}

/* The library takes texts that it could change, but packing does not. */
static char *text_of(const char *text)
{
    union {
        const char *from;
        char *to;
    } same = {text};

    return same.to;
}

static int32_t proto_type(vouch_dtype dtype)
{
    switch (dtype) {
    case VOUCH_F32:
        return ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    case VOUCH_F64:
        return ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    case VOUCH_I64:
        return ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    case VOUCH_BOOL:
        return ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    }
    return ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED;
}

/* ---- tensors ----------------------------------------------------------------------------- */

/* Element i as its bits, whatever the byte order of the machine. */
static uint64_t bits_of(const vouch_tensor *t, int64_t i)
{
    uint32_t narrow = 0;
    uint64_t wide = 0;

    switch (t->dtype) {
    case VOUCH_F32:
        memcpy(&narrow, &t->f32[i], sizeof narrow);
        return narrow;
    case VOUCH_F64:
        memcpy(&wide, &t->f64[i], sizeof wide);
        return wide;
    case VOUCH_I64:
        return (uint64_t)t->i64[i];
    case VOUCH_BOOL:
        return t->boolean[i];
    }
    return wide;
}

static vouch_status write_tensor(const writer *w, const char *name, const vouch_tensor *t,
                                 Onnx__TensorProto *p)
{
    size_t size = vouch_dtype_size(t->dtype);

    onnx__tensor_proto__init(p);
    p->name = text_of(name);
    p->has_data_type = true;
    p->data_type = proto_type(t->dtype);
    p->n_dims = (size_t)t->shape.rank;
    p->dims = VOUCH_NEW_ARRAY(w->arena, int64_t, p->n_dims);
    p->has_raw_data = true;
    p->raw_data.len = (size_t)t->count * size;
    p->raw_data.data = VOUCH_NEW_ARRAY(w->arena, uint8_t, p->raw_data.len);
    if (!p->dims || !p->raw_data.data)
        return VOUCH_ERR_MEMORY;
    memcpy(p->dims, t->shape.dim, p->n_dims * sizeof *p->dims);
    for (int64_t i = 0; i < t->count; i++) {
        uint64_t bits = bits_of(t, i);
        for (size_t k = 0; k < size; k++)
            p->raw_data.data[(size_t)i * size + k] = (uint8_t)(bits >> 8 * k);
    }
    return VOUCH_OK;
}

static bool is_initialiser(const vouch_value *v) { return v->constant && v->producer < 0; }

static vouch_status write_initialisers(const writer *w, Onnx__GraphProto *g)
{
    size_t count = 0;

    for (int i = 0; i < w->graph->value_count; i++)
        count += is_initialiser(&w->graph->value[i]);
    g->initializer = NEW_MESSAGES(w, Onnx__TensorProto, count);
    if (!g->initializer)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < w->graph->value_count; i++) {
        const vouch_value *v = &w->graph->value[i];
        if (is_initialiser(v))
            VOUCH_TRY(
                write_tensor(w, v->name, v->constant, g->initializer[g->n_initializer++]));
    }
    return VOUCH_OK;
}

/* ---- inputs and outputs ------------------------------------------------------------------ */

static vouch_status write_shape(const writer *w, const vouch_shape *shape,
                                Onnx__TensorShapeProto *p)
{
    onnx__tensor_shape_proto__init(p);
    p->n_dim = (size_t)shape->rank;
    p->dim = NEW_MESSAGES(w, Onnx__TensorShapeProto__Dimension, p->n_dim);
    if (!p->dim)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < p->n_dim; i++) {
        onnx__tensor_shape_proto__dimension__init(p->dim[i]);
        p->dim[i]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        p->dim[i]->dim_value = shape->dim[i];
    }
    return VOUCH_OK;
}

/* A value whose type is not known yet (an output of a graph that is not bound to operators) is
 * given the type of the first input: a file without one would not be valid. */
static vouch_status write_info(const writer *w, const vouch_value *v, Onnx__ValueInfoProto *p)
{
    Onnx__TypeProto *type = VOUCH_NEW(w->arena, Onnx__TypeProto);
    Onnx__TypeProto__Tensor *tensor = VOUCH_NEW(w->arena, Onnx__TypeProto__Tensor);
    const vouch_graph *g = w->graph;
    vouch_dtype fallback = g->input_count ? g->value[g->input[0]].dtype : VOUCH_F32;

    if (!type || !tensor)
        return VOUCH_ERR_MEMORY;
    onnx__value_info_proto__init(p);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    p->name = text_of(v->name);
    p->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = proto_type(v->dtype ? v->dtype : fallback);
    if (!v->shape_known)
        return VOUCH_OK;
    tensor->shape = VOUCH_NEW(w->arena, Onnx__TensorShapeProto);
    return tensor->shape ? write_shape(w, &v->shape, tensor->shape) : VOUCH_ERR_MEMORY;
}

static vouch_status write_infos(const writer *w, const int *value, int count,
                                Onnx__ValueInfoProto ***list, size_t *list_count)
{
    *list = NEW_MESSAGES(w, Onnx__ValueInfoProto, (size_t)count);
    if (!*list)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < count; i++)
        VOUCH_TRY(write_info(w, &w->graph->value[value[i]], (*list)[i]));
    *list_count = (size_t)count;
    return VOUCH_OK;
}

/* ---- nodes ------------------------------------------------------------------------------- */

static vouch_status write_floats(const writer *w, const vouch_attr *a, Onnx__AttributeProto *p)
{
    p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    p->floats = VOUCH_NEW_ARRAY(w->arena, float, a->count);
    if (!p->floats)
        return VOUCH_ERR_MEMORY;
    for (p->n_floats = 0; p->n_floats < a->count; p->n_floats++)
        p->floats[p->n_floats] = (float)a->floats[p->n_floats];
    return VOUCH_OK;
}

static vouch_status write_ints(const writer *w, const vouch_attr *a, Onnx__AttributeProto *p)
{
    p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    p->ints = VOUCH_NEW_ARRAY(w->arena, int64_t, a->count);
    if (!p->ints)
        return VOUCH_ERR_MEMORY;
    for (p->n_ints = 0; p->n_ints < a->count; p->n_ints++)
        p->ints[p->n_ints] = a->ints[p->n_ints];
    return VOUCH_OK;
}

static vouch_status write_text(const writer *w, const vouch_attr *a, Onnx__AttributeProto *p)
{
    p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    p->has_s = true;
    p->s.len = strlen(a->text);
    p->s.data = VOUCH_NEW_ARRAY(w->arena, uint8_t, p->s.len + 1);
    if (!p->s.data)
        return VOUCH_ERR_MEMORY;
    memcpy(p->s.data, a->text, p->s.len);
    return VOUCH_OK;
}

static vouch_status write_attr(const writer *w, const vouch_attr *a, Onnx__AttributeProto *p)
{
    onnx__attribute_proto__init(p);
    p->name = text_of(a->name);
    p->has_type = true;
    switch (a->kind) {
    case VOUCH_ATTR_INT:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        p->has_i = true;
        p->i = a->i;
        return VOUCH_OK;
    case VOUCH_ATTR_FLOAT:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        p->has_f = true;
        p->f = (float)a->f;
        return VOUCH_OK;
    case VOUCH_ATTR_TEXT:
        return write_text(w, a, p);
    case VOUCH_ATTR_INTS:
        return write_ints(w, a, p);
    case VOUCH_ATTR_FLOATS:
        return write_floats(w, a, p);
    case VOUCH_ATTR_TENSOR:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
        p->t = VOUCH_NEW(w->arena, Onnx__TensorProto);
        return p->t ? write_tensor(w, NULL, a->tensor, p->t) : VOUCH_ERR_MEMORY;
    }
    return VOUCH_ERR_INTERNAL;
}

static char **names_of(const writer *w, const int *index, int count)
{
    char **names = VOUCH_NEW_ARRAY(w->arena, char *, count);

    for (int i = 0; names && i < count; i++)
        names[i] = text_of(index[i] < 0 ? "" : w->graph->value[index[i]].name);
    return names;
}

static vouch_status write_node(const writer *w, const vouch_node *n, Onnx__NodeProto *p)
{
    onnx__node_proto__init(p);
    p->op_type = text_of(n->type);
    p->name = n->name[0] ? text_of(n->name) : NULL;
    p->domain = n->domain[0] ? text_of(n->domain) : NULL;
    p->n_input = (size_t)n->input_count;
    p->input = names_of(w, n->input, n->input_count);
    p->n_output = (size_t)n->output_count;
    p->output = names_of(w, n->output, n->output_count);
    p->n_attribute = (size_t)n->attr_count;
    p->attribute = NEW_MESSAGES(w, Onnx__AttributeProto, p->n_attribute);
    if (!p->input || !p->output || !p->attribute)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < p->n_attribute; i++)
        VOUCH_TRY(write_attr(w, &n->attr[i], p->attribute[i]));
    return VOUCH_OK;
}

/* ---- the model --------------------------------------------------------------------------- */

static vouch_status write_graph(const writer *w, Onnx__GraphProto *p)
{
    const vouch_graph *g = w->graph;

    onnx__graph_proto__init(p);
    p->name = text_of("network");
    p->node = NEW_MESSAGES(w, Onnx__NodeProto, (size_t)g->node_count);
    if (!p->node)
        return VOUCH_ERR_MEMORY;
    for (p->n_node = 0; p->n_node < (size_t)g->node_count; p->n_node++)
        VOUCH_TRY(write_node(w, &g->node[p->n_node], p->node[p->n_node]));
    VOUCH_TRY(write_initialisers(w, p));
    VOUCH_TRY(write_infos(w, g->input, g->input_count, &p->input, &p->n_input));
    return write_infos(w, g->output, g->output_count, &p->output, &p->n_output);
}

static vouch_status pack(const writer *w, void **data, size_t *size)
{
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset;
    Onnx__OperatorSetIdProto *opsets[] = {&opset};

    onnx__model_proto__init(&model);
    onnx__operator_set_id_proto__init(&opset);
    VOUCH_TRY(write_graph(w, &graph));
    opset.domain = text_of("");
    opset.has_version = true;
    opset.version = w->graph->opset;
    model.has_ir_version = true;
    model.ir_version = w->graph->ir_version ? w->graph->ir_version : IR_VERSION;
    model.producer_name = text_of("vouch");
    model.graph = &graph;
    model.opset_import = opsets;
    model.n_opset_import = 1;
    *size = onnx__model_proto__get_packed_size(&model);
    uint8_t *bytes = vouch_arena_alloc(w->arena, *size);
    if (!bytes)
        return VOUCH_ERR_MEMORY;
    (void)onnx__model_proto__pack(&model, bytes);
    *data = bytes;
    return VOUCH_OK;
}

vouch_status vouch_onnx_pack(vouch_arena *arena, const vouch_graph *graph, void **data,
                             size_t *size)
{
    writer w = {.arena = arena, .graph = graph};

    *data = NULL;
    *size = 0;
    return pack(&w, data, size);
}

vouch_status vouch_onnx_write(vouch_context *ctx, const vouch_graph *graph, const char *path)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    void *data = NULL;
    size_t size = 0;

    if (!arena)
        return VOUCH_ERR_MEMORY;
    vouch_status status = vouch_onnx_pack(arena, graph, &data, &size);
    if (!status)
        status = vouch_file_write(ctx, path, data, size);
    vouch_arena_free(arena);
    return status;
}
