/* What the files of leaves share: the program, and what its multipliers prove. */
#ifndef VOUCH_VERIFY_LEAF_PRIV_H
#define VOUCH_VERIFY_LEAF_PRIV_H

#include "base/arena.h"
#include "verify/leaf.h"

struct vouch_leaf {
    const vouch_task *task;
    const vouch_pwl *form;
    vouch_lp_library *library;
    int inputs, neurons, columns;
    int largest_case; /* rows */
};

struct vouch_leaf_worker {
    vouch_context *ctx;
    const vouch_leaf *leaf;
    vouch_arena *arena; /* the buffers below */
    int which_case;     /* whose rows the matrix has; -1: none */
    /* the program, by columns */
    int *start, *row;
    double *value;
    double *cost, *column_low, *column_high; /* [columns] */
    double *row_low, *row_high;              /* [rows] */
    double *sum, *size; /* [columns]: coefficients, sums of their magnitudes */
    double *point, *gap, *cost_of;
    uint8_t *basis;
};

/* Positions of h_0 and s_0 among the columns; t is at `inputs`. */
static inline int vouch_leaf_h(const vouch_leaf *l) { return l->inputs + 1; }
static inline int vouch_leaf_s(const vouch_leaf *l) { return l->inputs + 1 + l->neurons; }

static inline int vouch_leaf_rows(const vouch_leaf *l, int which)
{
    return l->task->case_start[which + 1] - l->task->case_start[which];
}

/* The matrix of the case, triangles with slope 1, which each job replaces; and what of the rows' limits never
 * changes. */
void vouch_leaf_set_case(vouch_leaf_worker *w, int which);
/* The limits of the job, triangles among them. False: some contradicts another. *usable: all are
 * finite. */
bool vouch_leaf_set_limits(vouch_leaf_worker *w, const vouch_leaf_job *job, bool *usable);
/* b_k of the triangle: the last entry of column s_k. */
static inline double *vouch_leaf_slope(const vouch_leaf_worker *w, int k)
{
    return &w->value[w->start[vouch_leaf_s(w->leaf) + k + 1] - 1];
}
/* Takes over what the multipliers (times sign, 1 or -1) prove, if it is more than is known. */
void vouch_leaf_prove(vouch_leaf_worker *w, const double *y, double sign,
                      vouch_leaf_answer *answer);

#endif
