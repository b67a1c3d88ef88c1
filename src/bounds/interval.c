/* interval: for each scalar of each value an interval, from the inputs to the outputs.
 *
 * Problem:   the cheapest sound bounds, and the base the other domains build on.
 * Method:    interval bound propagation; affine nodes by centre and radius (pass.c), all others
 * by their operator's range. Gowal et al. 2018, "On the effectiveness of interval bound
 *            propagation"; the centre and radius form is Rump's midpoint-radius arithmetic.
 *            Rows over the outputs are bounded behind the last curves.
 * Invariant: every scalar of a value lies in [low, high], over the reals.
 */
#include "bounds/bounds_priv.h"

static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *settings,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_pass pass;

    (void)settings;
    VOUCH_TRY(vouch_pass_begin(ctx, arena, problem, false, bounds, &pass));
    for (int n = 0; n < pass.graph->node_count && !bounds->empty; n++)
        if (vouch_pass_active(&pass, n))
            VOUCH_TRY(vouch_pass_node(&pass, n));
    VOUCH_TRY(vouch_pass_rows(&pass));
    VOUCH_TRY(vouch_backward_elided_rows(&pass));
    vouch_pass_end(&pass);
    return VOUCH_OK;
}

const vouch_domain vouch_domain_interval = {
    .name = "interval",
    .summary = "an interval per scalar (IBP): loosest and cheapest",
    .citation =
        "Gowal et al. 2018, interval bound propagation; Rump 1999, midpoint-radius form",
    .run = run,
};
