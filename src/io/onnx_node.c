/* Nodes of an ONNX graph and their attributes; Constant nodes become initialisers.
 *
 * What an operator means is not known here: type and attributes are kept as read, and src/op
 * judges them. Refused are only what the graph cannot hold (subgraphs, sparse tensors, types,
 * references) and operators of domains other than ONNX's own, whose names would collide.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/onnx_priv.h"

/* A node without a name is known by what it computes. */
static const char *name_of(const Onnx__NodeProto *n)
{
    if (n->name && n->name[0])
        return n->name;
    return n->n_output ? n->output[0] : "?";
}

/* vouch_fail with "source: node 'name' (Type): " before the text, as vouch_node_fail has it. */
static vouch_status fail_node(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                              vouch_status status, const char *format, ...) VOUCH_PRINTF(4, 5);

static vouch_status fail_node(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                              vouch_status status, const char *format, ...)
{
    char text[512];
    bool named = n->name && n->name[0];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return vouch_fail(r->ctx, status, "%s: node %s'%s' (%s): %s", r->source, named ? "" : "of ",
                      name_of(n), n->op_type ? n->op_type : "no type", text);
}

/* ---- infinities -------------------------------------------------------------------------- */

static bool gives_meaning(const Onnx__NodeProto *n, size_t input)
{
    const char *type = n->op_type ? n->op_type : "";

    return input > 0 && (strcmp(type, "Clip") == 0 || strcmp(type, "Pad") == 0);
}

bool vouch_onnx_infinite_allowed(const vouch_onnx_reader *r, const char *value)
{
    for (size_t i = 0; i < r->graph->n_node; i++) {
        const Onnx__NodeProto *n = r->graph->node[i];
        for (size_t k = 0; k < n->n_input; k++)
            if (strcmp(n->input[k], value) == 0 && !gives_meaning(n, k))
                return false;
    }
    return true;
}

/* ---- attributes -------------------------------------------------------------------------- */

typedef Onnx__AttributeProto proto_attr;

/* The type of an attribute; files before IR version 2 leave it to which field is set. */
static int attr_type(const proto_attr *a)
{
    if (a->has_type && a->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
        return (int)a->type;
    if (a->has_f)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    if (a->has_i)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    if (a->has_s)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    if (a->t)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    if (a->g)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH;
    if (a->n_floats)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    if (a->n_ints)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED;
}

static vouch_status check_real(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                               const proto_attr *a, float value)
{
    if (isnan(value) || (isinf(value) && !gives_meaning(n, 1)))
        return fail_node(r, n, VOUCH_ERR_VALUE, "attribute '%s' is %s", a->name,
                         isnan(value) ? "NaN" : "infinite");
    return VOUCH_OK;
}

static vouch_status read_floats(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                                const proto_attr *a, vouch_attr *attr)
{
    double *floats = VOUCH_NEW_ARRAY(r->arena, double, a->n_floats);

    if (!floats)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < a->n_floats; i++) {
        VOUCH_TRY(check_real(r, n, a, a->floats[i]));
        floats[i] = (double)a->floats[i];
    }
    attr->kind = VOUCH_ATTR_FLOATS;
    attr->count = a->n_floats;
    attr->floats = floats;
    return VOUCH_OK;
}

static vouch_status read_ints(const vouch_onnx_reader *r, const proto_attr *a, vouch_attr *attr)
{
    int64_t *ints = VOUCH_NEW_ARRAY(r->arena, int64_t, a->n_ints);

    if (!ints)
        return VOUCH_ERR_MEMORY;
    if (a->n_ints)
        memcpy(ints, a->ints, a->n_ints * sizeof *ints);
    attr->kind = VOUCH_ATTR_INTS;
    attr->count = a->n_ints;
    attr->ints = ints;
    return VOUCH_OK;
}

static vouch_status read_tensor(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                                const proto_attr *a, vouch_attr *attr)
{
    vouch_tensor *tensor = NULL;
    const char *what = vouch_arena_print(r->scratch, "node '%s' (%s): attribute '%s'",
                                         name_of(n), n->op_type, a->name);

    if (!what)
        return VOUCH_ERR_MEMORY;
    if (!a->t)
        return fail_node(r, n, VOUCH_ERR_PARSE, "attribute '%s' holds no tensor", a->name);
    VOUCH_TRY(vouch_onnx_tensor(r, a->t, what, &tensor));
    VOUCH_TRY(vouch_onnx_check_finite(r, tensor, what, NULL));
    attr->kind = VOUCH_ATTR_TENSOR;
    attr->tensor = tensor;
    return VOUCH_OK;
}

static vouch_status read_text(const vouch_onnx_reader *r, const proto_attr *a, vouch_attr *attr)
{
    attr->kind = VOUCH_ATTR_TEXT;
    attr->text = vouch_arena_text_n(r->arena, (const char *)a->s.data, a->s.len);
    return attr->text ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status fail_attr(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                              const proto_attr *a, int type)
{
    switch (type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED:
        return fail_node(r, n, VOUCH_ERR_PARSE, "attribute '%s' has no type", a->name);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS:
        return fail_node(r, n, VOUCH_ERR_UNSUPPORTED,
                         "attribute '%s' is a subgraph: not supported", a->name);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS:
        return fail_node(r, n, VOUCH_ERR_UNSUPPORTED,
                         "attribute '%s' is a sparse tensor: not supported", a->name);
    default:
        return fail_node(r, n, VOUCH_ERR_UNSUPPORTED,
                         "attribute '%s' has type %d: not supported", a->name, type);
    }
}

static vouch_status read_attr(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                              const proto_attr *a, vouch_attr *attr)
{
    int type = attr_type(a);

    if (!a->name || !a->name[0])
        return fail_node(r, n, VOUCH_ERR_PARSE, "an attribute has no name");
    if (a->ref_attr_name && a->ref_attr_name[0])
        return fail_node(r, n, VOUCH_ERR_UNSUPPORTED, "attribute '%s' refers to another",
                         a->name);
    attr->name = vouch_arena_text(r->arena, a->name);
    if (!attr->name)
        return VOUCH_ERR_MEMORY;
    switch (type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        VOUCH_TRY(check_real(r, n, a, a->f));
        attr->kind = VOUCH_ATTR_FLOAT;
        attr->f = (double)a->f;
        return VOUCH_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        attr->kind = VOUCH_ATTR_INT;
        attr->i = a->i;
        return VOUCH_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        return read_text(r, a, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        return read_tensor(r, n, a, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        return read_floats(r, n, a, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        return read_ints(r, a, attr);
    default:
        return fail_attr(r, n, a, type);
    }
}

/* ---- constants --------------------------------------------------------------------------- */

/* A tensor of doubles or int64s; rank 0 or 1. Floats of ONNX are float32. */
static vouch_status list_tensor(const vouch_onnx_reader *r, vouch_dtype dtype, int rank,
                                size_t count, vouch_tensor **tensor)
{
    vouch_shape shape = {.rank = rank};

    shape.dim[0] = (int64_t)count;
    *tensor = vouch_tensor_new(r->arena, dtype, &shape);
    return *tensor ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status constant_tensor(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                                    const proto_attr *a, vouch_tensor **tensor)
{
    const char *name = a->name ? a->name : "";
    const char *what = vouch_arena_print(r->scratch, "constant '%s'", n->output[0]);

    if (!what)
        return VOUCH_ERR_MEMORY;
    if (strcmp(name, "value") == 0 && a->t)
        return vouch_onnx_tensor(r, a->t, what, tensor);
    if (strcmp(name, "value_float") == 0 && a->has_f) {
        VOUCH_TRY(list_tensor(r, VOUCH_F32, 0, 1, tensor));
        (*tensor)->f32[0] = a->f;
    } else if (strcmp(name, "value_int") == 0 && a->has_i) {
        VOUCH_TRY(list_tensor(r, VOUCH_I64, 0, 1, tensor));
        (*tensor)->i64[0] = a->i;
    } else if (strcmp(name, "value_floats") == 0) {
        VOUCH_TRY(list_tensor(r, VOUCH_F32, 1, a->n_floats, tensor));
        if (a->n_floats)
            memcpy((*tensor)->f32, a->floats, a->n_floats * sizeof *a->floats);
    } else if (strcmp(name, "value_ints") == 0) {
        VOUCH_TRY(list_tensor(r, VOUCH_I64, 1, a->n_ints, tensor));
        if (a->n_ints)
            memcpy((*tensor)->i64, a->ints, a->n_ints * sizeof *a->ints);
    } else {
        return fail_node(r, n, VOUCH_ERR_UNSUPPORTED, "attribute '%s' is not supported", name);
    }
    return VOUCH_OK;
}

static vouch_status add_constant(const vouch_onnx_reader *r, const Onnx__NodeProto *n)
{
    vouch_tensor *tensor = NULL;

    if (n->n_output != 1 || !n->output[0][0] || n->n_input)
        return fail_node(r, n, VOUCH_ERR_PARSE, "has no inputs and one output by definition");
    if (n->n_attribute != 1)
        return fail_node(r, n, VOUCH_ERR_PARSE, "has %zu attributes instead of one value",
                         n->n_attribute);
    VOUCH_TRY(constant_tensor(r, n, n->attribute[0], &tensor));
    const char *what = vouch_arena_print(r->scratch, "constant '%s'", n->output[0]);
    if (!what)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_onnx_check_finite(r, tensor, what, n->output[0]));
    return vouch_graph_add_constant(r->builder, n->output[0], tensor);
}

/* ---- nodes ------------------------------------------------------------------------------- */

/* Indices of the values named; an empty name is one that was left out. */
static vouch_status read_names(const vouch_onnx_reader *r, char *const *name, size_t count,
                               const int **index)
{
    int *values = VOUCH_NEW_ARRAY(r->arena, int, count);

    if (!values)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        values[i] = name[i][0] ? vouch_graph_value(r->builder, name[i]) : -1;
        if (values[i] < 0 && name[i][0])
            return VOUCH_ERR_MEMORY;
    }
    *index = values;
    return VOUCH_OK;
}

static vouch_status read_attrs(const vouch_onnx_reader *r, const Onnx__NodeProto *n,
                               vouch_node *node)
{
    vouch_attr *attrs = VOUCH_NEW_ARRAY(r->arena, vouch_attr, n->n_attribute);

    if (!attrs)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < n->n_attribute; i++)
        VOUCH_TRY(read_attr(r, n, n->attribute[i], &attrs[i]));
    node->attr = attrs;
    node->attr_count = (int)n->n_attribute;
    return VOUCH_OK;
}

static vouch_status check_operator(const vouch_onnx_reader *r, const Onnx__NodeProto *n)
{
    const char *domain = n->domain ? n->domain : "";

    if (!n->op_type || !n->op_type[0])
        return fail_node(r, n, VOUCH_ERR_PARSE, "it has no operator type");
    if (domain[0] && strcmp(domain, "ai.onnx") != 0)
        return fail_node(r, n, VOUCH_ERR_UNSUPPORTED,
                         "operators of domain '%s' are not supported", domain);
    return VOUCH_OK;
}

vouch_status vouch_onnx_node(const vouch_onnx_reader *r, const Onnx__NodeProto *proto)
{
    vouch_node node = {.domain = ""};

    VOUCH_TRY(check_operator(r, proto));
    if (strcmp(proto->op_type, "Constant") == 0)
        return add_constant(r, proto);
    node.type = vouch_arena_text(r->arena, proto->op_type);
    node.name = vouch_arena_text(r->arena, proto->name ? proto->name : "");
    if (!node.type || !node.name)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(read_attrs(r, proto, &node));
    VOUCH_TRY(read_names(r, proto->input, proto->n_input, &node.input));
    VOUCH_TRY(read_names(r, proto->output, proto->n_output, &node.output));
    node.input_count = (int)proto->n_input;
    node.output_count = (int)proto->n_output;
    return vouch_graph_add_node(r->builder, &node);
}
