/* AutoAttack "standard": four attacks in order, each on the points that withstood those before.
 *
 * APGD-CE, targeted APGD on the difference of logits ratio, FAB-T, Square, each with its
 * reference settings: one restart, 100 steps, 5000 queries, 9 targets. The reference fails on
 * fewer than 4 classes and always takes 9 targets; here there are min(9, K - 1) targets and the
 * ratio falls back to the margin (objective.c).
 */
#include "attack/attack.h"

static const char *const parts[] = {"apgd-ce", "apgd-t", "fab-t", "square", NULL};

const vouch_attack vouch_attack_autoattack = {
    .name = "autoattack",
    .summary = "the standard ensemble: apgd-ce, apgd-t, fab-t, square",
    .citation = "Croce, Hein 2020",
    .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2,
    .parts = parts};
