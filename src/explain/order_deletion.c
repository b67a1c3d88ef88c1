/* deletion: the effect of setting a feature to the lower end of its range, x <- low. Features with
 * small effects first. Wu et al. 2023 (VeriX), sec. 4.1. */
#include "explain/order_effect.h"

static float delete (const vouch_formal_problem *p, int64_t i) { return p->ball->low[i]; }

static vouch_status score(vouch_inquiry *q, double *score)
{
    return vouch_order_by_effect(q, delete, score);
}

const vouch_order vouch_order_deletion = {
    .name = "deletion",
    .summary = "by the effect of x <- low on the margin",
    .citation = "Wu et al. 2023, VeriX, sec. 4.1",
    .score = score,
};
