/* Catastrophic overfitting: a network trained against single steps learns, often within one epoch,
 * to withstand the single step and nothing else [Wong, Rice, Kolter 2020].
 *
 * The study trains a plan's cells and measures after each epoch, on samples held out: accuracy as
 * they are, under FGSM and under PGD, the local linearity error, the loss of interval bounds. Of
 * the first seed it keeps two loss landscapes: of the epoch that was best under PGD, and of the
 * last one.
 */
#ifndef VOUCH_LAB_CO_H
#define VOUCH_LAB_CO_H

#include "lab/figures.h"
#include "lab/landscape.h"

enum { VOUCH_CO_GRID = 21 }; /* places along an axis of a landscape */

typedef struct vouch_co {
    const vouch_plan *plan;
    const vouch_data *held;
    int64_t steps, restarts; /* of PGD */
    int threads;
    double best; /* of the run in hand, under PGD */
} vouch_co;

/* As vouch_grid.after_epoch and at_end, study a vouch_co. */
vouch_status vouch_co_after_epoch(void *study, const vouch_grid_moment *moment);
vouch_status vouch_co_at_end(void *study, const vouch_grid_moment *moment);

/* ---- what came out ---------------------------------------------------------------------------- */

typedef enum vouch_co_figure {
    VOUCH_CO_CLEAN, /* shares of the samples held out */
    VOUCH_CO_SINGLE,
    VOUCH_CO_PGD,
    VOUCH_CO_LINEARITY,
    VOUCH_CO_BOUND,
    VOUCH_CO_SECONDS, /* of an epoch */
    VOUCH_CO_FIGURES
} vouch_co_figure;
extern const vouch_figures vouch_co_figures;

/* Of what withstands one step, less than half withstands PGD after the last epoch. A network that
 * learnt nothing withstands both alike. */
bool vouch_co_has_collapsed(const json_t *result);
/* "before" or "after" of a result, in the arena; *epoch 0 where it has none. */
vouch_status vouch_co_landscape(vouch_arena *arena, const json_t *result, const char *when,
                                int64_t *epoch, vouch_landscape *landscape);

#endif
