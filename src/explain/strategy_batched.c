/* batched: a linear bound says of all features at once what freeing each may cost.
 *
 * Problem: asking about every feature by itself takes as many passes as there are features.
 * Method:  one backward pass with the irrelevant features B and candidates T free gives, for each
 *          rival j,  f_c - f_j >= a_j . x' + d_j  on that box. Let delta_ij be the most that
 *          feature i can take off the right side and kappa_j what is left of it when B is free.
 *          Then any candidates whose delta sum to less than kappa_j for every j are irrelevant with
 *          B: they are added by smallest delta_ij / kappa_j while all kappa stay positive.
 *          Rivals beaten on the whole box ask for nothing.
 *
 *          Which T? The margin of a set S, as a function of S, bends down: a wider box makes
 *          relaxations looser. Every pass gives a tangent to it at its T: the form, and for each
 *          feature, in T or not, what its extent takes by relaxing (the spread,
 *          bounds/dag_spread.c). Between a set that is proved and one that is too large, costs are
 *          between those of the two tangents; so the next T is the largest set, of all features
 *          anew, that fits what the proved one leaves, by costs half way between it and T. As with
 *          a secant, few passes do; as long as nothing is proved T is halved. What is found is taken, and the search begins again on top of
 *          it, until nothing is added; then the same with optimised slopes.
 * Invariant: what is added is proved by the forms, summed with directed rounding, or by the margins
 *          of the whole set; tangents only choose.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bounds/domain.h"
#include "explain/strategy.h"

enum {
    FAILURES = 2, /* passes of a search that found no more */
    FEW = 32,     /* features: where fewer are found, single ones are tried */
    MISSES = 4    /* of these in a row that were not proved */
};

typedef struct candidate {
    int64_t feature;
    double cost; /* delta / kappa over all rivals: the share of what is left */
} candidate;

/* What rivals have left, and what each feature takes of it. */
typedef struct tangent {
    bool is_known;
    double *room; /* [rivals]: where no candidate is free; infinity: asks for nothing */
    double *cost; /* [rivals][features] */
} tangent;

typedef struct batch {
    vouch_inquiry *q;
    int steps;
    int64_t rivals, count; /* of the list: those that fit */
    candidate *list; /* [features]: the last set, and those that may fit, cheapest first */
    tangent form;    /* of the last pass, without relaxations */
    tangent under,
        over;      /* at the largest set proved by a pass, and at the last one that failed */
    tangent guess; /* between the two */
    double *left;  /* [rivals]: of the room, while features are added */
    double *low, *high; /* [inputs] */
    int64_t *best;      /* [best_count]: the largest set that is proved */
    int64_t best_count;
    int64_t *base; /* [base_count]: the set of `under` */
    int64_t base_count, over_count;
    int64_t taken; /* features found irrelevant so far */
} batch;

/* ---- what freeing costs -------------------------------------------------------------------- */

/* The most that the free inputs of a feature take off a form, or what relaxing costs them. */
static double cost_of(const batch *b, const double *form, const double *loss, int64_t feature)
{
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

/* What the form leaves on the box of the features that are free now, and takes for each other. */
static void read_form(batch *b, const vouch_margins *m)
{
    const vouch_formal_problem *p = b->q->problem;
    const double *low = vouch_oracle_low(b->q->oracle), *high = vouch_oracle_high(b->q->oracle);
    for (int64_t i = 0; i < p->groups->inputs; i++) {
        const bool is_free = b->q->free[p->groups->of[i]];
        b->low[i] = is_free ? low[i] : (double)p->x[i];
        b->high[i] = is_free ? high[i] : (double)p->x[i];
    }
    for (int64_t j = 0; j < b->rivals; j++) {
        const bool has_form = m->form[j] != NULL;
        b->form.room[j] = has_form ? vouch_form_min(p->groups->inputs, m->form[j], m->offset[j],
                                                    b->low, b->high)
                                   : -(double)INFINITY;
        for (int64_t f = 0; has_form && f < b->q->features; f++)
            b->form.cost[j * b->q->features + f] = cost_of(b, m->form[j], NULL, f);
    }
}

/* The tangent at the set of the first `count` of the list, from the form just read; its room is what
 * that set leaves. */
static void read_tangent(batch *b, const vouch_margins *m, int64_t count, tangent *t)
{
    const int64_t n = b->q->features;
    t->is_known = true;
    for (int64_t j = 0; j < b->rivals; j++) {
        t->room[j] = b->form.room[j];
        t->is_known = t->is_known && m->form[j] != NULL;
        for (int64_t f = 0; m->form[j] != NULL && f < n; f++)
            t->cost[j * n + f] = cost_of(b, m->form[j], m->loss[j], f);
        for (int64_t k = 0; m->form[j] != NULL && k < count; k++)
            t->room[j] -= b->form.cost[j * n + b->list[k].feature];
    }
}

/* Costs between the two, from what the smaller set leaves. */
static void mix(batch *b, double share)
{
    const int64_t n = b->q->features;
    for (int64_t k = 0; k < b->rivals * n; k++)
        b->guess.cost[k] = b->over.is_known
                               ? (1 - share) * b->under.cost[k] + share * b->over.cost[k]
                               : b->under.cost[k];
    for (int64_t j = 0; j < b->rivals; j++) {
        b->guess.room[j] = b->under.room[j];
        for (int64_t k = 0; k < b->base_count; k++)
            b->guess.room[j] += b->guess.cost[j * n + b->base[k]];
    }
}

/* ---- what fits ----------------------------------------------------------------------------- */

/* The root of the sum of squares of the shares: the largest counts most, the others too. */
static double share_of(const batch *b, const tangent *t, int64_t feature)
{
    double sum = 0;
    for (int64_t j = 0; j < b->rivals; j++)
        if (t->room[j] < (double)INFINITY) {
            const double share = t->cost[j * b->q->features + feature] / t->room[j];
            sum += share * share;
        }
    return sum;
}

static int by_cost(const void *x, const void *y)
{
    const candidate *a = x, *b = y;
    return a->cost != b->cost ? (a->cost < b->cost ? -1 : 1)
                              : (a->feature > b->feature) - (a->feature < b->feature);
}

static bool fits(const batch *b, const tangent *t, int64_t feature)
{
    for (int64_t j = 0; j < b->rivals; j++)
        if (!(t->cost[j * b->q->features + feature] < b->left[j]))
            return false;
    return true;
}

/* Sorts `count` candidates by what they cost, and puts those first that fit together; their number.
 */
static int64_t fit(batch *b, const tangent *t, int64_t count)
{
    int64_t kept = 0;
    for (int64_t j = 0; j < b->rivals; j++) {
        b->left[j] = t->room[j];
        if (!(t->room[j] > 0))
            return 0;
    }
    for (int64_t k = 0; k < count; k++)
        b->list[k].cost = share_of(b, t, b->list[k].feature);
    qsort(b->list, (size_t)count, sizeof *b->list, by_cost);
    for (int64_t k = 0; k < count; k++) {
        const candidate chosen = b->list[k];
        if (!fits(b, t, chosen.feature))
            continue;
        for (int64_t j = 0; j < b->rivals; j++)
            b->left[j] -= t->cost[j * b->q->features + chosen.feature];
        b->list[k] = b->list[kept];
        b->list[kept++] = chosen;
    }
    return kept;
}

/* The largest set that the guess lets fit. */
static void choose(batch *b, double share)
{
    const vouch_inquiry *q = b->q;
    int64_t open = 0;
    for (int64_t k = 0; k < q->features; k++)
        if (vouch_inquiry_open(q, q->order[k]))
            b->list[open++] = (candidate){q->order[k], 0};
    mix(b, share);
    b->count = fit(b, &b->guess, open);
}

/* ---- sets ---------------------------------------------------------------------------------- */

static void set_free(batch *b, int64_t count, bool is_free)
{
    for (int64_t k = 0; k < count; k++)
        b->q->free[b->list[k].feature] = is_free;
}

/* Margins with the irrelevant features and the first `count` of the list free. */
static vouch_status look(batch *b, int64_t count, vouch_margins *m)
{
    vouch_inquiry_progress(b->q, b->steps > 0 ? "batched, optimised" : "batched");
    set_free(b, count, true);
    const vouch_status status =
        vouch_oracle_margins(b->q->oracle, b->q->free, b->steps, true, m);
    set_free(b, count, false);
    if (status == VOUCH_OK)
        read_form(b, m);
    return status;
}

/* Are the first `count` proved by the forms, every rounding counted? */
static bool is_sure(batch *b, const vouch_margins *m, int64_t count)
{
    const vouch_groups *g = b->q->problem->groups;
    bool sure = true;
    set_free(b, count, true);
    for (int64_t i = 0; i < g->inputs; i++) {
        const bool is_free = b->q->free[g->of[i]];
        const double x = (double)b->q->problem->x[i];
        b->low[i] = is_free ? vouch_oracle_low(b->q->oracle)[i] : x;
        b->high[i] = is_free ? vouch_oracle_high(b->q->oracle)[i] : x;
    }
    set_free(b, count, false);
    for (int64_t j = 0; sure && j < b->rivals; j++)
        sure = m->lower[j] > 0 ||
               (m->form[j] != NULL &&
                vouch_form_min(g->inputs, m->form[j], m->offset[j], b->low, b->high) > 0);
    return sure;
}

static void keep_best(batch *b, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        b->best[k] = b->list[k].feature;
    b->best_count = count;
}

/* What the margins of the first `count` prove of them: all, or those that fit by the forms. */
static void learn(batch *b, const vouch_margins *m, int64_t count)
{
    if (m->is_proved) {
        read_tangent(b, m, count, &b->under);
        keep_best(b, count);
        memcpy(b->base, b->best, (size_t)count * sizeof *b->base);
        b->base_count = count;
        return;
    }
    read_tangent(b, m, count, &b->over);
    b->over_count = count;
    for (int64_t j = 0; j < b->rivals; j++)
        if (m->lower[j] > 0)
            b->form.room[j] = (double)INFINITY;
    const int64_t kept = fit(b, &b->form, count);
    if (kept > b->best_count && is_sure(b, m, kept))
        keep_best(b, kept);
}

/* ---- the search ---------------------------------------------------------------------------- */

/* The next set to ask about, larger than what is proved; none: count 0. What relaxing costs on the
 * way to it is taken from where the middle of the way is, roughly. A first set, of which nothing but the
 * point is known, is half of what the point's tangent lets fit. */
static void propose(batch *b)
{
    const int rounds = b->over.is_known ? 4 : 1;
    const double middle = .8, span = (double)(b->over_count - b->base_count);
    double share = .5;
    for (int round = 0; round < rounds; round++) {
        choose(b, share);
        if (span > 0)
            share = middle * fmin(1, fmax((double)(b->count - b->base_count) / span, 0));
    }
    if (!b->over.is_known && b->base_count == 0)
        b->count = (b->count + 1) / 2;
    if (b->over.is_known && b->best_count == 0 && b->count > b->over_count / 2)
        b->count = b->over_count / 2; /* the point's tangent alone may be far off */
    if (b->count <= b->best_count)
        b->count = 0;
}

static vouch_status search(batch *b)
{
    vouch_margins m = {0};
    b->best_count = b->base_count = 0;
    b->over.is_known = false;
    VOUCH_TRY(look(b, 0, &m));
    read_tangent(b, &m, 0, &b->under);
    for (int failures = 0; b->under.is_known && (failures < FAILURES || b->best_count == 0);) {
        const int64_t before = b->best_count;
        propose(b);
        if (b->count == 0)
            return VOUCH_OK;
        VOUCH_TRY(look(b, b->count, &m));
        learn(b, &m, b->count);
        failures += b->best_count == before;
    }
    return VOUCH_OK;
}

static void take(batch *b, const int64_t *feature, int64_t count)
{
    vouch_inquiry_take(b->q, feature, count);
    b->taken += count;
}

/* What is proved is taken also where the search was stopped. */
static vouch_status grow(batch *b)
{
    do {
        const vouch_status status = search(b);
        take(b, b->best, b->best_count);
        VOUCH_TRY(status);
    } while (b->best_count > 0);
    return VOUCH_OK;
}

/* Where little was found, the tangents were of sets too large to say much: single ones, cheapest
 * first, until as many in a row as MISSES are not proved. */
static vouch_status try_singles(batch *b)
{
    vouch_margins m = {0};
    int64_t open = 0;
    for (int64_t k = 0; k < b->q->features; k++)
        if (vouch_inquiry_open(b->q, b->q->order[k]))
            b->list[open++] = (candidate){b->q->order[k], 0};
    mix(b, 1);
    for (int64_t k = 0; k < open; k++)
        b->list[k].cost = share_of(b, &b->guess, b->list[k].feature);
    qsort(b->list, (size_t)open, sizeof *b->list, by_cost);
    for (int64_t k = 0, misses = 0; k < open && misses < MISSES && b->taken < FEW; k++) {
        b->list[0] = b->list[k];
        VOUCH_TRY(look(b, 1, &m));
        misses = m.is_proved ? 0 : misses + 1;
        if (m.is_proved)
            take(b, &b->list[0].feature, 1);
    }
    return VOUCH_OK;
}

static bool make_tangent(batch *b, tangent *t)
{
    t->room = VOUCH_NEW_ARRAY(b->q->arena, double, b->rivals);
    t->cost = VOUCH_NEW_ARRAY(b->q->arena, double, b->rivals * b->q->features);
    return t->room && t->cost;
}

static bool make_arrays(batch *b)
{
    vouch_arena *arena = b->q->arena;
    b->list = VOUCH_NEW_ARRAY(arena, candidate, b->q->features);
    b->best = VOUCH_NEW_ARRAY(arena, int64_t, b->q->features);
    b->base = VOUCH_NEW_ARRAY(arena, int64_t, b->q->features);
    b->left = VOUCH_NEW_ARRAY(arena, double, b->rivals);
    b->low = VOUCH_NEW_ARRAY(arena, double, b->q->problem->groups->inputs);
    b->high = VOUCH_NEW_ARRAY(arena, double, b->q->problem->groups->inputs);
    return b->list && b->best && b->base && b->left && b->low && b->high &&
           make_tangent(b, &b->form) && make_tangent(b, &b->under) &&
           make_tangent(b, &b->over) && make_tangent(b, &b->guess);
}

static vouch_status run(vouch_inquiry *q)
{
    batch b = {.q = q, .rivals = vouch_oracle_rivals(q->oracle)};
    if (!make_arrays(&b))
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(grow(&b));
    if (q->level >= VOUCH_ORACLE_ALPHA && q->settings->steps > 0) {
        b.steps = (int)q->settings->steps;
        VOUCH_TRY(grow(&b));
    }
    return try_singles(&b);
}

const vouch_strategy vouch_strategy_batched = {
    .name = "batched",
    .summary = "linear bounds say of all features at once what freeing each costs",
    .citation = "ours: capacities of backward linear forms",
    .run = run,
};
