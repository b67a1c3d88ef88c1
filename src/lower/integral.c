/* Inputs of which only the step they stand on matters; see integral.h.
 *
 * Walking backwards, every element of a value is in one of three states: *unread*; read through
 * the step of node n alone; or *raw*: read otherwise. Outputs are raw. A step makes of whatever
 * reads its output a reader of its input through the step. A node that only moves elements (no
 * factor, no offset: trunc(2 x) is not known from trunc(x)) hands the states on; through any
 * other affine node the elements that |A|^T finds under read ones become raw, and through all
 * other nodes everything.
 */
#include "lower/integral.h"

#include <string.h>

typedef struct walk {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_graph *graph;
    bool *varying;
    int **state; /* [value_count][elements]; NULL: all unread */
} walk;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory");
}

static int64_t count_of(const vouch_graph *g, int v)
{
    return vouch_shape_count(&g->value[v].shape);
}

/* ---- states ------------------------------------------------------------------------------ */

static int join(const vouch_graph *g, int a, int b)
{
    if (a == VOUCH_INTEGRAL_UNREAD || b == VOUCH_INTEGRAL_UNREAD)
        return a == VOUCH_INTEGRAL_UNREAD ? b : a;
    if (a < 0 || b < 0 || g->node[a].op != g->node[b].op)
        return VOUCH_INTEGRAL_RAW;
    return a;
}

/* state[v][i] joined with `with` where mask[i] > 0 (everywhere without one), raw where it is
 * negative. */
static vouch_status mark(walk *w, int v, const double *mask, int with)
{
    const int64_t count = count_of(w->graph, v);
    if (!w->state[v]) {
        w->state[v] = VOUCH_NEW_ARRAY(w->arena, int, count + 1);
        if (!w->state[v])
            return out_of_memory(w->ctx);
        for (int64_t i = 0; i < count; i++)
            w->state[v][i] = VOUCH_INTEGRAL_UNREAD;
    }
    for (int64_t i = 0; i < count; i++)
        if (!mask || mask[i] != 0)
            w->state[v][i] =
                join(w->graph, w->state[v][i], mask && mask[i] < 0 ? VOUCH_INTEGRAL_RAW : with);
    return VOUCH_OK;
}

/* ---- nodes ------------------------------------------------------------------------------- */

/* A step of numbers, element by element. A cast to bool asks whether a number is 0, which rises
 * and falls. */
static bool is_step(const walk *w, const vouch_node *node, vouch_op_class c)
{
    const vouch_graph *g = w->graph;
    return c == VOUCH_OP_STEP && g->value[node->output[0]].dtype != VOUCH_BOOL &&
           count_of(g, node->output[0]) == count_of(g, node->input[0]);
}

static vouch_status linear(walk *w, const vouch_node *node, int which, vouch_linear_mode mode,
                           const double *in, double *out)
{
    const vouch_linear_call call = {.ctx = w->ctx,
                                    .scratch = w->arena,
                                    .graph = w->graph,
                                    .node = node,
                                    .which = which,
                                    .mode = mode,
                                    .batch = 1,
                                    .in = in,
                                    .out = out};
    return node->op->linear(&call);
}

/* Does the node hand on elements of input `which` as they are, perhaps turned in sign? */
static vouch_status moves(walk *w, const vouch_node *node, int which, bool *yes)
{
    const int64_t count = count_of(w->graph, node->output[0]);
    double *offset = VOUCH_NEW_ARRAY(w->arena, double, count + 1);
    int varying = 0;
    if (!offset)
        return out_of_memory(w->ctx);
    for (int i = 0; i < node->input_count; i++)
        varying += node->input[i] >= 0 && w->varying[node->input[i]];
    *yes = varying == 1 && node->op->terms && node->op->terms(w->graph, node) == 0;
    if (!*yes)
        return VOUCH_OK;
    VOUCH_TRY(linear(w, node, which, VOUCH_LINEAR_OFFSET, NULL, offset));
    for (int64_t i = 0; i < count; i++)
        *yes = *yes && offset[i] == 0;
    return VOUCH_OK;
}

/* Marks what an affine node reads of input `which` for the elements of its output in that state.
 */
static vouch_status pull(walk *w, const vouch_node *node, int which, int state, bool moved)
{
    const int y = node->output[0], x = node->input[which];
    double *mask = VOUCH_NEW_ARRAY(w->arena, double, count_of(w->graph, y) + 1);
    double *found = VOUCH_NEW_ARRAY(w->arena, double, count_of(w->graph, x) + 1);
    bool any = false;
    if (!mask || !found)
        return out_of_memory(w->ctx);
    for (int64_t i = 0; i < count_of(w->graph, y); i++) {
        mask[i] = w->state[y][i] == state;
        any = any || mask[i] > 0;
    }
    if (!any)
        return VOUCH_OK;
    VOUCH_TRY(linear(w, node, which,
                     moved ? VOUCH_LINEAR_TRANSPOSED : VOUCH_LINEAR_ABS_TRANSPOSED, mask,
                     found));
    return mark(w, x, found, moved ? state : VOUCH_INTEGRAL_RAW);
}

static vouch_status through_affine(walk *w, const vouch_node *node, int which)
{
    bool moved = false;
    VOUCH_TRY(moves(w, node, which, &moved));
    VOUCH_TRY(pull(w, node, which, VOUCH_INTEGRAL_RAW, moved));
    for (int n = 0; n < w->graph->node_count; n++)
        if (w->graph->node[n].op->op_class == VOUCH_OP_STEP ||
            w->graph->node[n].op->otherwise == VOUCH_OP_STEP)
            VOUCH_TRY(pull(w, node, which, n, moved));
    return VOUCH_OK;
}

static vouch_status through_step(walk *w, int n)
{
    const vouch_node *node = &w->graph->node[n];
    const int64_t count = count_of(w->graph, node->output[0]);
    double *read = VOUCH_NEW_ARRAY(w->arena, double, count + 1);
    if (!read)
        return out_of_memory(w->ctx);
    for (int64_t i = 0; i < count; i++)
        read[i] = w->state[node->output[0]][i] != VOUCH_INTEGRAL_UNREAD;
    return mark(w, node->input[0], read, n);
}

static vouch_status visit(walk *w, int n)
{
    const vouch_node *node = &w->graph->node[n];
    const vouch_op_class c = vouch_op_node_class(w->graph, node, w->varying);
    bool read = false;
    for (int k = 0; k < node->output_count; k++)
        read = read || (node->output[k] >= 0 && w->state[node->output[k]]);
    for (int i = 0; read && i < node->input_count; i++) {
        if (node->input[i] < 0 || !w->varying[node->input[i]])
            continue;
        if (is_step(w, node, c))
            VOUCH_TRY(through_step(w, n));
        else
            VOUCH_TRY(c == VOUCH_OP_AFFINE ? through_affine(w, node, i)
                                           : mark(w, node->input[i], NULL, VOUCH_INTEGRAL_RAW));
    }
    return VOUCH_OK;
}

static vouch_status run(walk *w, int *step)
{
    const vouch_graph *g = w->graph;
    w->varying = VOUCH_NEW_ARRAY(w->arena, bool, g->value_count + 1);
    w->state = VOUCH_NEW_ARRAY(w->arena, int *, g->value_count + 1);
    if (!w->varying || !w->state)
        return out_of_memory(w->ctx);
    vouch_op_varying(g, w->varying);
    for (int i = 0; i < g->output_count; i++)
        VOUCH_TRY(mark(w, g->output[i], NULL, VOUCH_INTEGRAL_RAW));
    for (int n = g->node_count - 1; n >= 0; n--)
        VOUCH_TRY(visit(w, n));
    for (int i = 0; i < g->input_count; i++) {
        const int *state = w->state[g->input[i]];
        for (int64_t k = 0; k < count_of(g, g->input[i]); k++)
            *step++ = state ? state[k] : VOUCH_INTEGRAL_UNREAD;
    }
    return VOUCH_OK;
}

vouch_status vouch_lower_integral(vouch_context *ctx, const vouch_graph *graph, int *step)
{
    walk w = {.ctx = ctx, .arena = vouch_arena_new(ctx), .graph = graph};
    if (!w.arena)
        return out_of_memory(ctx);
    const vouch_status status = run(&w, step);
    vouch_arena_free(w.arena);
    return status;
}

/* ---- values ------------------------------------------------------------------------------ */

static vouch_tensor *filled(vouch_arena *arena, const vouch_value *value, double x)
{
    vouch_tensor *t = vouch_tensor_new(arena, VOUCH_F64, &value->shape);
    for (int64_t i = 0; t && i < t->count; i++)
        t->f64[i] = x;
    return t;
}

static vouch_status step_range(vouch_context *ctx, vouch_arena *arena, const vouch_graph *g,
                               const vouch_node *node, const double in[2], double out[2])
{
    const vouch_value *x = &g->value[node->input[0]];
    const vouch_tensor *low = filled(arena, x, in[0]), *high = filled(arena, x, in[1]);
    vouch_tensor *out_low = filled(arena, x, 0), *out_high = filled(arena, x, 0);
    if (!low || !high || !out_low || !out_high)
        return out_of_memory(ctx);
    const vouch_op_call call = {
        .ctx = ctx, .scratch = arena, .graph = g, .node = node, .in = &low, .out = &out_low};
    VOUCH_TRY(vouch_op_range(&call, &low, &high, &out_low, &out_high));
    out[0] = out_low->f64[0];
    out[1] = out_high->f64[0];
    return VOUCH_OK;
}

vouch_status vouch_integral_values(vouch_context *ctx, const vouch_graph *graph, int step,
                                   double low, double high, double *first, double *last)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    const double in[2] = {low, high};
    double out[2] = {0, 0};
    if (!arena)
        return out_of_memory(ctx);
    const vouch_status status = step_range(ctx, arena, graph, &graph->node[step], in, out);
    vouch_arena_free(arena);
    *first = out[0];
    *last = out[1];
    return status;
}
