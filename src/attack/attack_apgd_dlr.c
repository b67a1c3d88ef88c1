/* APGD on the difference of logits ratio (apgd.h): untargeted, from random starts. */
#include "attack/apgd.h"

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(vouch_apgd_settings, steps, "gradient steps of a run", 100, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(vouch_apgd_settings, restarts, "runs, each from another start", 1, 1,
                     VOUCH_ATTACK_MANY),
};

static vouch_status run(vouch_assault *a)
{
    const vouch_apgd_settings *s = a->settings;
    for (int64_t r = 0; r < s->restarts; r++)
        VOUCH_TRY(vouch_apgd_run(a, vouch_objective_find("dlr"), -1, (uint64_t)r));
    return VOUCH_OK;
}

const vouch_attack vouch_attack_apgd_dlr = {.name = "apgd-dlr",
                                            .summary = "APGD on the difference of logits ratio",
                                            .citation = "Croce, Hein 2020",
                                            .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 |
                                                     VOUCH_ATTACK_L1,
                                            .targeted = true,
                                            .size = sizeof(vouch_apgd_settings),
                                            .options = options,
                                            .option_count = sizeof options / sizeof *options,
                                            .run = run};
