/* @NAME@: which sets of features are asked about. Here: each by itself, in the order.
 *
 * Steps for a new strategy (delete each as you finish it):
 *   1. Say problem and method, and the source.
 *   2. run: ask by vouch_inquiry_try (sets), vouch_inquiry_decide (single features) or
 *      vouch_oracle_margins; what was proved another way becomes irrelevant by
 *      vouch_inquiry_take. Pass every status on: a stop comes as VOUCH_ERR_CANCELLED.
 *   3. tests/explain/test_formal.c loops over the table and holds it to brute force.
 */
#include "explain/strategy.h"

static vouch_status run(vouch_inquiry *q)
{
    for (int64_t k = 0; k < q->features; k++) {
        vouch_inquiry_progress(q, "@NAME@");
        if (vouch_inquiry_open(q, q->order[k]))
            VOUCH_TRY(vouch_inquiry_decide(q, q->order[k]));
    }
    return VOUCH_OK;
}

const vouch_strategy vouch_strategy_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list strategies",
    .citation = "PAPER",
    .run = run,
};
