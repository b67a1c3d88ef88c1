/* What a search descends on.
 *
 * A case holds where v(x) = max over its rows of (a.f(x) + c.x - b) <= 0. The gradient taken is
 * that of the soft maximum: rows weighted by exp((row - v) / t) with a temperature t that shrinks
 * with |v|, so that rows nearly as bad as the worst are not made worse by a step.
 *
 * Saturation. Behind a softmax the logits 40 and 0 are the outputs 1 and 0 in floats, gradient
 * zero. Where every row says Y_i <= Y_j, it says the same of the logits, as softmax keeps order:
 * then the search looks at the logits. Only where it looks; a witness is checked on the outputs.
 */
#include "attack/attack_priv.h"

#include <math.h>
#include <string.h>

/* ---- the network looked at ----------------------------------------------------------------- */

/* c (Y_i - Y_j) <= 0 and nothing else? */
static bool compares_two(const vouch_row *row)
{
    const vouch_term *t = row->term;
    return row->term_count == 2 && row->bound == 0 && t[0].is_output && t[1].is_output &&
           t[0].coefficient == -t[1].coefficient;
}

static bool all_compare(const vouch_spec *spec)
{
    for (int k = 0; k < spec->case_count; k++)
        for (int r = 0; r < spec->cases[k].row_count; r++)
            if (!compares_two(&spec->cases[k].row[r]))
                return false;
    return true;
}

/* Does the node keep the order of its output's elements among one another? */
static bool keeps_order(const vouch_graph *graph, const vouch_node *node)
{
    static const char *const elementwise[] = {"Sigmoid", "Tanh", "Exp"};
    const vouch_shape *shape = &graph->value[node->output[0]].shape;
    for (size_t i = 0; i < sizeof elementwise / sizeof *elementwise; i++)
        if (strcmp(node->op->name, elementwise[i]) == 0)
            return true;
    return (strcmp(node->op->name, "Softmax") == 0 ||
            strcmp(node->op->name, "LogSoftmax") == 0) &&
           shape->rank > 0 && shape->dim[shape->rank - 1] == vouch_shape_count(shape);
}

/* Leaves out nodes that no output needs. */
static bool prune(vouch_arena *arena, vouch_graph *g)
{
    bool *needed = VOUCH_NEW_ARRAY(arena, bool, g->value_count);
    vouch_node *node = VOUCH_NEW_ARRAY(arena, vouch_node, g->node_count);
    int count = 0;
    if (!needed || !node)
        return false;
    for (int i = 0; i < g->output_count; i++)
        needed[g->output[i]] = true;
    for (int n = g->node_count - 1; n >= 0; n--) {
        bool used = false;
        for (int i = 0; i < g->node[n].output_count; i++)
            used = used || (g->node[n].output[i] >= 0 && needed[g->node[n].output[i]]);
        for (int i = 0; used && i < g->node[n].input_count; i++)
            if (g->node[n].input[i] >= 0)
                needed[g->node[n].input[i]] = true;
        if (used)
            node[g->node_count - ++count] = g->node[n];
    }
    g->node = node + (g->node_count - count);
    g->node_count = count;
    return true;
}

static const vouch_node *producer(const vouch_graph *g, int v)
{
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->node[n].output_count; i++)
            if (g->node[n].output[i] == v)
                return &g->node[n];
    return NULL;
}

vouch_status vouch_loss_graph(vouch_arena *arena, const vouch_graph *graph,
                              const vouch_spec *spec, const vouch_graph **looked_at)
{
    vouch_graph *g = VOUCH_NEW(arena, vouch_graph);
    const vouch_node *last =
        graph->output_count == 1 ? producer(graph, graph->output[0]) : NULL;
    int *output = VOUCH_NEW_ARRAY(arena, int, graph->output_count);
    *looked_at = graph;
    if (!g || !output)
        return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_MEMORY,
                          "falsification: out of memory");
    if (!all_compare(spec) || !last || !keeps_order(graph, last))
        return VOUCH_OK;
    *g = *graph;
    output[0] = last->input[0];
    g->output = output;
    if (!prune(arena, g))
        return VOUCH_ERR_MEMORY;
    *looked_at = g;
    return VOUCH_OK;
}

/* ---- gradient ------------------------------------------------------------------------------ */

static double row_value(const vouch_row *row, const double *x, const double *y)
{
    double sum = -row->bound;
    for (int t = 0; t < row->term_count; t++)
        sum += row->term[t].coefficient * (row->term[t].is_output ? y : x)[row->term[t].index];
    return sum;
}

void vouch_loss_gradient(const vouch_case *c, const double *x, const double *y, double *d_y,
                         double *d_x)
{
    int worst;
    double scale;
    const double most = vouch_case_violation(c, x, y, &worst, &scale);
    const double temperature = 0.1 * fabs(most) + 1e-9 * scale;

    for (int r = 0; r < c->row_count; r++) {
        const vouch_row *row = &c->row[r];
        const double weight = r == worst ? 1 : exp((row_value(row, x, y) - most) / temperature);
        for (int t = 0; t < row->term_count && weight > 1e-6; t++)
            (row->term[t].is_output ? d_y : d_x)[row->term[t].index] +=
                weight * row->term[t].coefficient;
    }
}

/* ---- rows without outputs ------------------------------------------------------------------ */

static bool on_inputs_alone(const vouch_row *row)
{
    for (int t = 0; t < row->term_count; t++)
        if (row->term[t].is_output)
            return false;
    return true;
}

/* The nearest point of the half-space, with a hair's breadth to spare. */
static void project_row(const vouch_grid *grid, const vouch_row *row, double *x)
{
    double norm = 0, excess = row_value(row, x, x) + 1e-7 * (1e-6 + fabs(row->bound));
    for (int t = 0; t < row->term_count; t++) {
        const int64_t i = row->term[t].index;
        if (grid->low[i] < grid->high[i])
            norm += row->term[t].coefficient * row->term[t].coefficient;
    }
    if (!(excess > 0) || norm == 0)
        return;
    for (int t = 0; t < row->term_count; t++) {
        const int64_t i = row->term[t].index;
        x[i] -= excess / norm * row->term[t].coefficient;
        x[i] = fmin(fmax(x[i], grid->low[i]), grid->high[i]);
    }
}

/* Alternating projections: they converge to a point of the polytope if there is one [Bregman
 * 1965]; a few rounds a step are enough for a search. */
void vouch_loss_project(const vouch_grid *grid, const vouch_case *c, double *x)
{
    enum { ROUNDS = 8 };
    for (int round = 0; round < ROUNDS; round++)
        for (int r = 0; r < c->row_count; r++)
            if (on_inputs_alone(&c->row[r]))
                project_row(grid, &c->row[r], x);
}
