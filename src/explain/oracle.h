/* The oracle of formal explanations: may these features change all together, and the class cannot?
 *
 * Problem: for a set S of features, is class c the winner on the whole box in which the features
 *          of S have their radius and all others stay at the point?
 * Method:  a cascade. Intervals; linear bounds carried backward (CROWN); the same with optimised
 *          slopes (alpha); complete verification within a limit, or the exact search, which leaves
 *          nothing open on small networks. Each is sound over the reals, so the first that says yes
 *          ends the question.
 *
 * The network is prepared once for the box in which all features are free; every set's box lies in
 * it. Rows are f_c - f_j, one for each rival j: never f_c alone, which would be looser.
 */
#ifndef VOUCH_EXPLAIN_ORACLE_H
#define VOUCH_EXPLAIN_ORACLE_H

#include "attack/ball.h"
#include "attack/victim.h"
#include "explain/groups.h"

/* What is to be explained: why the network gives point x the class `label`. */
typedef struct vouch_formal_problem {
    const vouch_victim_plan *plan; /* the network with its logits for outputs */
    const vouch_ball *ball;        /* L-infinity: eps, valid range, rules of a table */
    const float *x;                /* [inputs] */
    int label;
    const vouch_groups *groups;
} vouch_formal_problem;

typedef enum vouch_oracle_level {
    VOUCH_ORACLE_INTERVAL,
    VOUCH_ORACLE_CROWN,
    VOUCH_ORACLE_ALPHA,
    VOUCH_ORACLE_COMPLETE,
    VOUCH_ORACLE_EXACT
} vouch_oracle_level;
enum { VOUCH_ORACLE_LEVELS = 5 };
const char *vouch_oracle_name(vouch_oracle_level level);
/* As `choices` of an option row. */
bool vouch_oracle_choices(size_t index, const char **name);
vouch_oracle_level vouch_oracle_find(const char *name); /* one of the names */

typedef struct vouch_oracle_settings {
    vouch_oracle_level level; /* the dearest that is asked */
    int steps;                /* gradient steps of alpha */
    uint64_t seed;
    int threads; /* of a complete verification */
} vouch_oracle_settings;

typedef struct vouch_oracle vouch_oracle;

/* Lower bounds of the rows on a set's box. Arrays live until the oracle is asked again. */
typedef struct vouch_margins {
    bool is_proved;      /* every rival is beaten on the whole box */
    const double *lower; /* [rivals]: > 0 where that rival is beaten */
    /* [rivals]: form . x + offset <= f_c - f_rival on the box; form NULL: nothing is known */
    const double *const *form; /* [rivals][inputs] */
    const double *offset;
    /* [rivals][inputs]: what relaxing the neurons would cost the row if the input had its extent,
     * about, to first order: the form does not see it. NULL where not asked for. */
    const double *const *loss;
} vouch_margins;

/* The network must be a classifier of as many inputs as the problem's point has. */
vouch_status vouch_oracle_open(vouch_context *ctx, vouch_arena *arena,
                               const vouch_formal_problem *problem,
                               const vouch_oracle_settings *settings, vouch_oracle **oracle);
void vouch_oracle_close(vouch_oracle *oracle); /* NULL is fine */

int64_t vouch_oracle_rivals(const vouch_oracle *oracle);
int vouch_oracle_rival(const vouch_oracle *oracle, int64_t which); /* its class */
/* How often each level was asked. */
const int64_t *vouch_oracle_calls(const vouch_oracle *oracle); /* [VOUCH_ORACLE_LEVELS] */
/* The widest box: [inputs], outward. */
const double *vouch_oracle_low(const vouch_oracle *oracle);
const double *vouch_oracle_high(const vouch_oracle *oracle);

/* free[features] says who is in the set. Linear bounds with that many gradient steps on the slopes
 * of rows. */
vouch_status vouch_oracle_margins(vouch_oracle *oracle, const bool *free, int steps,
                                  bool wants_loss, vouch_margins *margins);
/* The least lower bound of a row by intervals. */
vouch_status vouch_oracle_interval_margin(vouch_oracle *oracle, const bool *free,
                                          double *least);
/* The cascade up to that level, without the complete one. */
vouch_status vouch_oracle_prove(vouch_oracle *oracle, const bool *free,
                                vouch_oracle_level level, bool *is_proved);
typedef struct vouch_found {
    bool is_proved;
    bool is_refuted; /* by a point of float32 numbers that keeps the rules of a table */
    bool is_real;    /* refuted over the reals alone: no such point was found (exact) */
    int rival;       /* the class there, or as good as the label's; -1: is_real */
    float *witness;  /* [inputs] the caller's */
} vouch_found;

typedef struct vouch_search_effort {
    double limit_s; /* at most so long */
    bool attack;    /* looks for witnesses, too, and not for proofs alone */
} vouch_search_effort;

/* Complete verification; of the records of a table where it has rules (oracle_records.c). Neither
 * proved nor refuted: not known. */
vouch_status vouch_oracle_search(vouch_oracle *oracle, const bool *free,
                                 vouch_search_effort effort, vouch_found *found);

/* Did some proof need the rules of the table, so that it does not hold of any mixture? */
bool vouch_oracle_used_rules(const vouch_oracle *oracle);

/* Why the exact search cannot take questions of this network, static; NULL: none was put to it in
 * vain. */
const char *vouch_oracle_unsuited(const vouch_oracle *oracle);

/* The ball in which the features of the set alone are free; its arrays are the oracle's and live
 * until it is asked for again. What is left of it is an ordinary property (attack/ball_spec.h). */
const vouch_ball *vouch_oracle_ball(vouch_oracle *oracle, const bool *free);

#endif
