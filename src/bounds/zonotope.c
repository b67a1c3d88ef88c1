/* zonotope: affine forms in the inputs and in one new variable per unstable neuron.
 *
 * Problem:   what a curve adds to one neuron reaches later ones by several ways; intervals and
 *            radii add it up each time, though much of it cancels.
 * Method:    forward.c with parallel lines, whose room becomes a variable (noise symbol) of its
 *            own: x = c + A eps +- r. DeepZ, Singh et al. 2018, Thm 3.1. The number of variables
 *            is limited; the first unstable neurons get one, the others' room goes to the radius
 *            r, where rounding is kept too.
 * Invariant: for each point of the box some values of the variables within their scales give
 *            every scalar of every value up to its radius.
 */
#include "bounds/bounds_priv.h"

static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *given,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_forward_settings settings = {.parallel = true};

    vouch_forward_choose(given, VOUCH_FORWARD_GENERATORS, &settings);
    return vouch_forward_run(ctx, arena, &settings, problem, bounds);
}

const vouch_domain vouch_domain_zonotope = {
    .name = "zonotope",
    .summary = "affine forms with a variable per unstable neuron (DeepZ)",
    .citation = "Singh et al. 2018, DeepZ, Thm 3.1",
    .options = vouch_forward_options,
    .option_count = VOUCH_FORWARD_GENERATORS,
    .settings_size = sizeof(vouch_forward_settings),
    .has_forms = true,
    .run = run,
};
