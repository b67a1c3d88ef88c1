/* Linear programs in the branching search: subproblems finished by the search of leaves.
 *
 * Problem: a subproblem in which nothing is left to split, or few ReLUs are, is often out of
 * reach of backward walks (rows that only together exclude it), but not of a linear program.
 *
 * Method: the DAG engine's network is brought into its piecewise-linear form, the intervals of
 * the engine's neurons become limits of the form's z_k, and verify/leaf_search.h does the rest.
 * What it proves is proved by rechecked multipliers.
 *
 * Invariant (the map): z_k = scalar - shift, where scalar is the engine's neuron of that number.
 * Both come from the same graph: the form's identity counts the scalars of its curve nodes, in
 * order, once for each breakpoint, and the shift is the breakpoint. The invariant is tested when
 * the map is made: at points, where both know their values to within rounding, the intervals must
 * meet. Where they do not there are no leaves.
 */
#ifndef VOUCH_VERIFY_BRANCH_FINISH_H
#define VOUCH_VERIFY_BRANCH_FINISH_H

#include "bounds/dag.h"
#include "spec/spec.h"
#include "verify/leaf_search.h"

typedef struct vouch_finish vouch_finish; /* immutable once open, shared by workers */

/* *finish is NULL, and the status VOUCH_OK, where the network has no form of modest size, or no
 * solver is installed. All arguments must outlive it. */
vouch_status vouch_finish_open(vouch_context *ctx, const vouch_task *task,
                               const vouch_spec *spec, const vouch_dag *dag,
                               vouch_finish **finish);
void vouch_finish_close(vouch_context *ctx, vouch_finish *finish); /* NULL is fine */

const vouch_leaf *vouch_finish_leaf(const vouch_finish *finish);
/* Multiply-adds, roughly, of what was done; of a number of programs. */
double vouch_finish_work(const vouch_finish *finish, const vouch_leaf_search_result *done);
double vouch_finish_work_of(const vouch_finish *finish, double programs);

/* The case on the subproblem that has these intervals. */
vouch_status vouch_finish_run(vouch_context *ctx, vouch_arena *arena,
                              const vouch_finish *finish, vouch_leaf_worker *worker,
                              const vouch_dag_intervals *at, int which_case,
                              const vouch_leaf_search_settings *settings, double deadline_wall,
                              vouch_leaf_search_result *result);

#endif
