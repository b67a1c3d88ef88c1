/* Auto-PGD: projected gradient with momentum and a step size that looks after itself. */
#ifndef VOUCH_ATTACK_APGD_H
#define VOUCH_ATTACK_APGD_H

#include "attack/attack.h"

typedef struct vouch_apgd_settings {
    int64_t steps, restarts, targets; /* targets: of the targeted attack alone */
} vouch_apgd_settings;

/* Where the step size is looked at: after how many steps each interval ends. */
typedef struct vouch_apgd_schedule {
    int64_t interval, shrink, least;
} vouch_apgd_schedule;
/* For that many steps: .22, .03 and .06 of them. */
vouch_apgd_schedule vouch_apgd_schedule_of(int64_t steps);

/* One run from a random start, for every open point. rank: the target is the other class of that
 * rank by the clean logits (0: the likeliest); -1: none, or the point's own. index: names the
 * random start. */
vouch_status vouch_apgd_run(vouch_assault *a, const vouch_objective *objective, int64_t rank,
                            uint64_t index);

/* Of the untargeted attacks: their options, and as many runs as these say. */
enum { VOUCH_APGD_OPTIONS = 2 };
extern const vouch_option vouch_apgd_options[VOUCH_APGD_OPTIONS];
vouch_status vouch_apgd_restarts(vouch_assault *a, const vouch_objective *objective);

#endif
