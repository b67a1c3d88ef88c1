/* Leaves by linear programming: what is left once ReLUs are decided.
 *
 * A subproblem is a case of the task, a part of its box, and intervals [l_k, u_k] of the z_k of
 * the piecewise-linear form (lower/pwl.h). A decision needs no place of its own: z_k >= 0 is
 * l_k >= 0, z_k <= 0 is u_k <= 0. With h_k = max(0, z_k) and s_k = max(0, -z_k) the points of
 * the network satisfy
 *
 *     h_k - s_k = z_k(x, h),    h_k in [l+, u+],   s_k in [(-u)+, (-l)+],
 *     h_k + (u/-l) s_k <= u     where l < 0 < u    [Ehlers 2017: the triangle]
 *
 * and  min t, r_i(x, h) <= t for every row i of the case,  is a linear program. Where every ReLU
 * is decided it is exact: the subproblem is impossible iff the minimum is positive. Before that
 * it is a relaxation, stronger than any backward walk.
 *
 * The solver is not trusted (num/lp.h): `proved` and `lower` come from its multipliers by our
 * own outward arithmetic, radii of the form included, and hold over the reals.
 */
#ifndef VOUCH_VERIFY_LEAF_H
#define VOUCH_VERIFY_LEAF_H

#include "bounds/engine.h"
#include "num/lp.h"

typedef struct vouch_leaf vouch_leaf;               /* immutable once open, shared by workers */
typedef struct vouch_leaf_worker vouch_leaf_worker; /* a model and buffers, of one thread */

/* *leaf is NULL, and the status VOUCH_OK, where task->form is NULL or no solver is installed.
 * task and its form must outlive the leaf. */
vouch_status vouch_leaf_open(vouch_context *ctx, const vouch_task *task, vouch_leaf **leaf);
void vouch_leaf_close(vouch_context *ctx, vouch_leaf *leaf); /* NULL is fine */

vouch_status vouch_leaf_worker_new(vouch_context *ctx, const vouch_leaf *leaf,
                                   vouch_leaf_worker **worker);
void vouch_leaf_worker_free(vouch_context *ctx, vouch_leaf_worker *worker); /* NULL is fine */

typedef struct vouch_leaf_job {
    int which_case;
    const double *low, *high;               /* [inputs]: the box */
    const double *neuron_low, *neuron_high; /* [neurons] of the form, decisions among them */
    const uint8_t *warm; /* [vouch_leaf_basis_size]: basis to start from, as an answer gave it
                            for this case; NULL: none. Answers depend on it and on nothing that
                            was solved before. */
    int iterations;      /* 0: no limit of its own */
    double seconds;      /* 0: none; it ends a solve, never changes what is proved by it */
} vouch_leaf_job;

typedef struct vouch_leaf_answer {
    bool proved;  /* the case is impossible on the subproblem */
    bool empty;   /* by rows of the network alone: no point is here, whatever the case */
    bool solved;  /* the solver reached an optimum: point and gap are set */
    double lower; /* of max_i r_i on the subproblem; -infinity: nothing known */
    const double
        *point;         /* [inputs]: minimiser of the relaxation, a candidate; inside the box */
    const double *gap;  /* [neurons]: min(h_k, s_k) there, 0 where its ReLU is kept: the point
                            is one of the network if all are (about) 0 */
    const double *cost; /* [neurons]: mu_k u_k, what the triangle's offset costs the bound */
    int split;          /* the ReLU best split: of those not kept the one of most cost, by gap
                           where costs are nothing; -1: all are kept, or not solved */
    bool active;        /* the side of it that the point is nearer to */
    const uint8_t *basis;
    int iterations;
} vouch_leaf_answer;

size_t vouch_leaf_basis_size(const vouch_leaf *leaf);

/* The answer's arrays live until the worker's next call. */
vouch_status vouch_leaf_solve(vouch_leaf_worker *worker, const vouch_leaf_job *job,
                              vouch_leaf_answer *answer);

/* Tightens intervals of the neurons on a box by one pass of interval arithmetic through the
 * form's rows: in, what is known (decisions among it; -+infinity: nothing); out, what follows.
 * False: contradiction, there is no point here. */
bool vouch_leaf_narrow(const vouch_pwl *form, const double *low, const double *high,
                       double *neuron_low, double *neuron_high);

#endif
