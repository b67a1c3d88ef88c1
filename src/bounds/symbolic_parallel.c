/* symbolic_parallel: one linear form and a radius per scalar, carried forward.
 *
 * Problem:   half the work and memory of `symbolic`.
 * Method:    forward.c with curves between parallel lines: then the lower and the upper form of
 * a value differ by a constant and share one matrix. Weng et al. 2018 (Fast-Lin), Wang et al.
 * 2018 (Neurify, symbolic linear relaxation). Invariant: lower . x + lower_offset <= row <=
 * upper . x + upper_offset on the whole box, and the two have the same coefficients.
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
    vouch_forward_settings forward = {.parallel = true};
    settings set;

    vouch_options_default(options, OPTION_COUNT, &set);
    if (given)
        set = *(const settings *)given;
    forward.cells = set.cells;
    return vouch_forward_run(ctx, arena, &forward, problem, bounds);
}

const vouch_domain vouch_domain_symbolic_parallel = {
    .name = "symbolic_parallel",
    .summary = "one linear form per scalar, carried forward; curves between parallel lines",
    .citation = "Weng et al. 2018, Fast-Lin, Thm 3.5; Wang et al. 2018, Neurify, sec. 4.2",
    .options = options,
    .option_count = OPTION_COUNT,
    .settings_size = sizeof(settings),
    .has_forms = true,
    .run = run,
};
