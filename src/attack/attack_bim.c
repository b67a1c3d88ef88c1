/* BIM: FGSM in small steps, each projected, from the point itself. */
#include "attack/walk.h"

typedef struct bim_settings {
    int64_t steps;
    double step;
} bim_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(bim_settings, steps, "gradient steps", 10, 1, VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(bim_settings, step, "length of a step in units of eps", 0.25, 0, 100),
};

static vouch_status run(vouch_assault *a)
{
    const bim_settings *s = a->settings;
    const vouch_walk walk = {.objective = vouch_objective_find("ce"),
                             .steps = s->steps,
                             .restarts = 1,
                             .step = s->step};
    return vouch_walk_run(a, &walk);
}

const vouch_attack vouch_attack_bim = {.name = "bim",
                                       .summary = "small projected steps from the point itself",
                                       .citation = "Kurakin 2017",
                                       .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 |
                                                VOUCH_ATTACK_L1,
                                       .targeted = true,
                                       .size = sizeof(bim_settings),
                                       .options = options,
                                       .option_count = sizeof options / sizeof *options,
                                       .run = run};
