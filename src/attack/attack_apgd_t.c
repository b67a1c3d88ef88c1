/* Targeted APGD (apgd.h): one run towards each of the likeliest other classes, on the targeted
 * difference of logits ratio. With K classes there are at most K - 1 targets. */
#include "attack/apgd.h"

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(vouch_apgd_settings, steps, "gradient steps of a run", 100, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(vouch_apgd_settings, restarts, "runs towards a target", 1, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(vouch_apgd_settings, targets, "likeliest other classes aimed at", 9, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_APGD_WIDE,
};

static vouch_status run(vouch_assault *a)
{
    const vouch_apgd_settings *s = a->settings;
    const int64_t targets = s->targets < a->classes - 1 ? s->targets : a->classes - 1;
    for (int64_t t = 0; t < targets; t++)
        for (int64_t r = 0; r < s->restarts; r++)
            VOUCH_TRY(vouch_apgd_run(a, vouch_objective_find("dlr"), t,
                                     (uint64_t)(1000000 + t * s->restarts + r)));
    return VOUCH_OK;
}

const vouch_attack vouch_attack_apgd_t = {
    .name = "apgd-t",
    .summary = "APGD towards each of the likeliest other classes",
    .citation = "Croce, Hein 2020",
    .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 | VOUCH_ATTACK_L1,
    .targeted = true,
    .size = sizeof(vouch_apgd_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
