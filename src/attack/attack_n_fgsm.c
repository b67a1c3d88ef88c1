/* N-FGSM: the gradient is taken at a noisier point than the ball allows, then one step.
 *
 * eta ~ U[-k eps, k eps], delta = eta + alpha sign(grad at x + eta), k = 2, alpha = eps. In training
 * delta is used without a projection onto the ball; as an attack the claim has to be in the ball, so
 * the end of the step is projected. */
#include "attack/walk.h"

typedef struct n_fgsm_settings {
    double step;
    double noise;
    int64_t restarts;
} n_fgsm_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_REAL(n_fgsm_settings, step, "length of the step in units of eps", 1, 0, 100),
    VOUCH_ATTACK_REAL(n_fgsm_settings, noise, "width of the noise in units of eps", 2, 0, 100),
    VOUCH_ATTACK_INT(n_fgsm_settings, restarts, "random starts", 1, 1, VOUCH_ATTACK_MANY),
};

static vouch_status run(vouch_assault *a)
{
    const n_fgsm_settings *s = a->settings;
    const vouch_walk walk = {.objective = vouch_objective_find("ce"),
                             .steps = 1,
                             .restarts = s->restarts,
                             .step = s->step,
                             .start = s->noise,
                             .start_free = true};
    return vouch_walk_run(a, &walk);
}

const vouch_attack vouch_attack_n_fgsm = {.name = "n-fgsm",
                                          .summary = "one step from noise wider than the ball",
                                          .citation = "De Jorge 2022",
                                          .norms = VOUCH_ATTACK_LINF,
                                          .targeted = true,
                                          .size = sizeof(n_fgsm_settings),
                                          .options = options,
                                          .option_count = sizeof options / sizeof *options,
                                          .run = run};
