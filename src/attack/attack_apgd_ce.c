/* APGD on cross-entropy (apgd.h): untargeted, from random starts. */
#include "attack/apgd.h"

static vouch_status run(vouch_assault *a)
{
    return vouch_apgd_restarts(a, vouch_objective_find("ce"));
}

const vouch_attack vouch_attack_apgd_ce = {.name = "apgd-ce",
                                           .summary = "APGD on cross-entropy",
                                           .citation = "Croce, Hein 2020",
                                           .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 |
                                                    VOUCH_ATTACK_L1,
                                           .targeted = true,
                                           .size = sizeof(vouch_apgd_settings),
                                           .options = vouch_apgd_options,
                                           .option_count = VOUCH_APGD_OPTIONS,
                                           .run = run};
