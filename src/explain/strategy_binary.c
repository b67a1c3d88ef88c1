/* binary: halves.
 *
 * All features at once; a set that is not proved is cut in two halves of the order, the first of
 * which is settled before the second is asked about. Single features are decided.
 * Wu et al. 2024 (VeriX+), alg. 2.
 */
#include "explain/strategy.h"

static vouch_status halve(vouch_inquiry *q, const int64_t *feature, int64_t count)
{
    bool is_proved = false;
    vouch_inquiry_progress(q, "halving");
    if (count == 1)
        return vouch_inquiry_open(q, feature[0]) ? vouch_inquiry_decide(q, feature[0])
                                                 : VOUCH_OK;
    VOUCH_TRY(vouch_inquiry_try(q, feature, count, &is_proved));
    if (is_proved)
        return VOUCH_OK;
    VOUCH_TRY(halve(q, feature, count / 2));
    return halve(q, feature + count / 2, count - count / 2);
}

static vouch_status run(vouch_inquiry *q)
{
    return q->features > 0 ? halve(q, q->order, q->features) : VOUCH_OK;
}

const vouch_strategy vouch_strategy_binary = {
    .name = "binary",
    .summary = "all at once, cut in halves where that is not proved",
    .citation = "Wu et al. 2024, VeriX+, alg. 2",
    .run = run,
};
