/* AutoAttack "standard": four attacks in order, each on the points that withstood those before.
 *
 * APGD-CE, targeted APGD on the difference of logits ratio, FAB-T, Square, each with its
 * reference settings: one restart, 100 steps, 5000 queries, 9 targets; in L1 APGD begins in wider
 * balls, APGD-CE with five restarts, APGD-T towards 5 targets. The reference fails on fewer than 4
 * classes and always takes that many targets; here there are at most K - 1 and the ratio falls
 * back to the margin (objective.c).
 */
#include "attack/apgd.h"

static const vouch_apgd_settings ce_l1 = {.steps = 100, .restarts = 5, .wide = true};
static const vouch_apgd_settings t_l1 = {
    .steps = 100, .restarts = 1, .targets = 5, .wide = true};

static const vouch_attack_part parts[] = {{"apgd-ce", {[VOUCH_NORM_L1] = &ce_l1}},
                                          {"apgd-t", {[VOUCH_NORM_L1] = &t_l1}},
                                          {.name = "fab-t"},
                                          {.name = "square"},
                                          {.name = NULL}};

const vouch_attack vouch_attack_autoattack = {
    .name = "autoattack",
    .summary = "the standard ensemble: apgd-ce, apgd-t, fab-t, square",
    .citation = "Croce, Hein 2020; l1: Croce, Hein 2021",
    .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 | VOUCH_ATTACK_L1,
    .parts = parts};
