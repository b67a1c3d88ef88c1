/* Copies with other nodes at one end (train/rebuild.h). */
#include "train/rebuild.h"

#include <string.h>

#include "graph/copy.h"
#include "train/initial.h"

typedef struct rebuilding {
    vouch_context *ctx;
    vouch_graph_builder *b;
    vouch_arena *arena;
    const vouch_graph *from;
    vouch_graph_copy copy;
} rebuilding;

static vouch_status out_of_memory(const rebuilding *r)
{
    return vouch_fail(r->ctx, VOUCH_ERR_MEMORY, "%s: out of memory", r->from->source);
}

static vouch_status begin(rebuilding *r, vouch_context *ctx, const vouch_graph *from)
{
    *r = (rebuilding){.ctx = ctx, .from = from};
    r->b = vouch_graph_builder_new(ctx, from->source, from->opset);
    if (!r->b)
        return VOUCH_ERR_MEMORY;
    r->arena = vouch_graph_builder_arena(r->b);
    return VOUCH_OK;
}

static vouch_status add_input(rebuilding *r, int *index)
{
    const vouch_value *x = &r->from->value[r->from->input[0]];
    VOUCH_TRY(vouch_graph_add_input(r->b, x->name, x->dtype, &x->shape));
    *index = vouch_graph_value(r->b, x->name);
    return VOUCH_OK;
}

static vouch_status finish(const rebuilding *r, vouch_status status, vouch_graph **out)
{
    if (!status)
        status = vouch_graph_add_output(r->b, r->from->value[r->from->output[0]].name);
    if (!status)
        return vouch_graph_finish(r->b, out);
    vouch_graph_builder_free(r->b);
    return status;
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* What is subtracted (0), and what is divided by (1): of a column of one value, 1. */
static double part_of_range(const vouch_feature *f, int part)
{
    const double range = (double)f->high - (double)f->low;
    return part == 0 ? (double)f->low : range > 0 ? range : 1;
}

/* *last <- type(*last, a constant like the input) */
static vouch_status add_step(const rebuilding *r, const vouch_feature *feature, int part,
                             int *last)
{
    static const char *const type[] = {"Sub", "Div"},
                             *const constant[] = {"own_low", "own_range"},
                             *const result[] = {"own_above", "own_share"};
    vouch_tensor *t =
        vouch_tensor_new(r->arena, VOUCH_F32, &r->from->value[r->from->input[0]].shape);
    int *value = VOUCH_NEW_ARRAY(r->arena, int, 3);
    if (!t || !value)
        return out_of_memory(r);
    for (int64_t i = 0; i < t->count; i++)
        t->f32[i] = (float)part_of_range(&feature[i], part);
    VOUCH_TRY(vouch_graph_add_constant(r->b, constant[part], t));
    value[0] = *last;
    value[1] = vouch_graph_value(r->b, constant[part]);
    value[2] = *last = vouch_graph_value(r->b, result[part]);
    return vouch_graph_add_node(r->b, &(vouch_node){.type = type[part],
                                                    .name = result[part],
                                                    .domain = "",
                                                    .input_count = 2,
                                                    .input = value,
                                                    .output_count = 1,
                                                    .output = value + 2});
}

static vouch_status put_before(rebuilding *r, const vouch_feature *feature)
{
    int last = -1;
    VOUCH_TRY(vouch_graph_copy_begin(&r->copy, r->ctx, r->b, r->from, ""));
    VOUCH_TRY(add_input(r, &last));
    for (int part = 0; part < 2; part++)
        VOUCH_TRY(add_step(r, feature, part, &last));
    r->copy.now[r->from->input[0]] = last;
    return vouch_graph_copy_nodes(&r->copy);
}

vouch_status vouch_rebuild_inputs(vouch_context *ctx, const vouch_graph *graph,
                                  const vouch_feature *feature, vouch_graph **out)
{
    rebuilding r;
    *out = NULL;
    VOUCH_TRY(begin(&r, ctx, graph));
    return finish(&r, put_before(&r, feature), out);
}

/* ---- the end --------------------------------------------------------------------------------- */

typedef struct head {
    int weight, bias;  /* values of the old network; bias -1: none */
    bool output_first; /* in the weight */
} head;

/* The node that gives the value, if it is of that type. */
static const vouch_node *producer(const vouch_graph *g, int value, const char *type)
{
    const int n = value < 0 ? -1 : g->value[value].producer;
    return n >= 0 && strcmp(g->node[n].type, type) == 0 ? &g->node[n] : NULL;
}

static const vouch_tensor *constant(const vouch_graph *g, int value)
{
    return value < 0 ? NULL : g->value[value].constant;
}

/* The constants of the layer that gives the output; weight -1: it is none. */
static head find_constants(const vouch_graph *g)
{
    const int y = g->output[0];
    const vouch_node *gemm = producer(g, y, "Gemm"), *add = producer(g, y, "Add");
    if (gemm) {
        const vouch_attr *b = vouch_node_attr(gemm, "transB");
        return (head){gemm->input[1], gemm->input_count > 2 ? gemm->input[2] : -1,
                      b && b->i != 0};
    }
    const int side = add && constant(g, add->input[0]) ? 0 : 1;
    const vouch_node *product = producer(g, add ? add->input[1 - side] : y, "MatMul");
    return product ? (head){product->input[1], add ? add->input[side] : -1, false}
                   : (head){-1, -1, false};
}

static bool find_head(const vouch_graph *g, head *h)
{
    *h = find_constants(g);
    const vouch_tensor *w = constant(g, h->weight), *bias = constant(g, h->bias);
    if (!w || w->shape.rank != 2 || w->dtype != VOUCH_F32)
        return false;
    return h->bias < 0 || (bias && bias->dtype == VOUCH_F32 && bias->shape.rank >= 1 &&
                           bias->count == w->shape.dim[!h->output_first]);
}

/* Fresh constants for the layer, in the places of the old ones. */
static vouch_status draw_head(rebuilding *r, const head *h, int64_t outputs, uint64_t seed)
{
    const vouch_value *value = r->from->value;
    vouch_shape w_shape = value[h->weight].shape, b_shape = {1, {outputs}};
    vouch_random random = vouch_random_stream(seed, "head", 0);
    w_shape.dim[!h->output_first] = outputs;
    if (h->bias >= 0)
        b_shape = value[h->bias].shape;
    b_shape.dim[b_shape.rank - 1] = outputs;
    vouch_tensor *w = vouch_tensor_new(r->arena, VOUCH_F32, &w_shape);
    vouch_tensor *bias = vouch_tensor_new(r->arena, VOUCH_F32, &b_shape);
    if (!w || !bias)
        return out_of_memory(r);
    vouch_initial_uniform.draw(&random, w->count / outputs, w, bias);
    VOUCH_TRY(vouch_graph_copy_constant(&r->copy, h->weight, w));
    return h->bias < 0 ? VOUCH_OK : vouch_graph_copy_constant(&r->copy, h->bias, bias);
}

static vouch_status replace_end(rebuilding *r, const head *h, int64_t outputs, uint64_t seed)
{
    VOUCH_TRY(vouch_graph_copy_begin(&r->copy, r->ctx, r->b, r->from, ""));
    VOUCH_TRY(add_input(r, &r->copy.now[r->from->input[0]]));
    VOUCH_TRY(draw_head(r, h, outputs, seed));
    return vouch_graph_copy_nodes(&r->copy);
}

vouch_status vouch_rebuild_head(vouch_context *ctx, const vouch_graph *graph, int64_t outputs,
                                uint64_t seed, vouch_graph **out)
{
    rebuilding r;
    head h;
    *out = NULL;
    if (graph->input_count != 1 || graph->output_count != 1 || !find_head(graph, &h))
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "new-head: %s does not end in a dense layer with constant weights",
                          graph->source);
    VOUCH_TRY(begin(&r, ctx, graph));
    return finish(&r, replace_end(&r, &h, outputs, seed), out);
}
