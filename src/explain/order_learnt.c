/* learnt: the first pass of the strategy `batched`, at the point: the share that each feature takes
 * of what is left for the rival it helps most. */
#include "explain/order_form.h"

static vouch_status score(vouch_inquiry *q, double *score)
{
    return vouch_order_by_forms(q, q->free, true, score);
}

const vouch_order vouch_order_learnt = {
    .name = "learnt",
    .summary = "by the share of the margin that linear bounds give each feature",
    .citation = "ours: the first pass of the strategy batched",
    .score = score,
};
