/* ONNX models to graphs: opset, inputs, initialisers, nodes, outputs.
 *
 * The file is scanned (onnx_scan.c), unpacked into a scratch arena by the code that protoc-c
 * makes from onnx.proto, and copied into a graph; then the scratch arena goes, so nothing that
 * the library allocated can leak. Initialisers come first: an input that has one is a constant,
 * as ONNX's IR had it before version 4.
 */
#include <stdlib.h>
#include <string.h>

#include "io/onnx_priv.h"

/* ---- opset ------------------------------------------------------------------------------- */

static bool is_default_domain(const char *domain)
{
    return !domain || !domain[0] || strcmp(domain, "ai.onnx") == 0;
}

static vouch_status find_opset(vouch_context *ctx, const char *source,
                               const Onnx__ModelProto *model, int64_t *opset)
{
    bool found = false;

    for (size_t i = 0; i < model->n_opset_import && !found; i++) {
        const Onnx__OperatorSetIdProto *id = model->opset_import[i];
        found = is_default_domain(id->domain);
        *opset = found ? id->version : 0;
    }
    if (!found)
        return vouch_fail(ctx, VOUCH_ERR_PARSE,
                          "%s: the model names no version of the ONNX operators "
                          "(opset_import; is the file cut short?)",
                          source);
    if (*opset < VOUCH_OPSET_MIN || *opset > VOUCH_OPSET_MAX)
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: opset %lld is not supported (%d to %d are)", source,
                          (long long)*opset, (int)VOUCH_OPSET_MIN, (int)VOUCH_OPSET_MAX);
    return VOUCH_OK;
}

/* ---- initialisers ------------------------------------------------------------------------ */

static vouch_status add_initialiser(const vouch_onnx_reader *r, const Onnx__TensorProto *p)
{
    vouch_tensor *tensor = NULL;

    if (!p->name || !p->name[0])
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s: an initialiser has no name", r->source);
    const char *what = vouch_arena_print(r->scratch, "initialiser '%s'", p->name);
    if (!what)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_onnx_tensor(r, p, what, &tensor));
    VOUCH_TRY(vouch_onnx_check_finite(r, tensor, what, p->name));
    return vouch_graph_add_constant(r->builder, p->name, tensor);
}

static vouch_status check_sparse(const vouch_onnx_reader *r)
{
    const Onnx__GraphProto *g = r->graph;

    if (!g->n_sparse_initializer)
        return VOUCH_OK;
    const Onnx__TensorProto *values = g->sparse_initializer[0]->values;
    return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED,
                      "%s: initialiser '%s' is sparse: not supported", r->source,
                      values && values->name ? values->name : "");
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static vouch_status add_initialisers(vouch_onnx_reader *r)
{
    const Onnx__GraphProto *g = r->graph;

    VOUCH_TRY(check_sparse(r));
    r->initialiser = VOUCH_NEW_ARRAY(r->scratch, const char *, g->n_initializer);
    if (!r->initialiser)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < g->n_initializer; i++) {
        VOUCH_TRY(vouch_context_poll(r->ctx));
        VOUCH_TRY(add_initialiser(r, g->initializer[i]));
        r->initialiser[i] = g->initializer[i]->name;
    }
    qsort(r->initialiser, g->n_initializer, sizeof *r->initialiser, compare_names);
    return VOUCH_OK;
}

static bool is_initialiser(const vouch_onnx_reader *r, const char *name)
{
    return bsearch(&name, r->initialiser, r->graph->n_initializer, sizeof *r->initialiser,
                   compare_names) != NULL;
}

/* ---- inputs and outputs ------------------------------------------------------------------ */

/* A dimension that the file leaves open is 1 where it comes first (the batch). */
static vouch_status read_dim(const vouch_onnx_reader *r, const char *name,
                             const Onnx__TensorShapeProto__Dimension *d, int axis, int64_t *dim)
{
    bool given = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    const char *symbol = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                             ? d->dim_param
                             : "";

    *dim = given ? d->dim_value : 0;
    if (*dim < -1)
        return vouch_fail(r->ctx, VOUCH_ERR_SHAPE, "%s: input '%s': dimension %d is negative",
                          r->source, name, axis);
    if (*dim > 0)
        return VOUCH_OK;
    *dim = 1;
    if (axis == 0)
        return VOUCH_OK;
    return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED,
                      "%s: input '%s': dimension %d is unknown%s%s%s (only the first may be)",
                      r->source, name, axis, symbol[0] ? " ('" : "", symbol,
                      symbol[0] ? "')" : "");
}

static vouch_status read_input_shape(const vouch_onnx_reader *r, const char *name,
                                     const Onnx__TensorShapeProto *proto, vouch_shape *shape)
{
    if (!proto)
        return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED, "%s: input '%s' has no shape",
                          r->source, name);
    if (proto->n_dim > VOUCH_RANK_MAX)
        return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: input '%s' has %zu dimensions (at most %d)", r->source, name,
                          proto->n_dim, (int)VOUCH_RANK_MAX);
    shape->rank = (int)proto->n_dim;
    for (int i = 0; i < shape->rank; i++)
        VOUCH_TRY(read_dim(r, name, proto->dim[i], i, &shape->dim[i]));
    if (vouch_shape_count(shape) < 0)
        return vouch_fail(r->ctx, VOUCH_ERR_SHAPE, "%s: input '%s' has too many elements",
                          r->source, name);
    return VOUCH_OK;
}

/* Inputs are what the network computes with; narrow floats would need their own rounding. */
static vouch_dtype input_dtype(int32_t elem_type)
{
    switch (elem_type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
    case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
        return 0;
    default:
        return vouch_onnx_dtype(elem_type);
    }
}

static vouch_status add_input(const vouch_onnx_reader *r, const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto *type = info->type;
    vouch_shape shape = {0};

    if (!info->name || !info->name[0])
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s: an input has no name", r->source);
    if (is_initialiser(r, info->name))
        return VOUCH_OK;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED, "%s: input '%s' is not a tensor",
                          r->source, info->name);
    const Onnx__TypeProto__Tensor *t = type->tensor_type;
    vouch_dtype dtype = input_dtype(t->elem_type);
    if (!dtype)
        return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: input '%s' has element type %s (%d): not supported", r->source,
                          info->name, vouch_onnx_dtype_name(t->elem_type), (int)t->elem_type);
    VOUCH_TRY(read_input_shape(r, info->name, t->shape, &shape));
    return vouch_graph_add_input(r->builder, info->name, dtype, &shape);
}

static vouch_status add_output(const vouch_onnx_reader *r, const Onnx__ValueInfoProto *info)
{
    if (!info->name || !info->name[0])
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s: an output has no name", r->source);
    return vouch_graph_add_output(r->builder, info->name);
}

/* What the file says of an output's shape is kept to be compared, and may be incomplete. */
static vouch_shape declared_shape(const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto *type = info->type;
    vouch_shape shape = {.rank = -1};

    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ||
        !type->tensor_type->shape || type->tensor_type->shape->n_dim > VOUCH_RANK_MAX)
        return shape;
    const Onnx__TensorShapeProto *proto = type->tensor_type->shape;
    shape.rank = (int)proto->n_dim;
    for (int i = 0; i < shape.rank; i++) {
        const Onnx__TensorShapeProto__Dimension *d = proto->dim[i];
        bool given = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;

        shape.dim[i] = given && d->dim_value > 0 ? d->dim_value : -1;
    }
    return shape;
}

static vouch_status keep_declared(const vouch_onnx_reader *r, vouch_graph *graph)
{
    vouch_shape *declared = VOUCH_NEW_ARRAY(graph->arena, vouch_shape, r->graph->n_output);

    if (!declared)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < r->graph->n_output; i++)
        declared[i] = declared_shape(r->graph->output[i]);
    graph->declared = declared;
    return VOUCH_OK;
}

/* ---- the model --------------------------------------------------------------------------- */

static vouch_status fill(vouch_onnx_reader *r)
{
    VOUCH_TRY(add_initialisers(r));
    for (size_t i = 0; i < r->graph->n_input; i++)
        VOUCH_TRY(add_input(r, r->graph->input[i]));
    for (size_t i = 0; i < r->graph->n_node; i++)
        VOUCH_TRY(vouch_onnx_node(r, r->graph->node[i]));
    for (size_t i = 0; i < r->graph->n_output; i++)
        VOUCH_TRY(add_output(r, r->graph->output[i]));
    return VOUCH_OK;
}

static vouch_status build(vouch_onnx_reader *r, const Onnx__ModelProto *model,
                          vouch_graph **graph)
{
    int64_t opset = 0;

    if (!model->graph)
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s: the model holds no graph", r->source);
    VOUCH_TRY(find_opset(r->ctx, r->source, model, &opset));
    r->graph = model->graph;
    r->builder = vouch_graph_builder_new(r->ctx, r->source, opset);
    if (!r->builder)
        return VOUCH_ERR_MEMORY;
    r->arena = vouch_graph_builder_arena(r->builder);
    vouch_status status = fill(r);
    if (status) {
        vouch_graph_builder_free(r->builder);
        return status;
    }
    VOUCH_TRY(vouch_graph_finish(r->builder, graph));
    (*graph)->ir_version = model->ir_version;
    status = keep_declared(r, *graph);
    if (status) {
        vouch_graph_free(*graph);
        *graph = NULL;
    }
    return status;
}

vouch_status vouch_onnx_parse_in(vouch_context *ctx, const char *source, const char *folder,
                                 const void *data, size_t size, vouch_graph **graph)
{
    vouch_onnx_reader r = {.ctx = ctx, .source = source, .folder = folder};
    ProtobufCMessage *message = NULL;

    *graph = NULL;
    r.scratch = vouch_arena_new(ctx);
    if (!r.scratch)
        return VOUCH_ERR_MEMORY;
    vouch_status status = vouch_onnx_unpack(r.scratch, source, data, size,
                                            &onnx__model_proto__descriptor, &message);
    if (!status)
        status = build(&r, (const Onnx__ModelProto *)message, graph);
    vouch_arena_free(r.scratch);
    return status;
}

vouch_status vouch_onnx_parse(vouch_context *ctx, const char *source, const void *data,
                              size_t size, vouch_graph **graph)
{
    return vouch_onnx_parse_in(ctx, source, NULL, data, size, graph);
}
