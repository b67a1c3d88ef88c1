/* batched: a linear bound says of all features at once what freeing each may cost.
 *
 * Problem: asking about every feature by itself takes as many passes as there are features.
 * Method:  one backward pass with the irrelevant features B and candidates T free gives, for each
 *          rival j,  f_c - f_j >= a_j . x' + d_j  on that box. Let delta_ij be the most that
 *          feature i can take off the right side and kappa_j what is left of it when B is free.
 *          Then any candidates whose delta sum to less than kappa_j for every j are irrelevant with
 *          B: they are added by smallest max_j delta_ij / kappa_j while all kappa stay positive.
 *          Rivals beaten on the whole box ask for nothing.
 *          T is what would fit by the margins of B alone, if to delta is added what the feature's
 *          extent takes by making relaxations looser (the spread, bounds/dag_spread.c): a bound to
 *          second order, so that T is about as large as can be added at once. What does not fit
 *          there is not worth a pass. T is halved while nothing can be added, and not above twice
 *          what could be added last. A second phase does the same with optimised slopes.
 * Invariant: what is added is proved by the forms, summed with directed rounding, or by the margins
 *          of the whole set; the look ahead only chooses.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bounds/domain.h"
#include "explain/strategy.h"

enum { FAILURES = 8 }; /* single candidates in a row that turn out not to fit */

typedef struct candidate {
    int64_t feature;
    double cost; /* max_j delta / kappa: the share of what is left */
} candidate;

typedef struct batch {
    vouch_inquiry *q;
    int steps;
    bool looks_ahead; /* costs count what relaxations will take */
    int64_t rivals, count, most;
    candidate *list;      /* [count]: those that may fit, cheapest first */
    bool *given_up;       /* [features] */
    double *room, *delta; /* [rivals]: kappa; a feature's */
    double *low, *high;   /* [inputs] */
    int64_t *taken;       /* [features] */
} batch;

/* ---- what freeing costs -------------------------------------------------------------------- */

/* The most that the free inputs of a feature take off rival j's form, and, where that is told, what
 * they cost by way of relaxations. */
static double cost_of(const batch *b, const vouch_margins *m, int64_t j, int64_t feature)
{
    const double *form = m->form[j], *loss = b->looks_ahead ? m->loss[j] : NULL;
    const vouch_groups *g = b->q->problem->groups;
    const double *low = vouch_oracle_low(b->q->oracle), *high = vouch_oracle_high(b->q->oracle);
    double sum = 0;
    for (int64_t k = g->start[feature]; k < g->start[feature + 1]; k++) {
        const int64_t i = g->member[k];
        const double x = (double)b->q->problem->x[i];
        sum += form[i] > 0 ? form[i] * (x - low[i]) : -form[i] * (high[i] - x);
        if (loss != NULL)
            sum += loss[i];
    }
    return sum;
}

/* kappa of each rival: what the form leaves on the box of the irrelevant features; infinity where it
 * is beaten on the whole box anyway, if that counts. Has each rival room? */
static bool find_room(batch *b, const vouch_margins *m, bool whole_box)
{
    const vouch_formal_problem *p = b->q->problem;
    const double *low = vouch_oracle_low(b->q->oracle), *high = vouch_oracle_high(b->q->oracle);
    bool has_room = true;
    for (int64_t i = 0; i < p->groups->inputs; i++) {
        const bool is_free = b->q->free[p->groups->of[i]];
        b->low[i] = is_free ? low[i] : (double)p->x[i];
        b->high[i] = is_free ? high[i] : (double)p->x[i];
    }
    for (int64_t j = 0; j < b->rivals; j++) {
        if (m->lower[j] > 0 && (whole_box || m->form[j] == NULL))
            b->room[j] = (double)INFINITY;
        else if (m->form[j] != NULL)
            b->room[j] =
                vouch_form_min(p->groups->inputs, m->form[j], m->offset[j], b->low, b->high);
        else
            b->room[j] = -(double)INFINITY;
        has_room = has_room && b->room[j] > 0;
    }
    return has_room;
}

static double share_of(const batch *b, const vouch_margins *m, int64_t feature)
{
    double most = 0;
    for (int64_t j = 0; j < b->rivals; j++)
        if (b->room[j] < (double)INFINITY)
            most = fmax(most, cost_of(b, m, j, feature) / b->room[j]);
    return most;
}

static int by_cost(const void *x, const void *y)
{
    const candidate *a = x, *b = y;
    return a->cost != b->cost ? (a->cost < b->cost ? -1 : 1)
                              : (a->feature > b->feature) - (a->feature < b->feature);
}

/* Sorts `count` candidates by what they cost, and keeps those that fit together; their number. */
static int64_t fit(batch *b, const vouch_margins *m, candidate *list, int64_t count)
{
    int64_t kept = 0;
    for (int64_t k = 0; k < count; k++)
        list[k].cost = share_of(b, m, list[k].feature);
    qsort(list, (size_t)count, sizeof *list, by_cost);
    for (int64_t k = 0; k < count && list[k].cost < 1; k++) {
        bool fits = true;
        for (int64_t j = 0; j < b->rivals; j++) {
            b->delta[j] = b->room[j] < (double)INFINITY ? cost_of(b, m, j, list[k].feature) : 0;
            fits = fits && b->delta[j] < b->room[j];
        }
        if (!fits)
            continue;
        for (int64_t j = 0; j < b->rivals; j++)
            b->room[j] -= b->delta[j];
        const candidate chosen = list[k];
        list[k] = list[kept];
        list[kept++] = chosen;
    }
    return kept;
}

/* ---- sets ---------------------------------------------------------------------------------- */

/* Margins with the irrelevant features and the first `count` of the list free. */
static vouch_status look(batch *b, int64_t count, vouch_margins *m)
{
    bool *free = b->q->free;
    vouch_inquiry_progress(b->q, b->steps > 0 ? "batched, optimised" : "batched");
    for (int64_t k = 0; k < count; k++)
        free[b->list[k].feature] = true;
    const vouch_status status = vouch_oracle_margins(b->q->oracle, free, b->steps, true, m);
    for (int64_t k = 0; k < count; k++)
        free[b->list[k].feature] = false;
    return status;
}

/* Are the first `count` proved by the forms, every rounding counted? */
static bool is_sure(batch *b, const vouch_margins *m, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        b->q->free[b->list[k].feature] = true;
    const bool sure = find_room(b, m, true);
    for (int64_t k = 0; k < count; k++)
        b->q->free[b->list[k].feature] = false;
    return sure;
}

/* Adds what the margins prove of the first `count` candidates, with which they were found. */
static int64_t add(batch *b, const vouch_margins *m, int64_t count)
{
    int64_t added = count;
    b->looks_ahead = false;
    if (!m->is_proved) {
        added = find_room(b, m, true) ? fit(b, m, b->list, count) : 0;
        if (!is_sure(b, m, added))
            added = 0;
    }
    for (int64_t k = 0; k < added; k++)
        b->taken[k] = b->list[k].feature;
    vouch_inquiry_take(b->q, b->taken, added);
    return added;
}

/* ---- the loop ------------------------------------------------------------------------------ */

/* The candidates that would fit by margins of the irrelevant features alone. */
static int64_t choose(batch *b, const vouch_margins *m)
{
    const vouch_inquiry *q = b->q;
    b->count = 0;
    for (int64_t k = 0; k < q->features; k++)
        if (vouch_inquiry_open(q, q->order[k]) && !b->given_up[q->order[k]])
            b->list[b->count++] = (candidate){q->order[k], 0};
    b->looks_ahead = true;
    b->count = find_room(b, m, false) ? fit(b, m, b->list, b->count) : 0;
    return b->count;
}

/* Those of the first `count` that the margins of all of them say cost most, of the rivals that are not
 * beaten, go to the end. */
static void rank(batch *b, const vouch_margins *m, int64_t count)
{
    for (int64_t j = 0; j < b->rivals; j++) {
        double sum = 0;
        for (int64_t k = 0; k < count && !(m->lower[j] > 0) && m->form[j] != NULL; k++)
            sum += cost_of(b, m, j, b->list[k].feature);
        b->room[j] = sum > 0 ? sum : (double)INFINITY;
    }
    for (int64_t k = 0; k < count; k++)
        b->list[k].cost = share_of(b, m, b->list[k].feature);
    qsort(b->list, (size_t)count, sizeof *b->list, by_cost);
}

/* Candidates that fit, as many as can be proved at once. *added: how many; *m: the last margins. */
static vouch_status advance(batch *b, vouch_margins *m, int64_t *added)
{
    *added = 0;
    int64_t count = b->count < b->most ? b->count : b->most;
    for (; count > 0 && *added == 0; count /= 2) {
        VOUCH_TRY(look(b, count, m));
        *added = add(b, m, count);
        b->most = *added == count ? 2 * count : *added > 0 ? *added : count > 1 ? count / 2 : 1;
        if (*added == 0 && count == 1)
            b->given_up[b->list[0].feature] = true;
        if (*added == 0)
            rank(b, m, count);
    }
    return VOUCH_OK;
}

static vouch_status grow(batch *b)
{
    vouch_margins m = {0};
    bool is_current = false; /* m is of the irrelevant features alone */
    memset(b->given_up, 0, (size_t)b->q->features * sizeof(bool));
    for (int failures = 0; failures < FAILURES;) {
        int64_t added = 0;
        if (!is_current)
            VOUCH_TRY(look(b, 0, &m));
        if (choose(b, &m) == 0)
            return VOUCH_OK;
        VOUCH_TRY(advance(b, &m, &added));
        failures = added > 0 ? 0 : failures + 1;
        is_current = added > 0 && m.is_proved;
    }
    return VOUCH_OK;
}

static bool make_arrays(batch *b)
{
    vouch_arena *arena = b->q->arena;
    b->list = VOUCH_NEW_ARRAY(arena, candidate, b->q->features);
    b->given_up = VOUCH_NEW_ARRAY(arena, bool, b->q->features);
    b->taken = VOUCH_NEW_ARRAY(arena, int64_t, b->q->features);
    b->room = VOUCH_NEW_ARRAY(arena, double, b->rivals);
    b->delta = VOUCH_NEW_ARRAY(arena, double, b->rivals);
    b->low = VOUCH_NEW_ARRAY(arena, double, b->q->problem->groups->inputs);
    b->high = VOUCH_NEW_ARRAY(arena, double, b->q->problem->groups->inputs);
    return b->list && b->given_up && b->taken && b->room && b->delta && b->low && b->high;
}

static vouch_status run(vouch_inquiry *q)
{
    batch b = {.q = q, .most = q->features, .rivals = vouch_oracle_rivals(q->oracle)};
    if (!make_arrays(&b))
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(grow(&b));
    if (q->level < VOUCH_ORACLE_ALPHA || q->settings->steps == 0)
        return VOUCH_OK;
    b.steps = (int)q->settings->steps;
    return grow(&b);
}

const vouch_strategy vouch_strategy_batched = {
    .name = "batched",
    .summary = "linear bounds say of all features at once what freeing each costs",
    .citation = "ours: capacities of backward linear forms",
    .run = run,
};
