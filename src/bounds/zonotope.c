/* zonotope: affine forms in the inputs and in one new variable per unstable neuron.
 *
 * Problem:   what a curve adds to one neuron reaches later ones by several ways; intervals and
 *            radii add it up each time, though much of it cancels.
 * Method:    forward.c with parallel lines, whose room becomes a variable (noise symbol) of its
 * own: x = c + A eps +- r. DeepZ, Singh et al. 2018, Thm 3.1. The number of variables is
 * limited; the first unstable neurons get one, the others' room goes to the radius r, where
 * rounding is kept too. Invariant: for each point of the box some values of the variables
 * within their scales give every scalar of every value up to its radius.
 */
#include "bounds/bounds_priv.h"

typedef struct settings {
    int64_t generators, cells;
} settings;

static const vouch_option options[] = {
    {.name = "generators",
     .argument = "N",
     .help = "variables for unstable neurons; the first ones get them",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(settings, generators),
     .number = 1024,
     .low = 0,
     .high = 1e9},
    {.name = "cells",
     .argument = "N",
     .help = "coefficients a value may have; a larger one is kept as intervals",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(settings, cells),
     .number = 1 << 26,
     .low = 1,
     .high = 1e12},
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *given,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_forward_settings forward = {.parallel = true};
    settings set;

    vouch_options_default(options, OPTION_COUNT, &set);
    if (given)
        set = *(const settings *)given;
    forward.generators = set.generators;
    forward.cells = set.cells;
    return vouch_forward_run(ctx, arena, &forward, problem, bounds);
}

const vouch_domain vouch_domain_zonotope = {
    .name = "zonotope",
    .summary = "affine forms with a variable per unstable neuron (DeepZ)",
    .citation = "Singh et al. 2018, DeepZ, Thm 3.1",
    .options = options,
    .option_count = OPTION_COUNT,
    .settings_size = sizeof(settings),
    .has_forms = true,
    .run = run,
};
