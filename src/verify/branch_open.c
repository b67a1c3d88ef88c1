/* The frontier of the branching search: a binary heap within a budget of memory.
 *
 * Worst bound first finds counterexamples soon and learns where it matters, but its frontier
 * grows with the tree. Past the budget the order turns to deepest first, whose frontier grows
 * with the depth only, and what waits longest becomes lean: first it loses its warm start, then
 * its intervals, which are made again from the root's and the decisions when its turn comes.
 * What stays is about a kilobyte. Sizes are counted, not measured, so that the order does not
 * depend on the machine. */
#include <stdlib.h>

#include "verify/branch_priv.h"

/* Negative: a comes first. Ids make it a total order. */
static int compare(const vouch_open *open, const vouch_sub *a, const vouch_sub *b)
{
    if (open->deep && a->depth != b->depth)
        return a->depth > b->depth ? -1 : 1;
    if (a->lower != b->lower)
        return a->lower < b->lower ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void sift_up(vouch_open *open, size_t i)
{
    vouch_sub *moving = open->sub[i];
    while (i > 0 && compare(open, moving, open->sub[(i - 1) / 2]) < 0) {
        open->sub[i] = open->sub[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    open->sub[i] = moving;
}

static void sift_down(vouch_open *open, size_t i)
{
    vouch_sub *moving = open->sub[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < open->count &&
            compare(open, open->sub[child + 1], open->sub[child]) < 0)
            child++;
        if (child >= open->count || compare(open, open->sub[child], moving) >= 0)
            break;
        open->sub[i] = open->sub[child];
        i = child;
    }
    open->sub[i] = moving;
}

vouch_status vouch_open_push(vouch_context *ctx, vouch_open *open, vouch_sub *sub)
{
    if (open->count == open->capacity) {
        size_t capacity = 2 * open->capacity + 64;
        vouch_sub **more = vouch_resize(ctx, open->sub, capacity * sizeof(vouch_sub *));
        if (!more) {
            vouch_sub_free(ctx, sub);
            return VOUCH_ERR_MEMORY;
        }
        open->sub = more;
        open->capacity = capacity;
    }
    open->bytes += vouch_sub_bytes(sub);
    open->sub[open->count++] = sub;
    sift_up(open, open->count - 1);
    return VOUCH_OK;
}

vouch_sub *vouch_open_pop(vouch_open *open)
{
    if (!open->count)
        return NULL;
    vouch_sub *first = open->sub[0];
    open->sub[0] = open->sub[--open->count];
    if (open->count)
        sift_down(open, 0);
    open->bytes -= vouch_sub_bytes(first);
    return first;
}

static void set_order(vouch_open *open, bool deep)
{
    open->deep = deep;
    for (size_t i = open->count / 2; i-- > 0;)
        sift_down(open, i);
}

/* Those at the heap's end wait longest, or nearly; an exact order is not worth its price. */
static void shed(vouch_context *ctx, vouch_open *open, size_t target, bool intervals)
{
    for (size_t i = open->count; i-- > 0 && open->bytes > target;) {
        vouch_sub *sub = open->sub[i];
        open->bytes -= vouch_sub_bytes(sub);
        vouch_warm_drop(ctx, sub->warm);
        sub->warm = NULL;
        if (intervals) {
            vouch_dag_intervals_drop(ctx, sub->at);
            sub->at = NULL;
        }
        open->bytes += vouch_sub_bytes(sub);
    }
}

void vouch_open_relieve(vouch_context *ctx, vouch_open *open, bool pressed)
{
    if (open->bytes <= open->budget && !pressed) {
        if (open->deep && open->bytes <= open->budget / 2)
            set_order(open, false);
        return;
    }
    size_t from = open->bytes < open->budget ? open->bytes : open->budget;
    if (!open->deep)
        set_order(open, true);
    shed(ctx, open, from / 4 * 3, false);
    shed(ctx, open, from / 4 * 3, true);
}

void vouch_open_clear(vouch_context *ctx, vouch_open *open)
{
    for (size_t i = 0; i < open->count; i++)
        vouch_sub_free(ctx, open->sub[i]);
    vouch_release(ctx, open->sub);
    *open = (vouch_open){0};
}
