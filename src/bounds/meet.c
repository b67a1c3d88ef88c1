/* meet: zonotope, symbolic and crown together, each building on what the others found.
 *
 * Problem:   no domain is the tightest everywhere; zonotopes and forms with two slopes relax a
 *            curve differently.
 * Method:    run them one after the other; the intervals of each are what the next knows, so
 * curves are relaxed on the intersection. Rows are intersected at the end; the forms are
 *            crown's. (A reduced product of domains, Cousot and Cousot 1979, in one direction.)
 * Invariant: every interval is inside that of each domain that ran.
 */
#include "bounds/bounds_priv.h"

static void meet_rows(int count, const vouch_bounds *other, vouch_bounds *bounds)
{
    for (int r = 0; r < count; r++) {
        bounds->row_low[r] = fmax(bounds->row_low[r], other->row_low[r]);
        bounds->row_high[r] = fmin(bounds->row_high[r], other->row_high[r]);
        if (bounds->row_low[r] > bounds->row_high[r])
            bounds->empty = true;
    }
}

/* The others' results stay in the arena beside crown's: they are what crown's rest on. */
static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *settings,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    enum { COUNT = 3 };
    static const vouch_domain *const parts[COUNT] = {
        &vouch_domain_zonotope, &vouch_domain_symbolic, &vouch_domain_crown};
    int rows = problem->rows ? problem->rows->count : 0;
    vouch_bound_problem known = *problem;
    vouch_bounds part[COUNT];

    (void)settings;
    for (int k = 0; k < COUNT; k++) {
        VOUCH_TRY(parts[k]->run(ctx, arena, NULL, &known, &part[k]));
        known.known_low = (const double *const *)part[k].low;
        known.known_high = (const double *const *)part[k].high;
        *bounds = part[k];
        if (bounds->empty)
            return VOUCH_OK;
    }
    for (int k = 0; k < COUNT - 1; k++)
        meet_rows(rows, &part[k], bounds);
    return VOUCH_OK;
}

const vouch_domain vouch_domain_meet = {
    .name = "meet",
    .summary = "zonotope, symbolic and crown in turn, intersected: the tightest",
    .citation = "Cousot and Cousot 1979, reduced product; the parts as cited there",
    .has_forms = true,
    .run = run,
};
