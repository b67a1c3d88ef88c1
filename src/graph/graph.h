/* The network: a directed acyclic graph of nodes over values.
 *
 * A value is a tensor that is computed, given (an input) or constant (an initialiser); a node
 * applies an operator to values. The graph knows no operator's meaning: `op` and `attr` are
 * kept as read, and operators (src/op) attach what they derived in `op` and `state`.
 *
 * Invariants after vouch_graph_finish: nodes are in topological order; every value has exactly
 * one source (input, constant or producer); there is no cycle.
 * After vouch_op_bind_graph (op/op.h): every value's dtype and shape are known, and nodes all
 * of whose inputs are constant have been evaluated into constants.
 */
#ifndef VOUCH_GRAPH_GRAPH_H
#define VOUCH_GRAPH_GRAPH_H

#include "tensor/tensor.h"

typedef enum vouch_attr_kind {
    VOUCH_ATTR_INT = 1,
    VOUCH_ATTR_FLOAT,
    VOUCH_ATTR_TEXT,
    VOUCH_ATTR_INTS,
    VOUCH_ATTR_FLOATS,
    VOUCH_ATTR_TENSOR
} vouch_attr_kind;

typedef struct vouch_attr {
    const char *name;
    vouch_attr_kind kind;
    size_t count; /* of ints, floats */
    union {
        int64_t i;
        double f;
        const char *text;
        const int64_t *ints;
        const double *floats;
        const vouch_tensor *tensor;
    };
} vouch_attr;

typedef struct vouch_value {
    const char *name;
    vouch_dtype dtype; /* 0 while unknown */
    vouch_shape shape; /* valid if shape_known */
    bool shape_known;
    bool partial;                 /* may have fewer elements than its shape (op/op.h) */
    const vouch_tensor *constant; /* NULL for inputs and computed values */
    int producer;                 /* node index, or -1 */
} vouch_value;

struct vouch_op; /* op/op.h */

typedef struct vouch_node {
    const char *type;   /* "Conv" */
    const char *name;   /* never NULL; "" if the file gives none */
    const char *domain; /* "" for ai.onnx */
    int input_count, output_count, attr_count;
    const int *input;  /* value indices; -1 where an optional input is left out */
    const int *output; /* value indices; -1 where an optional output is left out */
    const vouch_attr *attr;
    const struct vouch_op *op; /* set by vouch_op_bind_graph */
    const void *state;         /* what op->prepare derived; in the graph's arena */
} vouch_node;

typedef struct vouch_graph {
    vouch_arena *arena; /* owns everything below */
    const char *source; /* file name, for messages */
    int64_t opset;      /* of the default domain */
    int64_t ir_version;
    int value_count, node_count, input_count, output_count;
    vouch_value *value;
    vouch_node *node;
    int *input;  /* value indices of the true inputs (initialisers excluded) */
    int *output; /* value indices */
    /* [output_count] what the file says of the outputs: rank -1 where nothing, a dimension -1
     * where it is left open; NULL if the file says nothing at all */
    const vouch_shape *declared;
} vouch_graph;

/* ---- building -------------------------------------------------------------------------- */

typedef struct vouch_graph_builder vouch_graph_builder;

/* A graph of its own arena, freed by vouch_graph_free. source is copied. */
vouch_graph_builder *vouch_graph_builder_new(vouch_context *ctx, const char *source,
                                             int64_t opset);
vouch_arena *vouch_graph_builder_arena(vouch_graph_builder *b);
/* The index of the value of that name, made if new; -1 when out of memory. */
int vouch_graph_value(vouch_graph_builder *b, const char *name);
vouch_status vouch_graph_add_input(vouch_graph_builder *b, const char *name, vouch_dtype dtype,
                                   const vouch_shape *shape);
vouch_status vouch_graph_add_constant(vouch_graph_builder *b, const char *name,
                                      const vouch_tensor *tensor);
/* node's arrays must live in the builder's arena. Fails if an output has a source already. */
vouch_status vouch_graph_add_node(vouch_graph_builder *b, const vouch_node *node);
vouch_status vouch_graph_add_output(vouch_graph_builder *b, const char *name);
/* Checks, sorts topologically, hands the graph over and frees the builder. Errors: a cycle, a
 * value without source ("missing initialiser"), no output. On error *graph is NULL. */
vouch_status vouch_graph_finish(vouch_graph_builder *b, vouch_graph **graph);
void vouch_graph_builder_free(vouch_graph_builder *b); /* abandons it; NULL is fine */

void vouch_graph_free(vouch_graph *graph);

/* ---- asking ---------------------------------------------------------------------------- */

const vouch_attr *vouch_node_attr(const vouch_node *node, const char *name); /* or NULL */
/* The attribute, or the default where absent. A wrong kind is an error naming node and attr. */
vouch_status vouch_node_int(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                            const char *name, int64_t otherwise, int64_t *out);
vouch_status vouch_node_real(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             const char *name, double otherwise, double *out);
/* *ints NULL and *count 0 where absent */
vouch_status vouch_node_ints(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             const char *name, const int64_t **ints, size_t *count);
vouch_status vouch_node_text(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             const char *name, const char *otherwise, const char **out);
/* vouch_fail with "source: node 'name' (Type): " before the text. */
vouch_status vouch_node_fail(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                             vouch_status status, const char *format, ...) VOUCH_PRINTF(5, 6);

/* Parameters: elements of float constants that are used by a node. */
int64_t vouch_graph_parameters(const vouch_graph *graph);

#endif
