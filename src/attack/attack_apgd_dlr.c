/* APGD on the difference of logits ratio (apgd.h): untargeted, from random starts. */
#include "attack/apgd.h"

static vouch_status run(vouch_assault *a)
{
    return vouch_apgd_restarts(a, vouch_objective_find("dlr"));
}

const vouch_attack vouch_attack_apgd_dlr = {.name = "apgd-dlr",
                                            .summary = "APGD on the difference of logits ratio",
                                            .citation = "Croce, Hein 2020",
                                            .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 |
                                                     VOUCH_ATTACK_L1,
                                            .targeted = true,
                                            .size = sizeof(vouch_apgd_settings),
                                            .options = vouch_apgd_options,
                                            .option_count = VOUCH_APGD_OPTIONS,
                                            .run = run};
