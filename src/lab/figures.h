/* The figures of a study: what its results hold, and their means over the seeds of one place. */
#ifndef VOUCH_LAB_FIGURES_H
#define VOUCH_LAB_FIGURES_H

#include "lab/plan.h"
#include "lab/summary.h"

enum { VOUCH_FIGURES_MOST = 8 };

typedef enum vouch_figure_when {
    VOUCH_FIGURE_LAST, /* of the last epoch */
    VOUCH_FIGURE_MEAN, /* the mean over epochs */
    VOUCH_FIGURE_END   /* of the trained network, in the result itself */
} vouch_figure_when;

typedef struct vouch_figure {
    const char *name;  /* in results */
    const char *title; /* in tables */
    vouch_figure_when when;
    bool is_share; /* shown in per cent */
    bool is_brief; /* in the text too, not only in pages */
} vouch_figure;

typedef struct vouch_figures {
    int count; /* at most VOUCH_FIGURES_MOST */
    const vouch_figure *figure;
    /* Does a run count among those that are told apart, as "collapsed"? NULL: no such. */
    const char *mark;
    bool (*is_marked)(const json_t *result);
    /* What is measured apart after each epoch, with all figures of when LAST: an epoch has an
     * object of each part's name. 0: the epoch has the figures. */
    const char *axis; /* its title */
    int parts;
    const char *const *part;
} vouch_figures;

/* The seeds of a place. */
typedef struct vouch_group {
    int finished, failed, marked; /* of the plan's seeds */
    vouch_summary figure[VOUCH_FIGURES_MOST];
} vouch_group;

/* All that a study has. */
typedef struct vouch_findings {
    const vouch_figures *figures;
    const vouch_plan *plan;
    json_t *const *result; /* [plan->count] NULL: not finished */
} vouch_findings;

/* The next method, value and part of a network and radius, from {0} on, the last fastest; false,
 * and back to the first, after the last of them. */
bool vouch_findings_next(const vouch_findings *all, vouch_plan_place *at);
/* place->seed counts for nothing. */
vouch_group vouch_findings_gather(const vouch_findings *all, const vouch_plan_place *place);
/* Why the first seed that failed did; NULL: none did. */
const char *vouch_findings_failure(const vouch_findings *all, const vouch_plan_place *place);
/* Mean over seeds of a figure after epoch `epoch` (from 0); NaN where there is none. */
double vouch_findings_at(const vouch_findings *all, int figure, const vouch_plan_place *place,
                         int64_t epoch);

#endif
