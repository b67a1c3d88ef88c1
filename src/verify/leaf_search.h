/* Subproblems finished by linear programs alone: splits of ReLUs, depth first, to the end.
 *
 * Where bounds by backward walks stall (conjunctions of rows, many inputs, one or two hidden
 * layers) a linear program per subproblem proves far more than its milliseconds cost. The search
 * follows the program's point to the side that it is nearer to, so that witnesses come early.
 */
#ifndef VOUCH_VERIFY_LEAF_SEARCH_H
#define VOUCH_VERIFY_LEAF_SEARCH_H

#include "verify/leaf.h"

typedef struct vouch_leaf_search_settings {
    int64_t programs; /* at most so many are solved */
    /* Is the point a witness? NULL: points are not tried. */
    vouch_status (*try_point)(void *user, const double *point, bool *found);
    void *user;
} vouch_leaf_search_settings;

typedef struct vouch_leaf_search_result {
    bool proved;  /* the case is impossible on the subproblem */
    bool found;   /* try_point said so, and the search ended there */
    bool stopped; /* by the number of programs, the depth or the context */
    int64_t programs, iterations, splits,
        left; /* left: subproblems without open ReLU, not proved */
    int max_depth;
} vouch_leaf_search_result;

/* The subproblem of the job. Depends on job and settings alone (and on the context's deadline).
 */
vouch_status vouch_leaf_search(vouch_context *ctx, vouch_leaf_worker *worker,
                               const vouch_leaf_job *job,
                               const vouch_leaf_search_settings *settings,
                               vouch_leaf_search_result *result);

#endif
