/* What the files of the oracle share. */
#ifndef VOUCH_EXPLAIN_ORACLE_PRIV_H
#define VOUCH_EXPLAIN_ORACLE_PRIV_H

#include "bounds/dag.h"
#include "bounds/domain.h"
#include "explain/oracle.h"

struct vouch_oracle {
    vouch_context *ctx;
    vouch_arena *arena;   /* the caller's: what lives as long as the oracle */
    vouch_arena *scratch; /* of one question */
    const vouch_formal_problem *problem;
    const vouch_graph *graph; /* its outputs are the logits */
    vouch_oracle_settings settings;
    int64_t inputs, rivals;
    int *rival;                   /* [rivals] */
    double *point;                /* [inputs] */
    double *low, *high;           /* [inputs]: the widest box */
    double *hull_low, *hull_high; /* [inputs]: a little wider, so that no set's box is the hull,
                                     which the engine has bounds of that are cheap and loose */
    double *box_low, *box_high;   /* [inputs]: the set's */
    bool *varying;                /* vouch_op_varying */
    vouch_task task;              /* on the widest box */
    vouch_dag *dag;
    vouch_dag_worker *worker;    /* NULL before linear bounds are asked for */
    vouch_dag_job *job;          /* [rivals] */
    vouch_dag_answer *answer;    /* [rivals] */
    double *lower, *offset;      /* [rivals] */
    const double **form, **loss; /* [rivals] */
    vouch_ball ball;             /* vouch_oracle_ball's */
    float *ball_low, *ball_high;
    int64_t calls[VOUCH_ORACLE_LEVELS];
    bool used_rules;
    const char *unsuited; /* vouch_oracle_unsuited */
};

/* box_low, box_high <- those of the set. */
void vouch_oracle_set_box(vouch_oracle *o, const bool *free);

/* ---- complete verification ----------------------------------------------------------------- */

/* A ball within the widest, and when (vouch_wall_s) the search must end. */
typedef struct vouch_oracle_part {
    const vouch_ball *ball;
    const float *x; /* [inputs]: its centre */
    double end_s;
    bool attack; /* the verifier looks for witnesses, too */
} vouch_oracle_part;

/* Any mixture counts for a proof. *point <- where that fails, [inputs] in the scratch arena, or
 * NULL; a refutation only if it keeps the rules. */
vouch_status vouch_oracle_search_part(vouch_oracle *o, const vouch_oracle_part *part,
                                      vouch_found *found, const double **point);
/* The records of the ball alone. */
vouch_status vouch_oracle_search_records(vouch_oracle *o, const vouch_ball *ball, double end_s,
                                         vouch_found *found);
/* Is x, in the widest ball, one of another class? Then it is the witness of *found. */
vouch_status vouch_oracle_replay(vouch_oracle *o, const float *x, vouch_found *found);

#endif
