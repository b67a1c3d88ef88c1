/* FGSM: one step of full length along the gradient's signs, delta = eps sign(grad). In the other
 * norms the step of steepest ascent, so also known as FGM. */
#include "attack/walk.h"

static vouch_status run(vouch_assault *a)
{
    const vouch_walk walk = {
        .objective = vouch_objective_find("ce"), .steps = 1, .restarts = 1, .step = 1};
    return vouch_walk_run(a, &walk);
}

const vouch_attack vouch_attack_fgsm = {.name = "fgsm",
                                        .summary = "one full step along the gradient's signs",
                                        .citation = "Goodfellow 2015",
                                        .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 |
                                                 VOUCH_ATTACK_L1,
                                        .targeted = true,
                                        .run = run};
