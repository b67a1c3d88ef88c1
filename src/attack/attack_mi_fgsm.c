/* MI-FGSM: steps along the signs of an accumulated, normalised gradient.
 *
 * g <- mu g + grad / |grad|_1, x <- P(x + eps / n sign g), mu = 1. The momentum carries across
 * small local maxima. */
#include "attack/walk.h"

typedef struct mi_fgsm_settings {
    int64_t steps;
    double momentum;
} mi_fgsm_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(mi_fgsm_settings, steps, "gradient steps, each eps / steps long", 10, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(mi_fgsm_settings, momentum, "weight of the gradients before", 1, 0.001,
                      10),
};

static vouch_status run(vouch_assault *a)
{
    const mi_fgsm_settings *s = a->settings;
    const vouch_walk walk = {.objective = vouch_objective_find("ce"),
                             .steps = s->steps,
                             .restarts = 1,
                             .step = 1 / (double)s->steps,
                             .momentum = s->momentum};
    return vouch_walk_run(a, &walk);
}

const vouch_attack vouch_attack_mi_fgsm = {.name = "mi-fgsm",
                                           .summary = "steps along an accumulated gradient",
                                           .citation = "Dong 2018",
                                           .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2,
                                           .targeted = true,
                                           .size = sizeof(mi_fgsm_settings),
                                           .options = options,
                                           .option_count = sizeof options / sizeof *options,
                                           .run = run};
