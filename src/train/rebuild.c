/* Copies with other nodes at one end (train/rebuild.h). */
#include "train/rebuild.h"

#include "graph/copy.h"

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
