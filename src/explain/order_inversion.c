/* inversion: the effect of turning a feature's values over in their range, x <- low + high - x.
 * Features with small effects first. Wu et al. 2023 (VeriX), sec. 4.1: the default heuristic. */
#include "explain/order_effect.h"

static float invert(const vouch_formal_problem *p, int64_t i)
{
    return p->ball->low[i] + p->ball->high[i] - p->x[i];
}

static vouch_status score(vouch_inquiry *q, double *score)
{
    return vouch_order_by_effect(q, invert, score);
}

const vouch_order vouch_order_inversion = {
    .name = "inversion",
    .summary = "by the effect of x <- low + high - x on the margin",
    .citation = "Wu et al. 2023, VeriX, sec. 4.1",
    .score = score,
};
