/* What a study of training runs: networks x radii x methods x values of one setting x seeds, as
 * cells of a grid (grid.h).
 *
 * Cells are in the order they run in: seeds outermost, so that a study that is stopped has looked
 * at everything once before it looks at anything twice.
 */
#ifndef VOUCH_LAB_PLAN_H
#define VOUCH_LAB_PLAN_H

#include "lab/grid.h"

typedef struct vouch_plan_request {
    const char *nets;           /* architectures, parted by commas */
    const char *methods;        /* method.def, or "LOSS SETTING=VALUE + REGULARISER ..." */
    const char *eps;            /* radii: 0.1 or 8/255 */
    const char *sweep, *values; /* a setting of the loss or regulariser, or a key of a recipe;
                                    NULL: none */
    int64_t seeds;              /* 1, 2 .. seeds */
    const vouch_recipe *recipe; /* all else */
} vouch_plan_request;

typedef struct vouch_plan_method {
    const char *name, *loss, *regulariser; /* regulariser NULL: none */
} vouch_plan_method;

/* Where a cell is on the axes; part: which part of its figures (figures.h), no axis of runs. */
typedef struct vouch_plan_place {
    int net, radius, method, value, seed, part;
} vouch_plan_place;

typedef struct vouch_plan {
    int nets, radii, methods, values, seeds; /* values 1, value[0] NULL: none is swept */
    const char **net, **value;
    const char **radius_text;
    double *eps;
    vouch_plan_method *method;
    int64_t count;
    vouch_plan_place *place; /* [count] */
    vouch_grid_cell *cell;   /* [count] */
} vouch_plan;

vouch_status vouch_plan_read(vouch_arena *arena, const vouch_plan_request *request,
                             vouch_plan *plan);
/* The cell at a place. */
int64_t vouch_plan_cell(const vouch_plan *plan, const vouch_plan_place *place);
/* Is a recipe's key set by the axes of a plan, or by the study itself? */
bool vouch_plan_owns(const char *key, size_t length);
/* Parts of an option's "a, b, c", none empty, no two the same; in the arena. */
vouch_status vouch_plan_list(vouch_arena *arena, const char *option, const char *text,
                             const char ***part, int *count);
/* A finite one (vouch_option_number). */
bool vouch_plan_number(const char *text, double *number);

#endif
