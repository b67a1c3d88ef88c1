/* Branch and bound on general networks: splits of scalars inside the network and cuts of
 * inputs in one tree.
 *
 *     root: intervals of every box -> plain bound of every case -> optimised bound -> attack
 *     rounds: take the worst subproblems -> choose a split of each -> bound all children in
 *             parallel -> drop what is proved -> replay candidates -> put back what is open
 *
 * A subproblem is one case of the task, intervals of its neurons and the decisions that led to
 * it (bounds/dag.h). Its children add  z <= p  and  z >= p , which together cover it: if both
 * are proved, so is the parent. Nothing else carries soundness; what to split on, in which
 * order and how hard to bound only changes how many subproblems it takes.
 *
 * Results do not depend on the number of threads: a round takes a fixed number of subproblems,
 * computed from the network's cost alone, every child is bounded by itself, and children are
 * merged in order by one thread, which alone learns from them.
 */
#ifndef VOUCH_VERIFY_BRANCH_H
#define VOUCH_VERIFY_BRANCH_H

#include "attack/falsify.h"
#include "bounds/engine.h"
#include "verify/pick.h"
#include "verify/sink.h"

typedef struct vouch_branch_input {
    const vouch_task *task;
    const vouch_graph *graph;
    const vouch_spec *spec;
    vouch_semantics semantics;
    const vouch_pick *pick;
    const vouch_sink *sink;
    int threads;
    int root_steps, steps; /* gradient steps of a bound at the root, in the tree */
    uint64_t seed, max_subproblems;
    size_t memory; /* bytes that waiting subproblems may take; beyond, depth first and lean */
    double start_wall, deadline_wall;
    bool attack;        /* look for counterexamples, too */
    bool late_programs; /* no linear program before splits have done their part of the work */
    bool clip; /* cut off what a case's own half-spaces exclude, where few inputs vary */
    uint64_t first_id;
} vouch_branch_input;

typedef struct vouch_branch_output {
    bool stopped; /* by a limit or cancellation: not everything was searched */
    bool found;   /* witness */
    vouch_witness witness;
    uint64_t subproblems, splits, clips, open_leaves, last_id;
    int max_depth;
    double proved_share;                 /* of the cases, each halved at a split */
    double bounds_s, attack_s, leaves_s; /* wall: until the first split; of attacks; of linear
                                            programs */
    bool used_programs;                  /* linear programs were tried on the open leaves */
    const char *phase;                   /* that decided: "bounds", "attack" or "search" */
} vouch_branch_output;

vouch_status vouch_branch(vouch_context *ctx, vouch_arena *arena, const vouch_branch_input *in,
                          vouch_branch_output *out);

#endif
