/* @NAME@: what the domain keeps for each value, in one sentence.
 *
 * Problem:   what the domains at hand bound badly.
 * Method:    paper, theorem; what is different here.
 * Invariant: every scalar of a value lies in [low, high], over the reals.
 *
 * Steps for a new domain (delete each as you finish it):
 *   1. run: walk graph->node in order. For each node ask vouch_op_node_class, and handle the
 *      class, never the operator; a class you do not handle gets the operator's `range`.
 *   2. Account for rounding (num/round.h); intersect with problem->known_low, known_high.
 *   3. rows: bound the linear rows; with forms, set has_forms and fill lower and upper.
 *   4. Options: rows over a settings struct (base/option.h), nothing else to edit.
 *   5. make test ARGS='-L property' runs it on random networks.
 *
 * This template keeps the intervals another domain has made, or none: sound and useless.
 */
#include <math.h>

#include "bounds/domain.h"

/* Every scalar of value v: what is known, or all reals; a constant is itself. */
static void bound_value(const vouch_bound_problem *problem, int v, vouch_bounds *bounds)
{
    const vouch_value *value = &problem->graph->value[v];
    const double *low = problem->known_low ? problem->known_low[v] : NULL;
    const double *high = problem->known_high ? problem->known_high[v] : NULL;
    int64_t count = vouch_shape_count(&value->shape);

    for (int64_t i = 0; i < count; i++) {
        double exact = value->constant ? vouch_tensor_get(value->constant, i) : 0;

        bounds->low[v][i] = value->constant ? exact : low ? low[i] : -(double)INFINITY;
        bounds->high[v][i] = value->constant ? exact : high ? high[i] : (double)INFINITY;
    }
}

static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *settings,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_status status = vouch_bounds_new(arena, problem, false, bounds);

    (void)ctx, (void)settings;
    if (status)
        return status;
    for (int v = 0; v < problem->graph->value_count; v++)
        bound_value(problem, v, bounds);
    for (int r = 0; problem->rows && r < problem->rows->count; r++) {
        bounds->row_low[r] = -(double)INFINITY;
        bounds->row_high[r] = (double)INFINITY;
    }
    return VOUCH_OK;
}

const vouch_domain vouch_domain_@NAME@ = {
    .name = "@NAME@",
    .summary = "ONE LINE FOR `vouch list domains`",
    .citation = "PAPER, THEOREM",
    .run = run,
};
