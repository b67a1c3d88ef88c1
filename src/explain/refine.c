/* What bounds leave, by search.
 *
 * Problem: a search for each feature that is left takes longer than there is, and most of them end
 *          without an answer: bounds leave much room between what they prove and what an attack
 *          reaches, and before that is used up no feature by itself can change the class.
 * Method:  passes with growing limits. In each, sets of features are searched together, those that
 *          bounds say cost least first, what they relax included: what is proved becomes
 *          irrelevant, and the next set is twice as large; what is refuted, or takes too long, is
 *          halved. A pass ends when few features take too long: a longer limit brings more than
 *          one of them. Then features are attacked anew, on what is now irrelevant. The last pass,
 *          with the limit that is asked for, leaves no feature out.
 */
#include <math.h>
#include <stdlib.h>

#include "explain/witness.h"

enum {
    PASSES = 3,
    FACTOR = 4,
    FEWEST = 4, /* features: fewer are searched in the last pass alone */
    FIRST = 8   /* features, in the beginning of a pass */
};

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

/* What each feature takes off the margins, by their forms on the irrelevant ones and by relaxing: the
 * sum of squares over rivals of its shares of what the point has. */
static vouch_status score_open(vouch_inquiry *q, double *score)
{
    const vouch_groups *g = q->problem->groups;
    const double *low = vouch_oracle_low(q->oracle), *high = vouch_oracle_high(q->oracle);
    vouch_margins m;
    VOUCH_TRY(vouch_oracle_margins(q->oracle, q->free, 0, true, &m));
    for (int64_t j = 0; j < vouch_oracle_rivals(q->oracle); j++) {
        double room = m.offset[j];
        for (int64_t i = 0; m.form[j] != NULL && i < g->inputs; i++)
            room += m.form[j][i] * (double)q->problem->x[i];
        for (int64_t f = 0; m.form[j] != NULL && f < q->features; f++) {
            double cost = 0;
            for (int64_t k = g->start[f]; k < g->start[f + 1]; k++) {
                const int64_t i = g->member[k];
                const double x = (double)q->problem->x[i], a = m.form[j][i];
                cost += a > 0 ? a * (x - low[i]) : -a * (high[i] - x);
                cost += m.loss[j] != NULL ? m.loss[j][i] : 0;
            }
            score[f] += cost * cost / (room * room);
        }
    }
    return VOUCH_OK;
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
    VOUCH_TRY(score_open(q, score));
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
    int64_t count;
    VOUCH_TRY(list_open(q, list, &count));
    for (int64_t first = 0; first < count && (is_last || *size >= FEWEST);) {
        const int64_t left = count - first, some = *size < left ? *size : left;
        vouch_found found;
        vouch_inquiry_progress(q, "complete");
        VOUCH_TRY(vouch_inquiry_search(q, list + first, some, limit_of(q, pass), &found));
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
        size = size > FIRST ? size : FIRST;
        VOUCH_TRY(run_pass(q, list, pass, &size));
        VOUCH_TRY(vouch_witness_look(q, q->order, q->features));
    }
    return VOUCH_OK;
}
