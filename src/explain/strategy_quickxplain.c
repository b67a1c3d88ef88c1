/* quickxplain: halves, where each half gets the chance to be free as a whole.
 *
 * Of a set that cannot be freed as a whole, first one half is asked about, then the other; the half
 * that is free leaves the other to recursion. If neither is, the first is searched while the second
 * stays fixed, then the second with what was found free of the first. Junker 2004; as Wu et al.
 * 2024 (VeriX+), alg. 3, use it.
 */
#include "explain/strategy.h"

typedef struct half {
    const int64_t *feature;
    int64_t count;
} half;

/* The set is known not to be free as a whole, unless it is one feature. */
static vouch_status explain(vouch_inquiry *q, half set)
{
    const half a = {set.feature, set.count / 2};
    const half b = {set.feature + a.count, set.count - a.count};
    bool is_free = false;
    vouch_inquiry_progress(q, "quickxplain");
    if (set.count == 1)
        return vouch_inquiry_open(q, set.feature[0]) ? vouch_inquiry_decide(q, set.feature[0])
                                                     : VOUCH_OK;
    VOUCH_TRY(vouch_inquiry_try(q, a.feature, a.count, &is_free));
    if (is_free)
        return explain(q, b);
    VOUCH_TRY(vouch_inquiry_try(q, b.feature, b.count, &is_free));
    VOUCH_TRY(explain(q, a));
    return is_free ? VOUCH_OK : explain(q, b);
}

static vouch_status run(vouch_inquiry *q)
{
    bool is_free = false;
    if (q->features == 0)
        return VOUCH_OK;
    VOUCH_TRY(vouch_inquiry_try(q, q->order, q->features, &is_free));
    return is_free ? VOUCH_OK : explain(q, (half){q->order, q->features});
}

const vouch_strategy vouch_strategy_quickxplain = {
    .name = "quickxplain",
    .summary = "halves, each of which may be free as a whole",
    .citation = "Junker 2004; Wu et al. 2024, VeriX+, alg. 3",
    .run = run,
};
