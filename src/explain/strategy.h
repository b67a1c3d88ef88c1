/* Strategies: which sets of features the oracle is asked about.
 *
 * A strategy is one file strategy_NAME.c with `const vouch_strategy vouch_strategy_NAME` and one
 * line VOUCH_STRATEGY(NAME) in strategy.def. It sees an explanation under way and makes features
 * irrelevant by asking; it cannot claim anything itself. A stop (signal,
 * budget) comes back as VOUCH_ERR_CANCELLED, which it passes on.
 *
 * A traversal order is likewise a file order_NAME.c with `const vouch_order vouch_order_NAME` and a
 * line VOUCH_ORDER(NAME) in order.def. It scores features; those with small scores, likely not to
 * matter, are tried first.
 */
#ifndef VOUCH_EXPLAIN_STRATEGY_H
#define VOUCH_EXPLAIN_STRATEGY_H

#include "explain/formal.h"

/* An explanation under way. */
typedef struct vouch_inquiry {
    vouch_context *ctx;
    vouch_arena *arena; /* as long as the explanation */
    const vouch_formal_problem *problem;
    const vouch_formal_settings *settings;
    vouch_oracle_level level;
    vouch_oracle *oracle;
    vouch_victim *victim;
    int64_t features;
    const int64_t *order; /* [features]: which feature is tried when */
    bool *free;           /* [features]: the irrelevant ones; strategies may set more for a
                             question and must take them back */
    double begun_s, begun_cpu_s;
    vouch_explanation *out;
} vouch_inquiry;

/* What an explanation does, from its start to its end. */
typedef struct vouch_course {
    vouch_status (*run)(vouch_inquiry *q, void *user);
    void *user;
} vouch_course;

/* Opens an inquiry, runs its course, and counts. The budget's end is an answer; a caller's stop is
 * passed on (VOUCH_ERR_CANCELLED). */
vouch_status vouch_inquiry_run(vouch_arena *arena, const vouch_formal_problem *problem,
                               const vouch_formal_settings *settings, vouch_course course,
                               vouch_explanation *explanation);
/* Has the point that class? Then out->is_decided, and what cannot move is irrelevant; else there is
 * nothing to explain. */
vouch_status vouch_inquiry_start(vouch_inquiry *q);

typedef struct vouch_strategy {
    const char *name, *summary, *citation;
    bool wants_search; /* is of little use without complete verification */
    vouch_status (*run)(vouch_inquiry *q);
} vouch_strategy;

typedef struct vouch_order {
    const char *name, *summary, *citation;
    vouch_status (*score)(vouch_inquiry *q, double *score); /* [features] */
} vouch_order;

const vouch_strategy *const *vouch_strategy_table(void); /* NULL-terminated */
const vouch_strategy *vouch_strategy_find(const char *name);
const vouch_order *const *vouch_order_table(void); /* NULL-terminated */
const vouch_order *vouch_order_find(const char *name);
/* As `choices` of option rows. */
bool vouch_strategy_choices(size_t index, const char **name);
bool vouch_order_choices(size_t index, const char **name);

/* ---- what strategies call ------------------------------------------------------------------ */

static inline bool vouch_inquiry_open(const vouch_inquiry *q, int64_t feature)
{
    return q->out->class[feature] == VOUCH_FORMAL_UNKNOWN;
}

/* Are those `count` features irrelevant together with those that are so already? By bounds of the
 * level asked for, at most; if so they become irrelevant. */
vouch_status vouch_inquiry_try(vouch_inquiry *q, const int64_t *feature, int64_t count,
                               bool *is_proved);
/* The same of one feature, with all that the level allows: bounds, complete verification; it may
 * be found relevant. */
vouch_status vouch_inquiry_decide(vouch_inquiry *q, int64_t feature);
/* Complete verification of those open features together, in at most that many seconds. Proved, they
 * become irrelevant; a single one that is refuted becomes relevant. */
vouch_status vouch_inquiry_search(vouch_inquiry *q, const int64_t *feature, int64_t count,
                                  double limit_s, vouch_found *found);
/* They are proved irrelevant by margins that the oracle gave for a set that holds them. */
void vouch_inquiry_take(vouch_inquiry *q, const int64_t *feature, int64_t count);
/* Seconds that a search may take: its own limit, or what is left of the budget. */
double vouch_inquiry_limit(const vouch_inquiry *q);
/* What bounds leave, at the level `complete` (refine.c). */
vouch_status vouch_inquiry_refine(vouch_inquiry *q);
/* The budget's end as the context's deadline. */
void vouch_inquiry_set_deadline(const vouch_inquiry *q);
void vouch_inquiry_progress(const vouch_inquiry *q, const char *phase);

/* ---- what orders and the search for witnesses call ----------------------------------------- */

/* margin[count] <- f_label - the best rival's logit, in float32, at x[count][inputs]. */
vouch_status vouch_inquiry_margins(vouch_inquiry *q, int64_t count, const float *x,
                                   double *margin);
/* The same with gradient[count][inputs] <- of each margin. */
vouch_status vouch_inquiry_descent(vouch_inquiry *q, int64_t count, const float *x,
                                   double *margin, float *gradient);

#endif
