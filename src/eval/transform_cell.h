/* One cell of parameters: is the class proved for all of it, or refuted at one parameter? */
#ifndef VOUCH_EVAL_TRANSFORM_CELL_H
#define VOUCH_EVAL_TRANSFORM_CELL_H

#include "bounds/domain.h"
#include "eval/transform.h"

typedef struct vouch_cells {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_transform *transform;
    const vouch_data_info *info;
    const vouch_graph *graph; /* its outputs are the logits */
    const bool *varying;
    const float *x; /* [inputs] */
    int label, level;
    int64_t inputs, classes;
    int pieces;                     /* of a cell */
    double *low, *high;             /* [inputs] what the cell makes of the image */
    double *piece_low, *piece_high; /* [pieces][inputs] */
    double *rows; /* [classes - 1][classes]: the label's output less another */
    double *row;  /* [classes] */
} vouch_cells;

vouch_status vouch_cells_begin(vouch_cells *cells);
/* The label's output is above all others for every parameter of the part, over the reals. */
vouch_status vouch_cells_prove(vouch_cells *cells, const vouch_transform_part *part,
                               bool *is_proved);
/* At exactly this parameter the output of class `winner` is above the label's. */
vouch_status vouch_cells_refute(vouch_cells *cells, const double *parameter, int winner,
                                bool *is_refuted);

#endif
