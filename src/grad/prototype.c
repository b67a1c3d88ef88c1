/* Finding prototypes in a graph (prototype.h): a chain of nodes, each the only reader of the one
 * before. */
#include "grad/prototype.h"

#include <string.h>

static const char *const chain[VOUCH_PROTOTYPE_NODES] = {
    "Reshape", "Sub", "Mul", "ReduceSum", "Add", "Reciprocal", "Mul", "Add", "Log"};
enum { RESHAPE, SUB, SQUARE, SUM, ADD_0, RECIPROCAL, FACTOR, ADD_1, LOG };

/* The only node that reads the value, in as many places as it likes; -1. */
static int reader_of(const vouch_graph *g, int value)
{
    int found = -1;
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->node[n].input_count; i++) {
            if (g->node[n].input[i] != value)
                continue;
            if (found >= 0 && found != n)
                return -1;
            found = n;
        }
    return found;
}

static bool find_chain(const vouch_graph *g, int node, vouch_prototypes *p)
{
    for (int k = 0; k < VOUCH_PROTOTYPE_NODES; k++) {
        if (node < 0 || strcmp(g->node[node].type, chain[k]) != 0 ||
            g->node[node].output_count != 1)
            return false;
        p->node[k] = node;
        node = reader_of(g, g->node[node].output[0]);
    }
    return true;
}

static const vouch_shape *shape_of(const vouch_graph *g, int value)
{
    return &g->value[value].shape;
}

static int given(const vouch_graph *g, const vouch_prototypes *p, int k)
{
    return g->node[p->node[k]].output[0];
}

/* The node's constant of one number, beside what the chain gives it. */
static bool number(const vouch_graph *g, const vouch_prototypes *p, int k, double *out)
{
    const vouch_node *node = &g->node[p->node[k]];
    const int before = given(g, p, k - 1);
    const vouch_tensor *t = node->input_count == 2
                                ? g->value[node->input[node->input[0] == before]].constant
                                : NULL;
    *out = t != NULL && t->count == 1 ? vouch_tensor_get(t, 0) : 0;
    return *out > 0;
}

/* z - p, of z first; squared; summed along its dimension alone. */
static bool is_distance(const vouch_graph *g, vouch_prototypes *p)
{
    const vouch_node *sub = &g->node[p->node[SUB]], *square = &g->node[p->node[SQUARE]];
    const vouch_shape *z = shape_of(g, p->latent), *flat = shape_of(g, given(g, p, RESHAPE));
    const vouch_shape *apart = shape_of(g, given(g, p, SUB));
    const vouch_tensor *t = g->value[p->constant].constant;
    if (flat->rank != 4 || flat->dim[1] != 1 || z->rank < 2 || z->dim[1] != flat->dim[2] ||
        t == NULL || t->dtype != VOUCH_F32 || t->shape.rank != 3)
        return false;
    p->count = t->shape.dim[0];
    p->dimension = flat->dim[2];
    p->components = flat->dim[3];
    const vouch_shape all = {4, {1, p->count, p->dimension, p->components}};
    const vouch_shape sums = {4, {1, p->count, 1, p->components}};
    return flat->dim[0] == 1 && t->shape.dim[1] == p->dimension && t->shape.dim[2] == 1 &&
           sub->input[0] == given(g, p, RESHAPE) && square->input[0] == square->input[1] &&
           vouch_shape_equal(apart, &all) && vouch_shape_equal(shape_of(g, p->distance), &sums);
}

bool vouch_prototypes_at(const vouch_graph *g, int node, vouch_prototypes *out)
{
    vouch_prototypes p = {.latent = -1};
    if (strcmp(g->node[node].type, "Reshape") != 0 || !find_chain(g, node, &p))
        return false;
    p.latent = g->node[node].input[0];
    p.constant = g->node[p.node[SUB]].input[1];
    p.distance = given(g, &p, SUM);
    p.similarity = given(g, &p, LOG);
    *out = p;
    return is_distance(g, out) && number(g, out, ADD_0, &out->offset[0]) &&
           number(g, out, FACTOR, &out->factor) && number(g, out, ADD_1, &out->offset[1]);
}
