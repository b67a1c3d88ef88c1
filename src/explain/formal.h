/* Formal explanations: which features provably do not matter.
 *
 * Problem: network f gives point x the class c. Split the features into
 *            irrelevant  all of them together may change, each within its radius, and the class
 *                        provably stays c, whatever values they take;
 *            relevant    a witness, replayed exactly, shows that the feature together with the
 *                        irrelevant ones can change the class;
 *            unknown     neither was found.
 * Method:  a strategy of the table chooses which sets of features the oracle (oracle.h) is asked
 *          about, in a traversal order of the table; what remains is attacked and, where the level
 *          is `complete`, searched (refine.c). Wu, Wu, Barrett 2023 (VeriX), with three classes in
 *          place of two: what a solver could not decide is never called relevant.
 *
 * Invariant, at every moment: the irrelevant features together are proved. So a run that is stopped
 * (signal, budget) returns an explanation all the same, and its unknown set only shrinks with time.
 * If nothing is unknown the relevant set is subset-minimal: no feature can leave it.
 */
#ifndef VOUCH_EXPLAIN_FORMAL_H
#define VOUCH_EXPLAIN_FORMAL_H

#include "base/option.h"
#include "explain/oracle.h"

typedef struct vouch_formal_settings {
    const char *strategy, *order, *oracle;
    double budget_s;      /* of the whole explanation; 0: none */
    double limit_s;       /* of each complete verification; 0: none */
    int64_t steps;        /* gradient steps of alpha */
    int64_t attack_steps; /* of the search for witnesses; 0: none is looked for */
    int64_t seed, threads;
} vouch_formal_settings;

extern const vouch_option vouch_formal_options[];
extern const size_t vouch_formal_option_count;

typedef enum vouch_formal_class {
    VOUCH_FORMAL_UNKNOWN = 0,
    VOUCH_FORMAL_IRRELEVANT,
    VOUCH_FORMAL_RELEVANT
} vouch_formal_class;
enum { VOUCH_FORMAL_CLASSES = 3 };
const char *vouch_formal_class_name(vouch_formal_class class);

typedef struct vouch_explanation {
    int64_t features;
    vouch_formal_class *class; /* [features] */
    bool *fixed;               /* [features] irrelevant only because it cannot move at all */
    int64_t fixed_count;
    int64_t count[VOUCH_FORMAL_CLASSES];
    float **witness; /* [features]: [inputs] of each relevant feature, else NULL; NULL too where
                        the exact search found no float32 point, but one over the reals */
    int *rival;      /* [features]: the class at its witness; -1: there is none */
    bool is_decided; /* the point itself has that class, over the reals; else all is unknown */
    bool is_minimal; /* proved: nothing is unknown */
    bool is_bounded; /* at_least was looked for (strategy `minimum`) */
    int64_t at_least; /* proved: whatever is irrelevant, so many features are not */
    bool is_interrupted, is_out_of_time;
    bool used_rules; /* some proof holds of a table's records, not of any mixture of them */
    const char
        *unsuited; /* why the exact search could not take some question; NULL: it took all */
    int64_t calls[VOUCH_ORACLE_LEVELS], attacks; /* questions, by level; witness searches */
    double prove_s, attack_s, cpu_s,
        wall_s; /* CPU of finding the irrelevant; of witnesses; all */
} vouch_explanation;

/* The explanation is in the arena. Stopped (VOUCH_ERR_CANCELLED) it holds what is known so far. */
vouch_status vouch_formal_explain(vouch_context *ctx, vouch_arena *arena,
                                  const vouch_formal_problem *problem,
                                  const vouch_formal_settings *settings,
                                  vouch_explanation *explanation);

#endif
