/* What bounds leave, by search.
 *
 * Problem: a search for each feature that is left takes longer than there is, and most of them end
 *          without an answer: bounds leave much room between what they prove and what an attack
 *          reaches, and before that is used up no feature by itself can change the class.
 * Method:  passes with growing limits. In each, sets of features are searched together, those that
 *          bounds say cost least first: what is proved becomes irrelevant, and the next set is
 *          twice as large; what is refuted, or takes too long, is halved. A pass ends when single
 *          features take too long; then features are attacked anew, on what is now irrelevant. The
 *          last pass, with the limit that is asked for, leaves no feature out.
 */
#include <math.h>
#include <stdlib.h>

#include "explain/order_form.h"
#include "explain/witness.h"

enum {
    PASSES = 3,
    FACTOR = 4,
    LATE = 3
}; /* LATE: single features without an answer end a pass */

typedef struct place {
    int64_t feature;
    double score;
} place;

static int by_score(const void *x, const void *y)
{
    const place *a = x, *b = y;
    return a->score != b->score ? (a->score < b->score ? -1 : 1)
                                : (a->feature > b->feature) - (a->feature < b->feature);
}

/* The open features, by what bounds on the irrelevant ones say they cost; their number. */
static vouch_status list_open(vouch_inquiry *q, int64_t *list, int64_t *count)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(q->arena);
    double *score = VOUCH_NEW_ARRAY(q->arena, double, q->features);
    place *at = VOUCH_NEW_ARRAY(q->arena, place, q->features);
    *count = 0;
    if (score == NULL || at == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_order_by_forms(q, q->free, true, score));
    for (int64_t f = 0; f < q->features; f++)
        if (vouch_inquiry_open(q, f))
            at[(*count)++] = (place){f, isnan(score[f]) ? (double)INFINITY : score[f]};
    qsort(at, (size_t)*count, sizeof *at, by_score);
    for (int64_t k = 0; k < *count; k++)
        list[k] = at[k].feature;
    vouch_arena_reset(q->arena, mark);
    return VOUCH_OK;
}

static double limit_of(const vouch_inquiry *q, int pass)
{
    const double limit = q->settings->limit_s;
    const double part = pow(FACTOR, PASSES - 1 - pass);
    return limit > 0 ? limit / part : part > 1 ? 1 / part : (double)INFINITY;
}

static vouch_status run_pass(vouch_inquiry *q, int64_t *list, int pass, int64_t *size)
{
    const bool is_last = pass == PASSES - 1;
    int64_t count, late = 0;
    VOUCH_TRY(list_open(q, list, &count));
    for (int64_t first = 0; first < count && (is_last || late < LATE);) {
        const int64_t left = count - first, some = *size < left ? *size : left;
        vouch_found found;
        vouch_inquiry_progress(q, "complete");
        VOUCH_TRY(vouch_inquiry_search(q, list + first, some, limit_of(q, pass), &found));
        const bool is_decided = found.is_proved || found.is_refuted || found.is_real;
        late += some == 1 && !is_decided;
        if (found.is_proved || some == 1)
            first += some;
        *size = found.is_proved ? 2 * some : some > 1 ? some / 2 : 1;
    }
    return VOUCH_OK;
}

vouch_status vouch_inquiry_refine(vouch_inquiry *q)
{
    int64_t *list = VOUCH_NEW_ARRAY(q->arena, int64_t, q->features), size = 0;
    if (list == NULL)
        return VOUCH_ERR_MEMORY;
    for (int pass = 0; pass < PASSES; pass++) {
        size = size > 8 ? size : 8;
        VOUCH_TRY(run_pass(q, list, pass, &size));
        VOUCH_TRY(vouch_witness_look(q, q->order, q->features));
    }
    return VOUCH_OK;
}
