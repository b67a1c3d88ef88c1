/* interval: the worst that interval bounds say of the margin when the feature alone is free.
 * Wu et al. 2024 (VeriX+), sec. 4.1, there of one output; here of all differences. */
#include <math.h>

#include "explain/strategy.h"

static vouch_status score(vouch_inquiry *q, double *score)
{
    for (int64_t g = 0; g < q->features; g++) {
        q->free[g] = true;
        const vouch_status status = vouch_oracle_interval_margin(q->oracle, q->free, &score[g]);
        q->free[g] = false;
        VOUCH_TRY(status);
        score[g] = -score[g];
    }
    return VOUCH_OK;
}

const vouch_order vouch_order_interval = {
    .name = "interval",
    .summary = "by interval bounds of the margin with the feature alone free",
    .citation = "Wu et al. 2024, VeriX+, sec. 4.1",
    .score = score,
};
