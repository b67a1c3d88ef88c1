/* What one coefficient trades: accuracy as samples are, under attack, and certified.
 *
 * Losses between attack and bound have a coefficient that says how much of each; what it does to
 * the three accuracies is what comparisons of certified training hang on [Mao, Balauca, Vechev
 * 2024, "CTBench"]. Each cell of a plan is trained and, at its end, evaluated (eval/eval.h): the
 * accuracy under attack is at least the certified one, or vouch is wrong and says so.
 */
#ifndef VOUCH_LAB_TRADEOFF_H
#define VOUCH_LAB_TRADEOFF_H

#include "eval/eval.h"
#include "lab/figures.h"

typedef struct vouch_tradeoff {
    const vouch_plan *plan;
    const vouch_data *held;
    vouch_eval_attack attack;
    int certify_level;
    double limit_s; /* of each complete verification */
    int threads;
} vouch_tradeoff;

/* As vouch_grid.at_end, study a vouch_tradeoff. */
vouch_status vouch_tradeoff_at_end(void *study, const vouch_grid_moment *moment);

typedef enum vouch_tradeoff_figure {
    VOUCH_TRADEOFF_CLEAN, /* shares of the samples held out */
    VOUCH_TRADEOFF_EMPIRICAL,
    VOUCH_TRADEOFF_CERTIFIED,
    VOUCH_TRADEOFF_SECONDS, /* of an epoch */
    VOUCH_TRADEOFF_FIGURES
} vouch_tradeoff_figure;
extern const vouch_figures vouch_tradeoff_figures;

/* The value whose networks have the greatest mean of a figure, the first of equals; -1: none. */
int vouch_tradeoff_best(const vouch_findings *all, const vouch_plan_place *place,
                        vouch_tradeoff_figure figure);
/* The values as numbers of an axis, in [plan->values]; their numbers 1, 2 .. where they are none.
 * Returns whether they are logarithms, as where they span more than a factor of 20. */
bool vouch_tradeoff_axis(const vouch_plan *plan, double *x);

#endif
