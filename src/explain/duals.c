/* Smallest and all explanations (duals.h).
 *
 * All of them: a hitting set of the contrastive sets that holds no abductive one is a question whose
 * answer is new, for it is either abductive itself or its complement contrastive; reduced, it joins
 * its list (Liffiton et al. 2016, MARCO). Where there is no such set the lists are complete.
 *
 * Where the oracle cannot tell of a set S, candidates whose question would be a part or the whole
 * of S are passed over. The bounds from below come from what is proved alone.
 */
#include "explain/duals.h"

#include <inttypes.h>
#include <stdio.h>

#include "explain/hitting.h"

enum { NODES = 1 << 20 }; /* of a search for a hitting set */

const char *vouch_dual_name(vouch_dual_kind kind)
{
    static const char *const name[VOUCH_DUAL_KINDS] = {"abductive", "contrastive"};
    return name[kind];
}

static vouch_dual_kind other(vouch_dual_kind kind)
{
    return kind == VOUCH_ABDUCTIVE ? VOUCH_CONTRASTIVE : VOUCH_ABDUCTIVE;
}

vouch_status vouch_duals_open(vouch_inquiry *q, vouch_duals *d)
{
    *d = (vouch_duals){.q = q};
    VOUCH_TRY(vouch_asker_new(q, &d->asker));
    d->words = vouch_asker_words(d->asker);
    d->of[VOUCH_CONTRASTIVE].at_least = 1; /* the point itself was decided */
    d->candidate = VOUCH_NEW_ARRAY(q->arena, uint64_t, d->words);
    d->trial = VOUCH_NEW_ARRAY(q->arena, uint64_t, d->words);
    d->set = VOUCH_NEW_ARRAY(q->arena, uint64_t, d->words);
    return d->candidate && d->trial && d->set ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

const vouch_dual *vouch_duals_best(const vouch_duals *d, vouch_dual_kind kind)
{
    const vouch_dual_list *list = &d->of[kind];
    return list->count > 0 ? list->item : NULL;
}

bool vouch_duals_is_smallest(const vouch_duals *d, vouch_dual_kind kind)
{
    const vouch_dual *best = vouch_duals_best(d, kind);
    return best != NULL && best->size <= d->of[kind].at_least;
}

static void tell(vouch_duals *d, vouch_dual_kind kind)
{
    const vouch_dual *best = vouch_duals_best(d, kind);
    char most[24] = "?";
    if (best != NULL)
        snprintf(most, sizeof most, "%" PRId64, best->size);
    snprintf(d->phase, sizeof d->phase, "smallest %s %" PRId64 "..%s,", vouch_dual_name(kind),
             d->of[kind].at_least, most);
    vouch_inquiry_progress(d->q, d->phase);
}

/* ---- questions ----------------------------------------------------------------------------- */

/* What is asked of a set of that kind: which features are free. */
static void question(const vouch_duals *d, vouch_dual_kind kind, const uint64_t *set,
                     uint64_t *free)
{
    if (kind == VOUCH_ABDUCTIVE)
        vouch_set_minus(d->words, free, vouch_asker_movable(d->asker), set);
    else
        vouch_set_copy(d->words, free, set);
}

/* Is the set, for sure (YES) or not (NO), of that kind? */
typedef enum verdict { UNKNOWN, YES, NO } verdict;

static vouch_status judge(vouch_duals *d, vouch_dual_kind kind, const uint64_t *set,
                          verdict *is_it, const vouch_evidence **evidence)
{
    const vouch_reply wanted = kind == VOUCH_ABDUCTIVE ? VOUCH_REPLY_SAFE : VOUCH_REPLY_CHANGED;
    vouch_reply reply;
    question(d, kind, set, d->set);
    VOUCH_TRY(vouch_ask(d->asker, d->set, &reply, evidence));
    *is_it = reply == VOUCH_REPLY_UNKNOWN ? UNKNOWN : reply == wanted ? YES : NO;
    return VOUCH_OK;
}

/* ---- lists --------------------------------------------------------------------------------- */

/* set <- what the evidence alone says is of that kind. */
static void take_evidence(const vouch_duals *d, vouch_dual_kind kind,
                          const vouch_evidence *evidence, uint64_t *set)
{
    question(d, kind, evidence->set, set); /* its own inverse */
}

/* One pass over the set, which leaves out `chunk` features at a time where it can. */
static vouch_status reduce_by(vouch_duals *d, vouch_dual_kind kind, int64_t chunk,
                              uint64_t *set, const vouch_evidence **why, bool *is_minimal)
{
    for (int64_t f = 0; f < d->q->features;) {
        const vouch_evidence *evidence;
        int64_t dropped = 0;
        verdict is_it;
        vouch_set_copy(d->words, d->trial, set);
        for (; f < d->q->features && dropped < chunk; f++)
            if (vouch_set_has(set, f)) {
                vouch_set_drop(d->trial, f);
                dropped++;
            }
        if (dropped == 0)
            break;
        VOUCH_TRY(judge(d, kind, d->trial, &is_it, &evidence));
        if (is_it == YES) {
            vouch_set_copy(d->words, set, d->trial);
            if (kind == VOUCH_CONTRASTIVE) /* perhaps less than was asked about */
                take_evidence(d, kind, evidence, set);
            *why = evidence;
        } else if (is_it == UNKNOWN && chunk == 1) {
            *is_minimal = false;
        }
    }
    return VOUCH_OK;
}

/* Takes features out of the set while it stays of that kind: halves, quarters ..., single ones. */
static vouch_status reduce(vouch_duals *d, vouch_dual_kind kind, uint64_t *set,
                           const vouch_evidence **why, bool *is_minimal)
{
    *is_minimal = true;
    for (int64_t chunk = vouch_set_size(d->words, set) / 2; chunk > 1; chunk /= 2)
        VOUCH_TRY(reduce_by(d, kind, chunk, set, why, is_minimal));
    return reduce_by(d, kind, 1, set, why, is_minimal);
}

static bool is_listed(const vouch_duals *d, vouch_dual_kind kind, const uint64_t *set)
{
    const vouch_dual_list *list = &d->of[kind];
    for (int64_t k = 0; k < list->count; k++)
        if (vouch_set_within(d->words, list->item[k].set, set))
            return true;
    return false;
}

/* The set itself, where it is listed; NULL: it is not. */
static vouch_dual *find_listed(vouch_duals *d, vouch_dual_kind kind, const uint64_t *set)
{
    vouch_dual_list *list = &d->of[kind];
    for (int64_t k = 0; k < list->count; k++)
        if (memcmp(list->item[k].set, set, (size_t)d->words * sizeof *set) == 0)
            return &list->item[k];
    return NULL;
}

static vouch_status append(vouch_duals *d, vouch_dual_kind kind, const vouch_dual *dual)
{
    vouch_dual_list *list = &d->of[kind];
    if (list->count == list->room) {
        const int64_t room = 2 * list->room + 16;
        vouch_dual *item = VOUCH_NEW_ARRAY(d->q->arena, vouch_dual, room);
        if (item == NULL)
            return VOUCH_ERR_MEMORY;
        if (list->count > 0)
            memcpy(item, list->item, (size_t)list->count * sizeof *item);
        list->item = item;
        list->room = room;
    }
    int64_t at = list->count++;
    for (; at > 0 && list->item[at - 1].size > dual->size; at--)
        list->item[at] = list->item[at - 1];
    list->item[at] = *dual;
    return VOUCH_OK;
}

vouch_status vouch_duals_add(vouch_duals *d, vouch_dual_kind kind, const uint64_t *set,
                             const vouch_evidence *evidence)
{
    uint64_t *own = VOUCH_NEW_ARRAY(d->q->arena, uint64_t, d->words);
    vouch_dual dual = {.set = own, .evidence = evidence};
    if (own == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_set_copy(d->words, own, set);
    const vouch_status status = reduce(d, kind, own, &dual.evidence, &dual.is_minimal);
    dual.size = vouch_set_size(d->words, own);
    dual.is_minimal = dual.is_minimal && status == VOUCH_OK;
    vouch_dual *same = find_listed(d, kind, own);
    if (same != NULL)
        same->is_minimal = same->is_minimal || dual.is_minimal;
    else if (!is_listed(d, kind, own)) /* stopped or not, it is one of that kind */
        VOUCH_TRY(append(d, kind, &dual));
    return status;
}

/* The oracle could not tell whether the candidate is of that kind. */
static vouch_status leave_untold(vouch_duals *d, vouch_dual_kind kind)
{
    vouch_dual_list *list = &d->of[kind];
    vouch_untold *untold = VOUCH_NEW(d->q->arena, vouch_untold);
    uint64_t *rest = VOUCH_NEW_ARRAY(d->q->arena, uint64_t, d->words);
    if (untold == NULL || rest == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_set_minus(d->words, rest, vouch_asker_movable(d->asker), d->candidate);
    *untold = (vouch_untold){.rest = rest, .next = list->untold};
    list->untold = untold;
    list->untold_count++;
    return VOUCH_OK;
}

/* The candidate is of that kind, or the evidence shows one of the other kind. */
static vouch_status settle(vouch_duals *d, vouch_dual_kind kind, verdict is_it,
                           const vouch_evidence *evidence)
{
    const vouch_dual_kind found = is_it == YES ? kind : other(kind);
    if (is_it == UNKNOWN)
        return leave_untold(d, kind);
    take_evidence(d, found, evidence, d->candidate);
    return vouch_duals_add(d, found, d->candidate, evidence);
}

/* ---- candidates ---------------------------------------------------------------------------- */

typedef struct hits {
    const uint64_t **set;
    int64_t count;
} hits;

static vouch_status list_sets(vouch_duals *d, vouch_dual_kind kind, int64_t more, hits *h)
{
    const vouch_dual_list *list = &d->of[kind];
    h->count = 0;
    h->set = VOUCH_NEW_ARRAY(d->q->arena, const uint64_t *, list->count + more + 1);
    if (h->set == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t k = 0; k < list->count; k++)
        h->set[h->count++] = list->item[k].set;
    return VOUCH_OK;
}

/* What a candidate of that kind must meet besides, so that it is no part of one that was in vain. */
static void list_untold(const vouch_duals *d, vouch_dual_kind kind, hits *h)
{
    for (const vouch_untold *u = d->of[kind].untold; u != NULL; u = u->next)
        h->set[h->count++] = u->rest;
}

/* A smallest set that meets all of `hit`, and those left untold where that is asked for, and holds
 * none of `bar`; into d->candidate. In d->q->arena, whose mark the caller has. */
static vouch_status solve(vouch_duals *d, vouch_dual_kind kind, bool wants_news, bool is_barred,
                          vouch_hitting_set *answer)
{
    hits hit, bar = {0};
    VOUCH_TRY(list_sets(d, other(kind), d->of[kind].untold_count, &hit));
    if (wants_news)
        list_untold(d, kind, &hit);
    if (is_barred)
        VOUCH_TRY(list_sets(d, kind, 0, &bar));
    const vouch_hitting problem = {.words = d->words,
                                   .features = d->q->features,
                                   .hit = hit.set,
                                   .hits = hit.count,
                                   .bar = bar.set,
                                   .bars = bar.count,
                                   .at_least = is_barred ? 0 : d->of[kind].at_least,
                                   .most_nodes = NODES};
    answer->set = d->candidate;
    return vouch_hitting_smallest(d->q->arena, &problem, answer);
}

static vouch_status propose(vouch_duals *d, vouch_dual_kind kind, bool wants_news,
                            bool is_barred, vouch_hitting_set *answer)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(d->q->arena);
    const vouch_status status = solve(d, kind, wants_news, is_barred, answer);
    vouch_arena_reset(d->q->arena, mark);
    return status;
}

/* ---- a smallest one ------------------------------------------------------------------------ */

/* The bound from below, then the next candidate. */
static vouch_status next_candidate(vouch_duals *d, vouch_dual_kind kind,
                                   vouch_hitting_set *answer)
{
    vouch_dual_list *list = &d->of[kind];
    VOUCH_TRY(propose(d, kind, false, false, answer));
    list->has_none = answer->is_ended && !answer->exists;
    if (answer->at_least > list->at_least)
        list->at_least = answer->at_least;
    return list->untold != NULL && answer->exists ? propose(d, kind, true, false, answer)
                                                  : VOUCH_OK;
}

/* There are too many sets to ask about all of them: as many questions in vain as there are features
 * end a search. */
static bool is_in_vain(const vouch_duals *d, vouch_dual_kind kind)
{
    return d->of[kind].untold_count > d->q->features;
}

/* Candidates until one is proved, or too many were in vain. */
static vouch_status close_in(vouch_duals *d, vouch_dual_kind kind)
{
    while (!is_in_vain(d, kind)) {
        const vouch_evidence *evidence;
        vouch_hitting_set next;
        verdict is_it;
        VOUCH_TRY(next_candidate(d, kind, &next));
        tell(d, kind);
        const vouch_dual *best = vouch_duals_best(d, kind);
        if (!next.exists || (best != NULL && next.size >= best->size))
            return VOUCH_OK;
        VOUCH_TRY(judge(d, kind, d->candidate, &is_it, &evidence));
        VOUCH_TRY(settle(d, kind, is_it, evidence));
    }
    return VOUCH_OK;
}

/* A dearer oracle may tell what was left untold. */
static void ask_again(vouch_duals *d)
{
    vouch_asker_forget_undecided(d->asker);
    for (int kind = 0; kind < VOUCH_DUAL_KINDS; kind++) {
        d->of[kind].untold = NULL;
        d->of[kind].untold_count = 0;
    }
}

vouch_status vouch_duals_cheaply(vouch_duals *d, vouch_duals_step *step, void *user)
{
    const vouch_oracle_level level = d->q->level;
    d->q->level = level < VOUCH_ORACLE_ALPHA ? level : VOUCH_ORACLE_ALPHA;
    const vouch_status status = step(d, user);
    d->q->level = level;
    return status;
}

/* All features together are of that kind, or there is no such set, if cheap questions tell:
 * something to begin with, whenever the run ends. */
static vouch_status begin(vouch_duals *d, vouch_dual_kind kind)
{
    const vouch_evidence *evidence;
    verdict is_it;
    if (d->of[kind].count > 0)
        return VOUCH_OK;
    vouch_set_copy(d->words, d->candidate, vouch_asker_movable(d->asker));
    VOUCH_TRY(judge(d, kind, d->candidate, &is_it, &evidence));
    return is_it == UNKNOWN ? VOUCH_OK /* its parts may be told */
                            : settle(d, kind, is_it, evidence);
}

static vouch_status close_in_cheaply(vouch_duals *d, void *user)
{
    const vouch_dual_kind kind = *(vouch_dual_kind *)user;
    VOUCH_TRY(begin(d, kind));
    return close_in(d, kind);
}

vouch_status vouch_duals_smallest(vouch_duals *d, vouch_dual_kind kind)
{
    VOUCH_TRY(vouch_duals_cheaply(d, close_in_cheaply, &kind));
    if (d->q->level > VOUCH_ORACLE_ALPHA)
        ask_again(d);
    const vouch_dual *best = vouch_duals_best(d, kind);
    /* Proofs may reduce what bounds found. */
    if (kind == VOUCH_ABDUCTIVE && best != NULL && !vouch_duals_is_smallest(d, kind))
        VOUCH_TRY(vouch_duals_add(d, kind, best->set, best->evidence));
    return close_in(d, kind);
}

/* ---- all of them --------------------------------------------------------------------------- */

static bool all_are_minimal(const vouch_dual_list *list)
{
    for (int64_t k = 0; k < list->count; k++)
        if (!list->item[k].is_minimal)
            return false;
    return true;
}

/* No question is left that would bring news: nothing is missing, if all were answered. */
static void close_lists(vouch_duals *d, bool is_ended)
{
    is_ended = is_ended && d->of[VOUCH_ABDUCTIVE].untold == NULL;
    for (int kind = 0; kind < VOUCH_DUAL_KINDS; kind++) {
        vouch_dual_list *list = &d->of[kind];
        const vouch_dual *best = vouch_duals_best(d, (vouch_dual_kind)kind);
        list->is_all = is_ended && all_are_minimal(list);
        list->has_none = list->has_none || (list->is_all && list->count == 0);
        if (list->is_all && best != NULL)
            list->at_least = best->size;
    }
}

vouch_status vouch_duals_all(vouch_duals *d, int64_t most)
{
    while (d->of[VOUCH_ABDUCTIVE].count + d->of[VOUCH_CONTRASTIVE].count < most &&
           !is_in_vain(d, VOUCH_ABDUCTIVE)) {
        const vouch_evidence *evidence;
        vouch_hitting_set next;
        verdict is_it;
        VOUCH_TRY(propose(d, VOUCH_ABDUCTIVE, true, true, &next));
        snprintf(d->phase, sizeof d->phase, "%" PRId64 " abductive, %" PRId64 " contrastive,",
                 d->of[VOUCH_ABDUCTIVE].count, d->of[VOUCH_CONTRASTIVE].count);
        vouch_inquiry_progress(d->q, d->phase);
        if (!next.exists) {
            close_lists(d, next.is_ended);
            return VOUCH_OK;
        }
        VOUCH_TRY(judge(d, VOUCH_ABDUCTIVE, d->candidate, &is_it, &evidence));
        VOUCH_TRY(settle(d, VOUCH_ABDUCTIVE, is_it, evidence));
    }
    return VOUCH_OK;
}
