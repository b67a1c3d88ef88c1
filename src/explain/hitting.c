/* Smallest hitting sets (hitting.h), by branch and bound.
 *
 * A node has members that are chosen and features that are excluded. Of the sets that nothing
 * chosen meets yet, the one with fewest features left is branched on: one child for each of these
 * features, which chooses it and excludes those of the children before. Each hitting set that no
 * smaller one is part of lies in exactly one child. Sets that are pairwise disjoint (greedily, the
 * small ones first) need a member each: that bounds a node from below. The search ends early where
 * a set is as small as the caller, or the bound of the root, says one can be at best.
 */
#include "explain/hitting.h"

#include <stdlib.h>

typedef struct search {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_hitting *p;
    vouch_hitting_set *best;
    uint64_t *chosen, *used; /* [words] */
    int64_t *rest;           /* [hits]: features of each set that are left; scratch of a node */
    int64_t *by_rest;        /* [hits]: sets that are not met, scratch of a node */
    int64_t nodes;
    bool is_cut; /* out of nodes */
} search;

typedef struct branch {
    int64_t feature, met; /* sets that are not met yet and that it would meet */
} branch;

static int by_met(const void *x, const void *y)
{
    const branch *a = x, *b = y;
    return a->met != b->met ? (a->met > b->met ? -1 : 1)
                            : (a->feature > b->feature) - (a->feature < b->feature);
}

static int64_t count_left(const search *s, const uint64_t *set, const uint64_t *excluded)
{
    int64_t left = 0;
    for (int64_t w = 0; w < s->p->words; w++)
        for (uint64_t bits = set[w] & ~excluded[w]; bits != 0; bits &= bits - 1)
            left++;
    return left;
}

/* Those that nothing chosen meets, into by_rest, smallest rests first; their number. */
static int64_t find_open(search *s, const uint64_t *excluded)
{
    const vouch_hitting *p = s->p;
    int64_t open = 0;
    for (int64_t k = 0; k < p->hits; k++) {
        if (vouch_set_meets(p->words, p->hit[k], s->chosen))
            continue;
        s->rest[k] = count_left(s, p->hit[k], excluded);
        int64_t at = open++;
        for (; at > 0 && s->rest[s->by_rest[at - 1]] > s->rest[k]; at--)
            s->by_rest[at] = s->by_rest[at - 1];
        s->by_rest[at] = k;
    }
    return open;
}

/* How many of the open sets are disjoint in what is left of them, greedily. */
static int64_t pack(search *s, const uint64_t *excluded, int64_t open)
{
    const vouch_hitting *p = s->p;
    int64_t packed = 0;
    memset(s->used, 0, (size_t)p->words * sizeof *s->used);
    for (int64_t k = 0; k < open; k++) {
        const uint64_t *set = p->hit[s->by_rest[k]];
        if (vouch_set_meets(p->words, set, s->used))
            continue;
        for (int64_t w = 0; w < p->words; w++)
            s->used[w] |= set[w] & ~excluded[w];
        packed++;
    }
    return packed;
}

static bool is_barred(const search *s)
{
    for (int64_t k = 0; k < s->p->bars; k++)
        if (vouch_set_within(s->p->words, s->p->bar[k], s->chosen))
            return true;
    return false;
}

/* The features left of a set, most useful first; their number. */
static int64_t list_branches(const search *s, int64_t which, int64_t open,
                             const uint64_t *excluded, branch *list)
{
    const vouch_hitting *p = s->p;
    int64_t count = 0;
    for (int64_t f = 0; f < p->features; f++) {
        if (!vouch_set_has(p->hit[which], f) || vouch_set_has(excluded, f))
            continue;
        list[count].feature = f;
        list[count].met = 0;
        for (int64_t k = 0; k < open; k++)
            list[count].met += vouch_set_has(p->hit[s->by_rest[k]], f);
        count++;
    }
    qsort(list, (size_t)count, sizeof *list, by_met);
    return count;
}

static bool is_done(const search *s)
{
    return s->is_cut || (s->best->exists && s->best->size <= s->best->at_least);
}

static void take(search *s, int64_t size)
{
    s->best->exists = true;
    s->best->size = size;
    vouch_set_copy(s->p->words, s->best->set, s->chosen);
}

static vouch_status visit(search *s, int64_t size, uint64_t *excluded);

/* `excluded` is the node's own. */
static vouch_status visit_children(search *s, int64_t size, uint64_t *excluded, int64_t open)
{
    const int64_t which = s->by_rest[0], words = s->p->words;
    branch *list = VOUCH_NEW_ARRAY(s->arena, branch, s->rest[which]);
    uint64_t *below = VOUCH_NEW_ARRAY(s->arena, uint64_t, words);
    if (list == NULL || below == NULL)
        return VOUCH_ERR_MEMORY;
    const int64_t count = list_branches(s, which, open, excluded, list);
    for (int64_t k = 0; k < count && !is_done(s); k++) {
        vouch_set_add(s->chosen, list[k].feature);
        vouch_set_copy(words, below, excluded);
        VOUCH_TRY(visit(s, size + 1, below));
        vouch_set_drop(s->chosen, list[k].feature);
        vouch_set_add(excluded, list[k].feature);
    }
    return VOUCH_OK;
}

/* size: of the chosen. */
static vouch_status visit(search *s, int64_t size, uint64_t *excluded)
{
    enum { POLL = 1024 };
    if (s->nodes++ % POLL == 0)
        VOUCH_TRY(vouch_context_poll(s->ctx));
    s->is_cut = s->is_cut || s->nodes > s->p->most_nodes;
    if (s->is_cut || is_barred(s))
        return VOUCH_OK;
    const int64_t open = find_open(s, excluded);
    const int64_t bound = size + pack(s, excluded, open);
    if (size == 0 && bound > s->best->at_least)
        s->best->at_least = bound;
    if (s->best->exists && bound >= s->best->size)
        return VOUCH_OK;
    if (open == 0) {
        take(s, size);
        return VOUCH_OK;
    }
    const vouch_arena_mark mark = vouch_arena_get_mark(s->arena);
    const vouch_status status = visit_children(s, size, excluded, open);
    vouch_arena_reset(s->arena, mark);
    return status;
}

static vouch_status run(search *s)
{
    const vouch_hitting *p = s->p;
    uint64_t *excluded = VOUCH_NEW_ARRAY(s->arena, uint64_t, p->words);
    s->chosen = VOUCH_NEW_ARRAY(s->arena, uint64_t, p->words);
    s->used = VOUCH_NEW_ARRAY(s->arena, uint64_t, p->words);
    s->rest = VOUCH_NEW_ARRAY(s->arena, int64_t, p->hits + 1);
    s->by_rest = VOUCH_NEW_ARRAY(s->arena, int64_t, p->hits + 1);
    if (!excluded || !s->chosen || !s->used || !s->rest || !s->by_rest)
        return VOUCH_ERR_MEMORY;
    return visit(s, 0, excluded);
}

vouch_status vouch_hitting_smallest(vouch_arena *arena, const vouch_hitting *problem,
                                    vouch_hitting_set *answer)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(arena);
    search s = {
        .ctx = vouch_arena_context(arena), .arena = arena, .p = problem, .best = answer};
    answer->exists = false;
    answer->size = 0;
    answer->at_least = problem->at_least;
    const vouch_status status = run(&s);
    vouch_arena_reset(arena, mark);
    answer->is_ended = !s.is_cut;
    if (answer->is_ended && answer->exists)
        answer->at_least = answer->size;
    return status;
}
