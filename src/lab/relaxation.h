/* Convex relaxations as training sees them: bounds of a sample's margins, and the loss they give.
 *
 * The bounds are those of verification (bounds/domain.h), which meet each relaxation with
 * intervals, so none is looser than `interval`. A relaxation is a line in relaxation.def.
 */
#ifndef VOUCH_LAB_RELAXATION_H
#define VOUCH_LAB_RELAXATION_H

#include "bounds/domain.h"
#include "data/data.h"

typedef struct vouch_lab_relaxation {
    const char *name, *text; /* text: the domain with its settings */
    double share;            /* of the domain's bound; the rest is the interval domain's */
    const char *theory;      /* "": nothing is said */
    const vouch_domain *domain;
    const void *settings;
} vouch_lab_relaxation;

/* Names and domains, parted by commas; in the arena. */
vouch_status vouch_relaxation_list(vouch_arena *arena, const char *text,
                                   vouch_lab_relaxation **relaxation, int *count);

/* A network and a sample. */
typedef struct vouch_relaxation_place {
    const vouch_graph *graph;    /* bound */
    const bool *varying;         /* vouch_op_varying */
    const vouch_data_info *info; /* its range clips boxes */
    const float *x;
    int label;
} vouch_relaxation_place;

/* margin[classes]: lower bounds of z_label - z_j in the ball of that radius; 0 at the label. */
vouch_status vouch_relaxation_margins(vouch_context *ctx, vouch_arena *arena,
                                      const vouch_lab_relaxation *relaxation,
                                      const vouch_relaxation_place *place, double eps,
                                      double *margin);
/* The least margin of another class; the cross-entropy of the worst logits, -margin. */
double vouch_relaxation_least(int classes, int label, const double *margin);
double vouch_relaxation_loss(int classes, const double *margin);

#endif
