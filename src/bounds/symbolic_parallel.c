/* symbolic_parallel: one linear form and a radius per scalar, carried forward.
 *
 * Problem:   half the work and memory of `symbolic`.
 * Method:    forward.c with curves between parallel lines: then the lower and the upper form of
 *            a value differ by a constant and share one matrix. Weng et al. 2018 (Fast-Lin),
 *            Wang et al. 2018 (Neurify, symbolic linear relaxation).
 * Invariant: lower . x + lower_offset <= row <= upper . x + upper_offset on the whole box, and
 *            the two have the same coefficients.
 */
#include "bounds/bounds_priv.h"

static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *given,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_forward_settings settings = {.parallel = true};

    vouch_forward_choose(given, VOUCH_FORWARD_CELLS, &settings);
    return vouch_forward_run(ctx, arena, &settings, problem, bounds);
}

const vouch_domain vouch_domain_symbolic_parallel = {
    .name = "symbolic_parallel",
    .summary = "one linear form per scalar, carried forward; curves between parallel lines",
    .citation = "Weng et al. 2018, Fast-Lin, Thm 3.5; Wang et al. 2018, Neurify, sec. 4.2",
    .options = vouch_forward_options,
    .option_count = VOUCH_FORWARD_CELLS,
    .settings_size = sizeof(vouch_forward_settings),
    .has_forms = true,
    .run = run,
};
