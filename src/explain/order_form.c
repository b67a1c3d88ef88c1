/* What each feature can take off linear forms of the margins. */
#include "explain/order_form.h"

#include <math.h>

static double most_of(const vouch_inquiry *q, const double *form, int64_t i)
{
    const double x = (double)q->problem->x[i];
    return form[i] > 0 ? form[i] * (x - vouch_oracle_low(q->oracle)[i])
                       : -form[i] * (vouch_oracle_high(q->oracle)[i] - x);
}

static double at_point(const vouch_inquiry *q, const double *form, double offset)
{
    for (int64_t i = 0; i < q->problem->groups->inputs; i++)
        offset += form[i] * (double)q->problem->x[i];
    return offset;
}

vouch_status vouch_order_by_forms(vouch_inquiry *q, const bool *free, bool relative,
                                  double *score)
{
    const vouch_groups *g = q->problem->groups;
    vouch_margins m;
    VOUCH_TRY(vouch_oracle_margins(q->oracle, free, 0, false, &m));
    double *part = VOUCH_NEW_ARRAY(q->arena, double, q->features);
    if (part == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t j = 0; j < vouch_oracle_rivals(q->oracle); j++) {
        if (m.form[j] == NULL)
            continue;
        const double left = relative ? fabs(at_point(q, m.form[j], m.offset[j])) : 1;
        for (int64_t f = 0; f < q->features; f++)
            part[f] = 0;
        for (int64_t i = 0; i < g->inputs; i++)
            part[g->of[i]] += most_of(q, m.form[j], i);
        for (int64_t f = 0; f < q->features; f++)
            score[f] = fmax(score[f], part[f] / fmax(left, 1e-300));
    }
    return VOUCH_OK;
}
