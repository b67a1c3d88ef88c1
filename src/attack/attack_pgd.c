/* PGD: small projected steps from uniform random points of the ball.
 *
 * For evaluation the step is max(1/4, 2/n) eps, so that n steps can cross the ball, with 3 restarts. */
#include <math.h>

#include "attack/walk.h"

typedef struct pgd_settings {
    int64_t steps;
    int64_t restarts;
    double step;
    const char *loss;
} pgd_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(pgd_settings, steps, "gradient steps of a walk", 40, 1, VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(pgd_settings, restarts, "walks, each from another start", 3, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(pgd_settings, step,
                      "length of a step in units of eps; 0: max(1/4, 2/steps)", 0, 0, 100),
    {.name = "loss",
     .argument = "L",
     .help = "what the steps increase",
     .type = VOUCH_OPTION_CHOICE,
     .offset = offsetof(pgd_settings, loss),
     .text = "ce",
     .choices = vouch_objective_choices},
};

static vouch_status run(vouch_assault *a)
{
    const pgd_settings *s = a->settings;
    const vouch_walk walk = {.objective = vouch_objective_find(s->loss),
                             .steps = s->steps,
                             .restarts = s->restarts,
                             .step = s->step > 0 ? s->step : fmax(.25, 2 / (double)s->steps),
                             .start = 1};
    return vouch_walk_run(a, &walk);
}

const vouch_attack vouch_attack_pgd = {.name = "pgd",
                                       .summary = "small projected steps from random starts",
                                       .citation = "Madry 2018",
                                       .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 |
                                                VOUCH_ATTACK_L1,
                                       .targeted = true,
                                       .size = sizeof(pgd_settings),
                                       .options = options,
                                       .option_count = sizeof options / sizeof *options,
                                       .run = run};
