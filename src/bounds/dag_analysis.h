/* An analysis of intervals under way: what dag_root.c and dag_neurons.c share. */
#ifndef VOUCH_BOUNDS_DAG_ANALYSIS_H
#define VOUCH_BOUNDS_DAG_ANALYSIS_H

#include "bounds/dag_priv.h"

typedef struct vouch_dag_analysis {
    vouch_dag_worker *w;
    const vouch_dag *dag;
    vouch_dag *first; /* to be filled, or NULL */
    vouch_pass pass;
    vouch_bounds bounds;
    vouch_dag_intervals *at;
    const vouch_dag_intervals *parent; /* known, or NULL */
    bool same_box;                     /* as the parent's */
    const double *score;               /* [neurons]: walk those with > 0; NULL = all */
    double least;                      /* score for each multiply-add of a walk, not below */
    double work;                       /* multiply-adds left for walks */
    double need;                       /* that all values to come are expected to want */
    vouch_bound_problem problem;
} vouch_dag_analysis;

/* Boxes analysed side by side: walks take the neurons of all of them at once. */
typedef struct vouch_dag_boxes {
    vouch_dag_worker *w;
    const vouch_dag *dag;
    vouch_dag *first;
    vouch_arena *arena;
    int threads; /* that walks may take; 0 = 1 */
    int count;
    vouch_dag_analysis *box;
} vouch_dag_boxes;

/* Tightens the neurons of value v, whose producer has been visited, by walks. */
vouch_status vouch_dag_walk_neurons(vouch_dag_boxes *b, int v);
/* Sets a->least, so that the work left pays for the walks of all neurons whose scores promise that
 * much: the best of the whole network, whichever value they are of. */
vouch_status vouch_dag_neurons_choose(vouch_dag_analysis *a, const vouch_dag_intervals *known);
/* What walks of all neurons would take that are unsettled at `known` (NULL: 0). */
double vouch_dag_neurons_need(const vouch_dag_analysis *a, const vouch_dag_intervals *known);

#endif
