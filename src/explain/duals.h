/* Smallest and all explanations, by duality.
 *
 * Two kinds of sets of features:
 *   abductive    fixed at the point, the class provably stays, whatever the others do;
 *   contrastive  changing these alone, the class can change: a witness is known.
 * Both are named minimal where no feature can leave them. Every abductive set meets every contrastive
 * one; the minimal ones of a kind are just the minimal hitting sets of the other kind (Reiter 1987;
 * Ignatiev, Narodytska, Asher, Marques-Silva 2020). So a smallest hitting set of the contrastive sets
 * known so far bounds abductive ones from below, and the oracle says whether it is one; if not, it
 * gives a contrastive set that was not known (Ignatiev, Morgado, Marques-Silva 2019). The same with
 * the kinds exchanged.
 *
 * Invariant: at any moment the sets listed are what they are said to be, and the bounds hold, so a
 * run may be stopped. Where the oracle could not tell, nothing is claimed.
 */
#ifndef VOUCH_EXPLAIN_DUALS_H
#define VOUCH_EXPLAIN_DUALS_H

#include "explain/ask.h"

typedef enum vouch_dual_kind { VOUCH_ABDUCTIVE, VOUCH_CONTRASTIVE } vouch_dual_kind;
enum { VOUCH_DUAL_KINDS = 2 };
const char *vouch_dual_name(vouch_dual_kind kind);

typedef struct vouch_dual {
    const uint64_t *set;
    int64_t size;
    bool is_minimal;                /* proved: no feature can leave it */
    const vouch_evidence *evidence; /* CONTRASTIVE: its witness */
} vouch_dual;

/* A candidate of which the oracle could not tell: the features outside of it. */
typedef struct vouch_untold {
    const uint64_t *rest;
    const struct vouch_untold *next;
} vouch_untold;

typedef struct vouch_dual_list {
    vouch_dual *item; /* the smallest first */
    int64_t count, room;
    int64_t at_least; /* proved: no set of this kind is smaller */
    bool has_none;    /* proved: there is no such set at all */
    bool is_all;      /* proved: every minimal one is listed */
    const vouch_untold *untold;
    int64_t untold_count;
} vouch_dual_list;

typedef struct vouch_duals {
    vouch_inquiry *q;
    vouch_asker *asker;
    int64_t words;
    vouch_dual_list of[VOUCH_DUAL_KINDS];
    uint64_t *candidate, *trial, *set; /* [words]: scratch */
    char phase[64];                    /* of the progress line */
} vouch_duals;

vouch_status vouch_duals_open(vouch_inquiry *q, vouch_duals *d);
/* A smallest one of the list, the first; NULL: it is empty. */
const vouch_dual *vouch_duals_best(const vouch_duals *d, vouch_dual_kind kind);
/* Is the best one proved to be a smallest? */
bool vouch_duals_is_smallest(const vouch_duals *d, vouch_dual_kind kind);

/* A set of that kind joins the list, reduced first. The evidence of a contrastive one is of it. */
vouch_status vouch_duals_add(vouch_duals *d, vouch_dual_kind kind, const uint64_t *set,
                             const vouch_evidence *evidence);
/* Runs a step with bounds and walks alone, whatever the oracle is. */
typedef vouch_status vouch_duals_step(vouch_duals *d, void *user);
vouch_status vouch_duals_cheaply(vouch_duals *d, vouch_duals_step *step, void *user);
/* Looks for a smallest set of that kind, until it is proved or the oracle cannot tell: first by
 * bounds and walks, so that a budget that ends early leaves what these find. */
vouch_status vouch_duals_smallest(vouch_duals *d, vouch_dual_kind kind);
/* All minimal sets of both kinds, up to `most`. */
vouch_status vouch_duals_all(vouch_duals *d, int64_t most);

#endif
