/* EFX inputs of several networks, side by side (efx.h): how accurate each is, what is irrelevant to
 * its decisions, how many points are EFX, at each radius and for each attack; and how many features
 * a strategy proves irrelevant by the order in which it tries them.
 *
 * Accuracy is of all points. Of those that a network gets right the first so many are attacked and
 * explained: shares are of these, so that a network is not better explainable for being right more
 * often; one figure is the share of all points, right or wrong, that are EFX: that share times
 * accuracy. Or else the first points are taken whether right or wrong, and it is the network's own
 * decision that is attacked and explained. Networks of one label are repetitions (seeds): figures
 * have means and intervals.
 */
#ifndef VOUCH_LAB_EFX_STUDY_H
#define VOUCH_LAB_EFX_STUDY_H

#include "lab/efx.h"
#include "lab/summary.h"

/* What is asked of every network. */
typedef struct vouch_efx_plan {
    const vouch_eval_request *eval; /* all points, all radii; no graph, no journal */
    vouch_efx_how how;
    int64_t most;    /* points that are attacked and explained; 0: all */
    bool with_wrong; /* those that are wrong too, from the network's own decision */
    /* The table of orders, at the greatest radius: of the first `few` of these points. */
    const char *order_strategy;
    int orders;
    const char *const *order;
    int64_t few;
} vouch_efx_plan;

/* What was found. */
typedef struct vouch_efx_net {
    const char *label, *path;
    char sha256[65];
    int64_t parameters;
    bool is_finished;
    int64_t points, right, chosen;
    bool with_wrong;           /* the plan's */
    vouch_eval_result attacks; /* of the chosen points */
    vouch_efx_radius *radius;  /* [eps_count] */
    vouch_efx_sum *order;      /* [orders] */
} vouch_efx_net;

/* The graph must be a bound classifier of the points' size. Finished work is in the journal; NULL:
 * none. */
vouch_status vouch_efx_study_net(vouch_arena *arena, const vouch_efx_plan *plan,
                                 const vouch_graph *graph, vouch_journal *journal,
                                 vouch_efx_net *net);

/* ---- what came out ---------------------------------------------------------------------------- */

typedef enum vouch_efx_figure {
    VOUCH_EFX_ACCURACY,
    VOUCH_EFX_IRRELEVANT,  /* mean number of features */
    VOUCH_EFX_EXPLAINABLE, /* share of the chosen points */
    VOUCH_EFX_ANY,         /* share that is EFX by any attack */
    VOUCH_EFX_ATTACK,      /* by attack `which` */
    VOUCH_EFX_INPUTS,      /* share of all points that is EFX by any attack */
    VOUCH_EFX_CPU,         /* seconds of an explanation */
    VOUCH_EFX_ORDER        /* mean number of features by order `which` */
} vouch_efx_figure;

typedef struct vouch_efx_place {
    vouch_efx_figure figure;
    int radius, which;
} vouch_efx_place;

double vouch_efx_value(const vouch_efx_net *net, vouch_efx_place place);
/* Over the finished networks of that label. */
vouch_summary vouch_efx_gather(const vouch_efx_net *net, int nets, const char *label,
                               vouch_efx_place place);
/* Is this the first network of its label? */
bool vouch_efx_is_first(const vouch_efx_net *net, int which);

#endif
