/* RS-FGSM: from a uniform random point of the ball one step a little longer than eps, projected.
 *
 * delta = P(delta0 + alpha sign(grad at x + delta0)), delta0 ~ U[-eps, eps], alpha = 1.25 eps. */
#include "attack/walk.h"

typedef struct rs_fgsm_settings {
    double step;
    int64_t restarts;
} rs_fgsm_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_REAL(rs_fgsm_settings, step, "length of the step in units of eps", 1.25, 0,
                      100),
    VOUCH_ATTACK_INT(rs_fgsm_settings, restarts, "random starts", 1, 1, VOUCH_ATTACK_MANY),
};

static vouch_status run(vouch_assault *a)
{
    const rs_fgsm_settings *s = a->settings;
    const vouch_walk walk = {.objective = vouch_objective_find("ce"),
                             .steps = 1,
                             .restarts = s->restarts,
                             .step = s->step,
                             .start = 1};
    return vouch_walk_run(a, &walk);
}

const vouch_attack vouch_attack_rs_fgsm = {.name = "rs-fgsm",
                                           .summary = "one step from a random start",
                                           .citation = "Wong, Rice, Kolter 2020",
                                           .norms = VOUCH_ATTACK_LINF,
                                           .targeted = true,
                                           .size = sizeof(rs_fgsm_settings),
                                           .options = options,
                                           .option_count = sizeof options / sizeof *options,
                                           .run = run};
