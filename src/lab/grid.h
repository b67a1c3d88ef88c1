/* A grid of trainings, as studies make them: each run is a recipe, trained on the same data and
 * measured after each epoch and at its end by the study.
 *
 * What is known of a run is one JSON object, kept as a line of a journal once the run is finished
 * (io/journal.h): a study that was killed goes on with the run in hand, and what it says in the
 * end is made from those lines alone. Runs go one after the other, each on all threads; the same
 * grid gives the same results with any number of them, but for seconds.
 *
 *     {"parameters": 7900, "epochs": [{"epoch": 1, "loss": .., "seconds": .., STUDY'S}, ..],
 *      STUDY'S}         or         {"failed": "training: the loss is no number any more .."}
 */
#ifndef VOUCH_LAB_GRID_H
#define VOUCH_LAB_GRID_H

#include "base/json.h"
#include "io/journal.h"
#include "train/recipe.h"

typedef struct vouch_grid_cell {
    const char *unit;    /* its name in the journal, unlike any other's */
    vouch_recipe recipe; /* as texts and numbers: the grid finishes it */
} vouch_grid_cell;

/* A network in training: after an epoch, or at its end. */
typedef struct vouch_grid_moment {
    vouch_context *ctx;
    vouch_arena *arena; /* reset afterwards */
    int64_t cell;
    const vouch_graph *graph;        /* bound, with the parameters of now */
    const vouch_fit_progress *epoch; /* the last one */
    json_t *row;                     /* of the epoch; NULL at the end */
    json_t *result;                  /* of the run */
} vouch_grid_moment;

typedef vouch_status vouch_grid_look(void *study, const vouch_grid_moment *moment);

/* How far the grid is. */
typedef struct vouch_grid_progress {
    int64_t run, runs; /* runs that were still to be done; this one is the run-th of them */
    int64_t epoch, epochs;
    const char *unit;
    double elapsed_s, left_s; /* left: as runs so far took */
} vouch_grid_progress;

typedef struct vouch_grid {
    int64_t count;
    vouch_grid_cell *cell; /* [count] */
    const vouch_data *data;
    int threads;
    vouch_journal *journal; /* NULL: none */
    vouch_grid_look *after_epoch, *at_end;
    void *study;
    void (*tell)(void *user, const vouch_grid_progress *progress); /* NULL: nobody */
    void *user;
} vouch_grid;

/* Finishes all recipes and builds all networks once, so that what cannot be run is known before
 * the first hour. */
vouch_status vouch_grid_check(vouch_context *ctx, vouch_arena *arena, const vouch_grid *grid);
/* result[count]: NULL where a run was not finished, which only VOUCH_ERR_CANCELLED leaves. A run
 * whose training fails is finished. */
vouch_status vouch_grid_run(vouch_context *ctx, const vouch_grid *grid, json_t **result);
void vouch_grid_free(int64_t count, json_t **result);

/* A number of a result; NaN where there is none. */
double vouch_grid_number(const json_t *object, const char *name);
/* A number of the last epoch, of the mean over epochs; NaN where there is none. */
double vouch_grid_last(const json_t *result, const char *name);
double vouch_grid_mean(const json_t *result, const char *name);

#endif
