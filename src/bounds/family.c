/* Interval passes that share what is alike (family.h).
 *
 * Invariant between calls: values that no moving input reaches hold their intervals, and
 * `again` is where the arena stood when everything that lasts had been made. A call puts the
 * others back to (-infinity, infinity) before they are bounded, since a pass only tightens.
 */
#include "bounds/family.h"

#include <string.h>

#include "bounds/bounds_priv.h"
#include "bounds/row.h"

struct vouch_family {
    const vouch_task *task;
    vouch_arena *arena;
    vouch_arena_mark again;
    bool *varying, *moves; /* [value_count] */
    vouch_linear_rows rows;
    vouch_bound_problem problem;
    vouch_bounds bounds;
    vouch_pass pass;
};

/* ---- what moves ---------------------------------------------------------------------------- */

static void mark_moving(vouch_family *f, const bool *moving)
{
    const vouch_graph *g = f->task->graph;
    for (int k = 0; k < g->input_count; k++)
        for (int64_t i = 0; i < vouch_bounds_count(g, g->input[k]); i++)
            f->moves[g->input[k]] |= *moving++;
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        bool any = false;
        for (int k = 0; k < node->input_count; k++)
            any |= node->input[k] >= 0 && f->moves[node->input[k]];
        for (int o = 0; any && o < node->output_count; o++)
            if (node->output[o] >= 0)
                f->moves[node->output[o]] = true;
    }
}

static bool node_moves(const vouch_family *f, const vouch_node *node)
{
    for (int o = 0; o < node->output_count; o++)
        if (node->output[o] >= 0 && f->moves[node->output[o]])
            return true;
    return false;
}

/* ---- passes ------------------------------------------------------------------------------- */

static void forget(vouch_family *f, int v)
{
    const int64_t count = vouch_bounds_count(f->task->graph, v);
    if (f->task->graph->value[v].constant)
        return;
    for (int64_t i = 0; i < count; i++) {
        f->bounds.low[v][i] = -(double)INFINITY;
        f->bounds.high[v][i] = (double)INFINITY;
    }
}

static void set_inputs(vouch_family *f)
{
    const vouch_graph *g = f->task->graph;
    int64_t base = 0;
    for (int k = 0; k < g->input_count; k++) {
        const size_t count = (size_t)vouch_bounds_count(g, g->input[k]);
        memcpy(f->bounds.low[g->input[k]], f->problem.low + base, count * sizeof(double));
        memcpy(f->bounds.high[g->input[k]], f->problem.high + base, count * sizeof(double));
        base += (int64_t)count;
    }
}

/* All nodes, or those that move. */
static vouch_status pass_nodes(vouch_family *f, bool all)
{
    const vouch_graph *g = f->task->graph;
    for (int n = 0; n < g->node_count && !f->bounds.empty; n++) {
        const vouch_node *node = &g->node[n];
        if (!vouch_pass_active(&f->pass, n) || !(all || node_moves(f, node)))
            continue;
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0)
                forget(f, node->output[o]);
        VOUCH_TRY(vouch_pass_node(&f->pass, n));
    }
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_family *f, const double *low,
                            const double *high, const bool *moving)
{
    const vouch_task *t = f->task;
    f->varying = VOUCH_NEW_ARRAY(f->arena, bool, t->graph->value_count + 1);
    f->moves = VOUCH_NEW_ARRAY(f->arena, bool, t->graph->value_count + 1);
    if (!f->varying || !f->moves)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory");
    vouch_op_varying(t->graph, f->varying);
    mark_moving(f, moving);
    f->rows = (vouch_linear_rows){t->row_count, t->row_output, t->row_input, t->row_constant};
    f->problem = (vouch_bound_problem){.graph = t->graph,
                                       .varying = f->varying,
                                       .input_size = t->input_count,
                                       .output_size = t->output_count,
                                       .low = low,
                                       .high = high,
                                       .rows = &f->rows};
    VOUCH_TRY(vouch_pass_begin(ctx, f->arena, &f->problem, false, &f->bounds, &f->pass));
    VOUCH_TRY(pass_nodes(f, true));
    f->again = vouch_arena_get_mark(f->arena);
    return VOUCH_OK;
}

vouch_status vouch_family_new(vouch_context *ctx, const vouch_task *task, const double *low,
                              const double *high, const bool *moving, vouch_family **family)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_family *f = arena ? VOUCH_NEW(arena, vouch_family) : NULL;
    *family = NULL;
    if (!f) {
        vouch_arena_free(arena);
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory");
    }
    f->task = task;
    f->arena = arena;
    const vouch_status status = prepare(ctx, f, low, high, moving);
    if (status)
        vouch_arena_free(arena);
    else
        *family = f;
    return status;
}

void vouch_family_free(vouch_family *family)
{
    if (family)
        vouch_arena_free(family->arena); /* the family itself lives there */
}

/* ---- the question -------------------------------------------------------------------------- */

static bool is_impossible(const vouch_family *f, int which_case)
{
    const vouch_task *t = f->task;
    for (int i = t->case_start[which_case]; i < t->case_start[which_case + 1]; i++) {
        const int r = t->case_row[i];
        const double low = vouch_row_low(t, &f->bounds, f->problem.low, f->problem.high, r,
                                         f->bounds.row_low[r]);
        if (t->strict[r] ? low >= 0 : low > 0)
            return true;
    }
    return false;
}

vouch_status vouch_family_proves(vouch_family *family, int box, bool *proved)
{
    vouch_family *f = family;
    const vouch_task *t = f->task;
    vouch_arena_reset(f->arena, f->again);
    f->bounds.empty = false;
    for (int r = 0; r < t->row_count; r++) {
        f->bounds.row_low[r] = -(double)INFINITY;
        f->bounds.row_high[r] = (double)INFINITY;
    }
    set_inputs(f);
    VOUCH_TRY(pass_nodes(f, false));
    VOUCH_TRY(vouch_pass_rows(&f->pass));
    *proved = true;
    for (int k = 0; k < t->case_count && !f->bounds.empty; k++)
        *proved = *proved && (t->case_box[k] != box || is_impossible(f, k));
    return VOUCH_OK;
}
