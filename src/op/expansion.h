/* Nodes made from nodes: what `expand` and `decompose` add to a graph.
 *
 * An operator's hook calls vouch_emit_node for every simpler node it wants, in topological
 * order. The first error sticks: later calls do nothing and return -1, so that a hook is a plain
 * list of calls and ends with `return vouch_emit_status(into)`.
 */
#ifndef VOUCH_OP_EXPANSION_H
#define VOUCH_OP_EXPANSION_H

#include "op/op_priv.h"

struct vouch_op_expansion {
    vouch_graph *graph;
    int count, capacity; /* of node */
    vouch_node *node;
    int value_capacity; /* of graph->value, 0 = as many as there are */
    vouch_arena *scratch;
    bool decompose;      /* replace nodes by `decompose`, too */
    int64_t added;       /* calls of vouch_op_expansion_add so far */
    vouch_status status; /* of emitting */
};

/* Adds `type` over the values a and b (b < 0: one input), with one attribute (NULL: none). Its
 * result is the value `output`, or a new one where that is negative. Returns the result. */
int vouch_emit_node(struct vouch_op_expansion *into, const char *type, int a, int b,
                    const vouch_attr *attr, int output);
/* A constant; the data of ints is copied. */
int vouch_emit_constant(struct vouch_op_expansion *into, const vouch_tensor *t);
int vouch_emit_scalar(struct vouch_op_expansion *into, double x);
int vouch_emit_ints(struct vouch_op_expansion *into, const int64_t *ints, int64_t count);

/* Gather along an axis. */
int vouch_emit_gather(struct vouch_op_expansion *into, int x, int64_t axis,
                      const int64_t *index, int64_t count);
int vouch_emit_reshape(struct vouch_op_expansion *into, int x, const vouch_shape *shape,
                       int output);
/* ReduceSum or ReduceMean along `count` axes from `axis` on; the dimensions stay, of size 1. */
int vouch_emit_reduce(struct vouch_op_expansion *into, const char *type, int x, int64_t axis,
                      int64_t count, int output);

static inline vouch_attr vouch_emit_attr(const char *name, int64_t i)
{
    return (vouch_attr){.name = name, .kind = VOUCH_ATTR_INT, .count = 1, .i = i};
}
static inline vouch_status vouch_emit_status(const struct vouch_op_expansion *into)
{
    return into->status;
}

#endif
