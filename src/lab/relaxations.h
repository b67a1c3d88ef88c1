/* The paradox of certified training: networks trained against tight relaxations can often be proved
 * robust less than those trained against intervals [Jovanović, Balunović, Baader, Vechev 2022, "On
 * the paradox of certified training"]. The source explains it by two more properties of a
 * relaxation's loss as a function of the weights, beside tightness: continuity and sensitivity.
 *
 * The study trains a plan's cells and measures after each epoch, for each relaxation
 *
 *   tightness    the share of the samples held out that it certifies; the mean radius that it
 *                certifies, which is the area below that share over the radius; the gap between the
 *                least margin that PGD finds and its bound;
 *   continuity   the share of jumps in how its loss changes along lines through the weights;
 *   sensitivity  how far the loss is from linear along them, and the degree of the polynomial that
 *                it is like. The source counts the degree of the formulas, which relaxation.def
 *                says; this is what a step of training meets of it.
 *
 * The first line goes down the gradient of the network's own cross-entropy, the others change each
 * weight by a random share of itself; all move weights by the same share of their size.
 */
#ifndef VOUCH_LAB_RELAXATIONS_H
#define VOUCH_LAB_RELAXATIONS_H

#include "lab/figures.h"
#include "lab/relaxation.h"

typedef struct vouch_relaxations {
    const vouch_plan *plan;
    const vouch_data *held;
    int count;
    const vouch_lab_relaxation *relaxation; /* [count] */
    int64_t samples;   /* losses along lines are of that many of those held out */
    int lines, points; /* points: odd */
    double reach;      /* of a line, in sizes of the weights */
    int64_t steps;     /* of PGD */
    int threads;
} vouch_relaxations;

typedef enum vouch_relaxations_figure {
    VOUCH_RELAXATIONS_CERTIFIED, /* share of the samples held out */
    VOUCH_RELAXATIONS_RADIUS,    /* mean, in radii of the plan, up to VOUCH_RELAXATIONS_FAR */
    VOUCH_RELAXATIONS_GAP,       /* mean */
    VOUCH_RELAXATIONS_JUMPS,     /* means over samples and lines */
    VOUCH_RELAXATIONS_BEND,
    VOUCH_RELAXATIONS_DEGREE,
    VOUCH_RELAXATIONS_FIGURES
} vouch_relaxations_figure;
extern const vouch_figure vouch_relaxations_figure_table[VOUCH_RELAXATIONS_FIGURES];
enum { VOUCH_RELAXATIONS_FAR = 2 };

/* As vouch_grid.after_epoch, study a vouch_relaxations. An epoch gets "clean" and "pgd" accuracy
 * and, by the name of each relaxation, its figures. The result gets, of the first seed and the
 * first sample, the losses along the first line now: "line": {"epoch": .., NAME: [points]}. */
vouch_status vouch_relaxations_after_epoch(void *study, const vouch_grid_moment *moment);

#endif
