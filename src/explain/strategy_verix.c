/* verix: one feature after the other.
 *
 * Each is asked about together with all that are irrelevant so far; with the level `complete` it is
 * decided there and then, so that with a decision for each the relevant set is subset-minimal.
 * Wu, Wu, Barrett 2023 (VeriX), alg. 1.
 */
#include "explain/strategy.h"

static vouch_status run(vouch_inquiry *q)
{
    for (int64_t k = 0; k < q->features; k++) {
        vouch_inquiry_progress(q, "sequential");
        if (vouch_inquiry_open(q, q->order[k]))
            VOUCH_TRY(vouch_inquiry_decide(q, q->order[k]));
    }
    return VOUCH_OK;
}

const vouch_strategy vouch_strategy_verix = {
    .name = "verix",
    .summary = "one feature after the other",
    .citation = "Wu et al. 2023, VeriX, alg. 1",
    .run = run,
};
