/* symbolic: a lower and an upper linear form per scalar, carried forward.
 *
 * Problem:   forms in the inputs for less than a backward pass per neuron.
 * Method:    forward.c with the lines each operator chooses (Relu: chord above; below 0 or x,
 *            whichever leaves the smaller area). Wang et al. 2018 (symbolic intervals), with
 *            DeepPoly's two cases (Singh et al. 2019, sec. 4.2).
 * Invariant: lower . x + lower_offset <= row <= upper . x + upper_offset on the whole box.
 */
#include "bounds/bounds_priv.h"

static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *given,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_forward_settings settings = {0};

    vouch_forward_choose(given, VOUCH_FORWARD_CELLS, &settings);
    return vouch_forward_run(ctx, arena, &settings, problem, bounds);
}

const vouch_domain vouch_domain_symbolic = {
    .name = "symbolic",
    .summary = "linear bounds carried forward, lower and upper apart (adaptive slopes)",
    .citation = "Wang et al. 2018, ReluVal, sec. 4; Singh et al. 2019, DeepPoly, sec. 4.2",
    .options = vouch_forward_options,
    .option_count = VOUCH_FORWARD_CELLS,
    .settings_size = sizeof(vouch_forward_settings),
    .has_forms = true,
    .run = run,
};
