/* Heads and latent maps of networks (latent_net.h). Distances observed are intervals of the network
 * over the reals at the point; the domain is the range of the encoder's last activation, met with
 * linear bounds of the encoder where inputs are bounded. */
#include "explain/latent_net.h"

#include <math.h>
#include <string.h>

#include "bounds/domain.h"
#include "graph/copy.h"

/* ---- the head -------------------------------------------------------------------------------- */

static vouch_status no_head(vouch_context *ctx, const vouch_graph *g, const char *what)
{
    return vouch_fail(
        ctx, VOUCH_ERR_UNSUPPORTED,
        "%s: no head of prototypes: %s (networks with the layers 'proto30 fc10' of "
        "'vouch train' have one)",
        g->source, what);
}

/* The node that reads the value, in the order of the graph; NULL. */
static const vouch_node *next(const vouch_graph *g, int value)
{
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->node[n].input_count; i++)
            if (g->node[n].input[i] == value)
                return &g->node[n];
    return NULL;
}

static bool is_dense(const vouch_graph *g, const vouch_node *node)
{
    double alpha = 0, beta = 0;
    int64_t turned_a = 0, turned_b = 0;
    vouch_context *ctx = vouch_arena_context(g->arena);
    return strcmp(node->type, "Gemm") == 0 && node->input_count == 3 &&
           g->value[node->input[1]].constant && g->value[node->input[2]].constant &&
           vouch_node_real(ctx, g, node, "alpha", 1, &alpha) == VOUCH_OK && alpha == 1 &&
           vouch_node_real(ctx, g, node, "beta", 1, &beta) == VOUCH_OK && beta == 1 &&
           vouch_node_int(ctx, g, node, "transA", 0, &turned_a) == VOUCH_OK && turned_a == 0 &&
           vouch_node_int(ctx, g, node, "transB", 0, &turned_b) == VOUCH_OK && turned_b == 1;
}

/* Pooling over all components, flattening, a dense layer to the outputs. */
static const vouch_node *judge_of(const vouch_graph *g, const vouch_prototypes *p)
{
    const vouch_node *pool = next(g, p->similarity);
    const vouch_shape single = {4, {1, p->count, 1, 1}};
    if (pool == NULL || strcmp(pool->type, "MaxPool") != 0 ||
        !vouch_shape_equal(&g->value[pool->output[0]].shape, &single))
        return NULL;
    const vouch_node *flat = next(g, pool->output[0]);
    const bool flattens = flat != NULL && (strcmp(flat->type, "Flatten") == 0 ||
                                           strcmp(flat->type, "Reshape") == 0);
    const vouch_node *dense = flattens ? next(g, flat->output[0]) : NULL;
    return dense != NULL && is_dense(g, dense) && dense->output[0] == g->output[0] ? dense
                                                                                   : NULL;
}

static double *numbers(vouch_arena *arena, const vouch_tensor *t)
{
    double *out = VOUCH_NEW_ARRAY(arena, double, t->count + 1);
    for (int64_t i = 0; out != NULL && i < t->count; i++)
        out[i] = vouch_tensor_get(t, i);
    return out;
}

static vouch_status read_head(vouch_context *ctx, vouch_arena *arena, vouch_latent_net *net)
{
    const vouch_graph *g = net->graph;
    int at = 0;
    while (at < g->node_count && !vouch_prototypes_at(g, at, &net->chain))
        at++;
    if (at == g->node_count)
        return no_head(ctx, g, "no distances to prototypes");
    const vouch_node *dense = judge_of(g, &net->chain);
    const vouch_shape *z = &g->value[net->chain.latent].shape;
    if (dense == NULL)
        return no_head(
            ctx, g,
            "similarities are not pooled over all components and judged by one dense "
            "layer");
    net->height = z->rank == 4 ? z->dim[2] : 1;
    net->width = z->rank == 4 ? z->dim[3] : 1;
    const vouch_tensor *weight = g->value[dense->input[1]].constant;
    net->classes = weight->shape.dim[0];
    net->prototype = numbers(arena, g->value[net->chain.constant].constant);
    net->weight = numbers(arena, weight);
    net->bias = numbers(arena, g->value[dense->input[2]].constant);
    if (g->value[dense->input[2]].constant->count != net->classes)
        return no_head(ctx, g, "its biases are not one for each class");
    return net->prototype && net->weight && net->bias ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* ---- the encoder ----------------------------------------------------------------------------- */

static void mark_needed(const vouch_graph *g, int value, bool *needed)
{
    needed[value] = true;
    for (int n = g->node_count - 1; n >= 0; n--)
        for (int i = 0; needed[g->node[n].output[0]] && i < g->node[n].input_count; i++)
            if (g->node[n].input[i] >= 0)
                needed[g->node[n].input[i]] = true;
}

static vouch_status copy_encoder(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_latent_net *net, vouch_graph_builder *b)
{
    const vouch_graph *g = net->graph;
    const vouch_value *x = &g->value[g->input[0]];
    bool *needed = VOUCH_NEW_ARRAY(arena, bool, g->value_count);
    vouch_graph_copy c;
    if (needed == NULL)
        return VOUCH_ERR_MEMORY;
    mark_needed(g, net->chain.latent, needed);
    VOUCH_TRY(vouch_graph_add_input(b, x->name, x->dtype, &x->shape));
    VOUCH_TRY(vouch_graph_copy_begin(&c, ctx, b, g, ""));
    c.now[g->input[0]] = vouch_graph_value(b, x->name);
    for (int n = 0; n < g->node_count; n++)
        if (needed[g->node[n].output[0]])
            VOUCH_TRY(vouch_graph_copy_node(&c, n));
    return vouch_graph_add_output(b, g->value[net->chain.latent].name);
}

static vouch_status make_encoder(vouch_context *ctx, vouch_arena *arena, vouch_latent_net *net)
{
    vouch_graph_builder *b =
        vouch_graph_builder_new(ctx, net->graph->source, net->graph->opset);
    if (b == NULL)
        return VOUCH_ERR_MEMORY;
    const vouch_status status = copy_encoder(ctx, arena, net, b);
    if (status != VOUCH_OK) {
        vouch_graph_builder_free(b);
        return status;
    }
    VOUCH_TRY(vouch_graph_finish(b, &net->encoder));
    return vouch_op_bind_graph(ctx, net->encoder);
}

vouch_status vouch_latent_net_open(vouch_context *ctx, vouch_arena *arena,
                                   const vouch_graph *graph, vouch_latent_net *net)
{
    *net = (vouch_latent_net){.graph = graph};
    if (graph->input_count != 1 || graph->output_count != 1)
        return no_head(ctx, graph, "it has several inputs or outputs");
    VOUCH_TRY(read_head(ctx, arena, net));
    return make_encoder(ctx, arena, net);
}

void vouch_latent_net_close(vouch_latent_net *net)
{
    if (net->encoder != NULL)
        vouch_graph_free(net->encoder);
    net->encoder = NULL;
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static vouch_status run_bounds(vouch_context *ctx, vouch_arena *arena, const vouch_graph *g,
                               const char *domain, const double *box[2], vouch_bounds *bounds)
{
    bool *varying = VOUCH_NEW_ARRAY(arena, bool, g->value_count);
    if (varying == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(g, varying);
    const vouch_bound_problem problem = {.graph = g,
                                         .varying = varying,
                                         .input_size = vouch_op_input_size(g),
                                         .output_size = vouch_op_output_size(g),
                                         .low = box[0],
                                         .high = box[1]};
    return vouch_domain_find(domain)->run(ctx, arena, NULL, &problem, bounds);
}

/* What the last activation can give, whatever it takes. */
static vouch_status range_of_activation(vouch_context *ctx, vouch_arena *arena,
                                        const vouch_latent_net *net, vouch_span *range)
{
    const vouch_graph *g = net->graph;
    const int n = g->value[net->chain.latent].producer;
    const vouch_node *node = n >= 0 ? &g->node[n] : NULL;
    *range = vouch_span_all();
    if (node == NULL || node->op->op_class != VOUCH_OP_POINTWISE || node->input_count != 1)
        return VOUCH_OK;
    const vouch_shape *shape = &g->value[node->input[0]].shape;
    vouch_tensor *t[4];
    for (int i = 0; i < 4; i++)
        if ((t[i] = vouch_tensor_new(arena, VOUCH_F64, shape)) == NULL)
            return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < t[0]->count; i++) {
        t[0]->f64[i] = -(double)INFINITY;
        t[1]->f64[i] = (double)INFINITY;
    }
    const vouch_op_call call = {.ctx = ctx, .scratch = arena, .graph = g, .node = node};
    const vouch_tensor *low = t[0], *high = t[1];
    VOUCH_TRY(vouch_op_range(&call, &low, &high, &t[2], &t[3]));
    *range = (vouch_span){t[2]->f64[0], t[3]->f64[0]};
    return VOUCH_OK;
}

/* The interval of input i, outward: that of attack/ball_spec.c. */
static vouch_span input_span(const vouch_ball *ball, const float *x, int64_t i)
{
    const double centre = (double)x[i], radius = vouch_ball_radius(ball, i);
    vouch_span s = {fmin((double)ball->low[i], centre), fmax((double)ball->high[i], centre)};
    if (isfinite(radius)) {
        s.low = fmax(s.low, vouch_sum_down(centre, -radius));
        s.high = fmin(s.high, vouch_sum_up(centre, radius));
    }
    return s;
}

/* low, high [dimension][components], as the map has them: met with what inputs of the ball give. */
static vouch_status bound_encoder(vouch_context *ctx, vouch_arena *arena,
                                  const vouch_latent_net *net, const float *x,
                                  const vouch_ball *ball, double *const met[2])
{
    const int64_t inputs = vouch_op_input_size(net->encoder);
    double *low = VOUCH_NEW_ARRAY(arena, double, inputs);
    double *high = VOUCH_NEW_ARRAY(arena, double, inputs);
    const double *box[] = {low, high};
    vouch_bounds bounds = {0};
    if (low == NULL || high == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < inputs; i++) {
        const vouch_span s = input_span(ball, x, i);
        low[i] = s.low;
        high[i] = s.high;
    }
    VOUCH_TRY(run_bounds(ctx, arena, net->encoder, "crown", box, &bounds));
    const int z = net->encoder->output[0];
    for (int64_t i = 0; i < net->chain.dimension * net->chain.components; i++) {
        met[0][i] = fmax(met[0][i], bounds.low[z][i]);
        met[1][i] = fmin(met[1][i], bounds.high[z][i]);
    }
    return VOUCH_OK;
}

static vouch_status find_domain(vouch_context *ctx, vouch_arena *arena,
                                const vouch_latent_net *net, const float *x,
                                const vouch_latent_scope *scope, vouch_latent_problem *p)
{
    const int64_t parts = p->components, size = p->dimension * parts;
    vouch_span range = vouch_span_all();
    double *met[2], *turned[2];
    for (int k = 0; k < 2; k++) {
        met[k] = VOUCH_NEW_ARRAY(arena, double, size);
        turned[k] = VOUCH_NEW_ARRAY(arena, double, size);
        if (met[k] == NULL || turned[k] == NULL)
            return VOUCH_ERR_MEMORY;
    }
    if (!scope->anywhere)
        VOUCH_TRY(range_of_activation(ctx, arena, net, &range));
    for (int64_t i = 0; i < size; i++) {
        met[0][i] = range.low;
        met[1][i] = range.high;
    }
    if (scope->ball != NULL)
        VOUCH_TRY(bound_encoder(ctx, arena, net, x, scope->ball, met));
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < size; i++)
            turned[k][i % parts * p->dimension + i / parts] = met[k][i];
    p->low = turned[0];
    p->high = turned[1];
    return VOUCH_OK;
}

/* ---- what is observed ------------------------------------------------------------------------ */

/* The squared distance, where the distance itself may be off by the slack. */
static vouch_span loosen(vouch_span squared, double slack)
{
    if (slack == 0)
        return squared;
    const vouch_span s = {vouch_down(sqrt(fmax(squared.low, 0))),
                          vouch_up(sqrt(fmax(squared.high, 0)))};
    const vouch_span off = {-slack, slack};
    return vouch_span_square(vouch_span_cut(vouch_span_add(s, off), 0, (double)INFINITY));
}

static vouch_status observe(vouch_context *ctx, vouch_arena *arena, const vouch_latent_net *net,
                            const float *x, double slack, vouch_latent_problem *p)
{
    const int64_t inputs = vouch_op_input_size(net->graph);
    double *at = VOUCH_NEW_ARRAY(arena, double, inputs);
    vouch_span *squared = VOUCH_NEW_ARRAY(arena, vouch_span, p->components * p->prototypes);
    const double *box[] = {at, at};
    vouch_bounds bounds = {0};
    if (at == NULL || squared == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < inputs; i++)
        at[i] = (double)x[i];
    VOUCH_TRY(run_bounds(ctx, arena, net->graph, "interval", box, &bounds));
    const double *low = bounds.low[net->chain.distance],
                 *high = bounds.high[net->chain.distance];
    for (int64_t j = 0; j < p->prototypes; j++)
        for (int64_t l = 0; l < p->components; l++)
            squared[l * p->prototypes + j] = loosen(
                (vouch_span){low[j * p->components + l], high[j * p->components + l]}, slack);
    p->squared = squared;
    return VOUCH_OK;
}

vouch_status vouch_latent_net_at(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_latent_net *net, const float *x,
                                 const vouch_latent_scope *scope, vouch_latent_problem *problem)
{
    *problem = (vouch_latent_problem){.components = net->chain.components,
                                      .dimension = net->chain.dimension,
                                      .prototypes = net->chain.count,
                                      .classes = net->classes,
                                      .prototype = net->prototype,
                                      .offset = {net->chain.offset[0], net->chain.offset[1]},
                                      .factor = net->chain.factor,
                                      .weight = net->weight,
                                      .bias = net->bias};
    VOUCH_TRY(find_domain(ctx, arena, net, x, scope, problem));
    return observe(ctx, arena, net, x, scope->slack, problem);
}
