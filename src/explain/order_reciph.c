/* reciph: coefficients of backward linear bounds on the box in which all features are free, times
 * their width: ReCIPH's score of inputs (split_reciph.c), turned into an order. */
#include <string.h>

#include "explain/order_form.h"

static vouch_status score(vouch_inquiry *q, double *score)
{
    bool *all = VOUCH_NEW_ARRAY(q->arena, bool, q->features);
    if (all == NULL)
        return VOUCH_ERR_MEMORY;
    memset(all, 1, (size_t)q->features * sizeof *all);
    return vouch_order_by_forms(q, all, false, score);
}

const vouch_order vouch_order_reciph = {
    .name = "reciph",
    .summary = "by coefficients of backward linear bounds with all features free",
    .citation = "Durand et al. 2022, ReCIPH",
    .score = score,
};
