/* meet: zonotope, symbolic and crown intersected, and crown once more on the intersection.
 *
 * Problem:   no domain is the tightest everywhere; zonotopes and forms with two slopes relax a
 *            curve differently.
 * Method:    each part runs by itself; then crown runs with the intersection of their intervals as
 *            what is known, so that curves are relaxed on it. All rows are intersected at the end;
 *            the forms are the last crown's. (A reduced product of domains, Cousot and Cousot
 *            1979.) Crown runs alone too: on narrower intervals an operator may choose another
 *            lower line, which is tighter for most rows and looser for some.
 * Invariant: every interval, of values and rows, is inside that of each part.
 */
#include "bounds/bounds_priv.h"

/* [low, high] becomes its intersection with the other; false: empty. */
static bool meet_intervals(int64_t count, const double *other_low, const double *other_high,
                           double *low, double *high)
{
    bool any = true;

    for (int64_t i = 0; i < count; i++) {
        low[i] = fmax(low[i], other_low[i]);
        high[i] = fmin(high[i], other_high[i]);
        any = any && low[i] <= high[i];
    }
    return any;
}

static void meet_rows(int count, const vouch_bounds *other, vouch_bounds *bounds)
{
    if (!meet_intervals(count, other->row_low, other->row_high, bounds->row_low,
                        bounds->row_high))
        bounds->empty = true;
}

static void meet_values(const vouch_graph *graph, const vouch_bounds *other,
                        vouch_bounds *bounds)
{
    for (int v = 0; v < graph->value_count; v++)
        if (!meet_intervals(vouch_bounds_count(graph, v), other->low[v], other->high[v],
                            bounds->low[v], bounds->high[v]))
            bounds->empty = true;
}

/* The others' results stay in the arena beside the last crown's, which rest on them. */
static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *settings,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    enum { COUNT = 3 };
    static const vouch_domain *const parts[COUNT] = {
        &vouch_domain_zonotope, &vouch_domain_symbolic, &vouch_domain_crown};
    int rows = problem->rows ? problem->rows->count : 0;
    vouch_bound_problem known = *problem;
    vouch_bounds all, part;

    (void)settings;
    for (int k = 0; k < COUNT; k++) {
        VOUCH_TRY(parts[k]->run(ctx, arena, NULL, problem, k ? &part : &all));
        *bounds = k ? part : all;
        if (bounds->empty)
            return VOUCH_OK;
        if (k) {
            meet_values(problem->graph, &part, &all);
            meet_rows(rows, &part, &all);
        }
    }
    known.known_low = (const double *const *)all.low;
    known.known_high = (const double *const *)all.high;
    VOUCH_TRY(vouch_domain_crown.run(ctx, arena, NULL, &known, bounds));
    bounds->empty |= all.empty;
    if (!bounds->empty)
        meet_rows(rows, &all, bounds);
    return VOUCH_OK;
}

const vouch_domain vouch_domain_meet = {
    .name = "meet",
    .summary = "zonotope, symbolic and crown intersected, and crown on that: tighter than each",
    .citation = "Cousot and Cousot 1979, reduced product; the parts as cited there",
    .has_forms = true,
    .run = run,
};
