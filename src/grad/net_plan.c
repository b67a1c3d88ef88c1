/* Laying out a net: values and their adjoints in borders, which layers run sample by sample, and
 * where parameters and what derives from them lie. */
#include "grad/net_priv.h"

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "net: out of memory");
}

/* ---- images ---------------------------------------------------------------------------------- */

static void raise(int64_t border[4], const int64_t by[4])
{
    for (int side = 0; side < 4; side++)
        border[side] = border[side] > by[side] ? border[side] : by[side];
}

/* Strides that are an odd number of cache lines spread samples over the cache's sets. */
static int64_t spread(int64_t floats)
{
    const int64_t lines = (floats + 15) / 16;
    return 16 * (lines | 1);
}

static net_image image(const net_image *size, const int64_t border[4])
{
    net_image i = {.h = size->h,
                   .w = size->w,
                   .c = size->c,
                   .top = border[0],
                   .left = border[1],
                   .bottom = border[2],
                   .right = border[3]};
    i.pitch = (i.left + i.w + i.right) * i.c;
    i.stride = spread((i.top + i.h + i.bottom) * i.pitch);
    return i;
}

/* Borders as wide as any layer around the value asks for. */
static vouch_status lay_out(vouch_context *ctx, vouch_arena *arena, vouch_net *net)
{
    const int values = net->layer_count + 1;
    int64_t(*around)[2][4] = vouch_arena_alloc(arena, (size_t)values * sizeof *around);
    if (!around)
        return out_of_memory(ctx);
    for (int i = 0; i < net->layer_count; i++) {
        net_layer *l = &net->layer[i];
        net_margins m = {0};
        if (l->kind->margins)
            l->kind->margins(net, l, &m);
        raise(around[l->give][1], m.out);
        for (int k = 0; k < l->take_count; k++) {
            raise(around[l->take[k]][0], m.value[k]);
            raise(around[l->take[k]][1], m.adjoint[k]);
        }
    }
    for (int v = 0; v < values; v++) {
        net_value *value = &net->value[v];
        value->adjoint = image(&value->image, around[v][1]);
        value->image = image(&value->image, around[v][0]);
        value->shares = value->adjoint_shares = v;
    }
    return VOUCH_OK;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void find_runs(vouch_net *net)
{
    for (int i = 0; i < net->layer_count; i++) {
        net_layer *l = &net->layer[i];
        if (i > 0)
            l->run = l[-1].run + (l->whole || l[-1].whole);
        for (int k = 0; k < l->take_count; k++) {
            net_value *in = &net->value[l->take[k]];
            const net_layer *from = l->take[k] > 0 ? &net->layer[l->take[k] - 1] : net->layer;
            in->whole |= l->whole || from->run != l->run;
        }
        net->value[l->give].whole = l->whole;
    }
}

/* What several layers read: the last of them sets the adjoint. */
static void find_sums(vouch_net *net)
{
    for (int i = 0; i < net->layer_count; i++)
        for (int k = 0; k < net->layer[i].take_count; k++)
            for (int j = i; j < net->layer_count; j++)
                for (int n = j == i ? k + 1 : 0; n < net->layer[j].take_count; n++)
                    net->layer[i].adds[k] |= net->layer[j].take[n] == net->layer[i].take[k];
}

/* What holds for a value because of those before it. A gate also holds for what is moved. */
static void find_marks(vouch_net *net)
{
    for (int i = 0; i < net->layer_count; i++) {
        const net_layer *l = &net->layer[i];
        net_value *to = &net->value[l->give];
        to->gate = l->relu || (l->kind->keeps && net->value[l->take[0]].gate);
        to->learned = l->kind->load != NULL;
        for (int k = 0; k < l->take_count; k++)
            to->learned |= net->value[l->take[k]].learned;
    }
}

vouch_status vouch_net_plan(vouch_context *ctx, vouch_arena *arena, vouch_net *net)
{
    const net_planning p = {ctx, arena, net};
    VOUCH_TRY(lay_out(ctx, arena, net));
    find_runs(net);
    find_sums(net);
    find_marks(net);
    for (int i = 0; i < net->layer_count; i++)
        if (net->layer[i].kind->plan)
            VOUCH_TRY(net->layer[i].kind->plan(&p, &net->layer[i]));
    net->parameters = VOUCH_NEW_ARRAY(arena, float, net->size);
    net->back = VOUCH_NEW_ARRAY(arena, float, net->back_size);
    net->statistics = VOUCH_NEW_ARRAY(arena, float, net->statistic_count + 1);
    return net->parameters && net->back && net->statistics ? VOUCH_OK : out_of_memory(ctx);
}

/* ---- the net --------------------------------------------------------------------------------- */

void vouch_net_refresh(vouch_net *net, int part, int parts)
{
    int64_t count = 0;
    for (int i = 0; i < net->layer_count; i++)
        for (int64_t unit = 0; unit < net->layer[i].units; unit++)
            if (count++ % parts == part)
                net->layer[i].kind->refresh(net, &net->layer[i], unit);
}

static vouch_status make(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                         bool training, vouch_net **net)
{
    vouch_net *made = VOUCH_NEW(arena, vouch_net);
    bool fits = false;
    *net = NULL;
    if (!made)
        return out_of_memory(ctx);
    made->training = training;
    VOUCH_TRY(vouch_net_read(ctx, arena, graph, made, &fits));
    if (!fits)
        return VOUCH_OK;
    VOUCH_TRY(vouch_net_plan(ctx, arena, made));
    for (int i = 0; i < made->layer_count; i++)
        if (made->layer[i].kind->load)
            made->layer[i].kind->load(made, &made->layer[i], graph);
    vouch_net_refresh(made, 0, 1);
    *net = made;
    return VOUCH_OK;
}

vouch_status vouch_net_new(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                           vouch_net **net)
{
    return make(ctx, arena, graph, false, net);
}

vouch_status vouch_net_new_to_train(vouch_context *ctx, vouch_arena *arena,
                                    const vouch_graph *graph, vouch_net **net)
{
    return make(ctx, arena, graph, true, net);
}

void vouch_net_absorb(vouch_net *net, const vouch_net_passes *passes)
{
    for (int i = 0; i < net->layer_count; i++)
        if (net->layer[i].kind->absorb)
            net->layer[i].kind->absorb(net, &net->layer[i], passes);
}

vouch_status vouch_net_store(vouch_context *ctx, const vouch_net *net, vouch_graph *graph)
{
    for (int i = 0; i < net->layer_count; i++)
        if (net->layer[i].kind->store)
            VOUCH_TRY(net->layer[i].kind->store(ctx, net, &net->layer[i], graph));
    return VOUCH_OK;
}

int64_t vouch_net_inputs(const vouch_net *net) { return net->inputs; }
int64_t vouch_net_outputs(const vouch_net *net) { return net->outputs; }
float *vouch_net_running(vouch_net *net) { return net->statistics; }
int64_t vouch_net_statistics(const vouch_net *net) { return net->statistic_count; }
int64_t vouch_net_size(const vouch_net *net) { return net->size; }
int64_t vouch_net_least_samples(const vouch_net *net) { return net->least_samples; }
float *vouch_net_parameters(vouch_net *net) { return net->parameters; }
