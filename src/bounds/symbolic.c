/* symbolic: a lower and an upper linear form per scalar, carried forward.
 *
 * Problem:   forms in the inputs for less than a backward pass per neuron.
 * Method:    forward.c with the lines each operator chooses (Relu: chord above; below 0 or x,
 *            whichever leaves the smaller area). Wang et al. 2018 (symbolic intervals), with
 *            DeepPoly's two cases (Singh et al. 2019, sec. 4.2).
 * Invariant: lower . x + lower_offset <= row <= upper . x + upper_offset on the whole box.
 */
#include "bounds/bounds_priv.h"

typedef struct settings {
    int64_t cells;
} settings;

static const vouch_option options[] = {
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
    vouch_forward_settings forward = {0};
    settings set;

    vouch_options_default(options, OPTION_COUNT, &set);
    if (given)
        set = *(const settings *)given;
    forward.cells = set.cells;
    return vouch_forward_run(ctx, arena, &forward, problem, bounds);
}

const vouch_domain vouch_domain_symbolic = {
    .name = "symbolic",
    .summary = "linear bounds carried forward, lower and upper apart (adaptive slopes)",
    .citation = "Wang et al. 2018, ReluVal, sec. 4; Singh et al. 2019, DeepPoly, sec. 4.2",
    .options = options,
    .option_count = OPTION_COUNT,
    .settings_size = sizeof(settings),
    .has_forms = true,
    .run = run,
};
