/* gradient: what the margin's gradient at the point says that a feature can take off it. */
#include <math.h>

#include "explain/strategy.h"

static vouch_status score(vouch_inquiry *q, double *score)
{
    const vouch_groups *g = q->problem->groups;
    const double *low = vouch_oracle_low(q->oracle), *high = vouch_oracle_high(q->oracle);
    float *gradient = VOUCH_NEW_ARRAY(q->arena, float, g->inputs);
    double margin;
    if (gradient == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_inquiry_descent(q, 1, q->problem->x, &margin, gradient));
    for (int64_t i = 0; i < g->inputs; i++)
        score[g->of[i]] += .5 * fabs((double)gradient[i]) * (high[i] - low[i]);
    return VOUCH_OK;
}

const vouch_order vouch_order_gradient = {
    .name = "gradient",
    .summary = "by the margin's gradient at the point, times the width",
    .score = score,
};
