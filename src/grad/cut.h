/* What ReLUs cut in interval passes: boxes before each ReLU, and adjoints of them, for terms of
 * training that look at boxes inside the net. */
#ifndef VOUCH_GRAD_CUT_H
#define VOUCH_GRAD_CUT_H

#include "grad/box.h"

/* One line of pixels of one box: unit j of pixel p lies at p step + j, j < units. What stands
 * between is filling. */
typedef struct vouch_cut_line {
    int64_t pixels, units, step;
    const float *centre, *radius;
    float *d_centre, *d_radius; /* 0; what is written belongs to the next vouch_box_backward */
} vouch_cut_line;

typedef void vouch_cut_visit(void *user, const vouch_cut_line *line);

/* From now on the tape keeps what ReLUs cut. */
vouch_status vouch_box_keep(vouch_context *ctx, vouch_arena *arena, vouch_box_tape *tape);
/* How many ReLUs the net has, and units of a sample ReLU i cuts. */
int vouch_box_cut_count(const vouch_box_tape *tape);
int64_t vouch_box_cut_units(const vouch_box_tape *tape, int i);
/* All lines that ReLU i cut in the last forward pass, in order. */
void vouch_box_cut_each(const vouch_box_tape *tape, int i, vouch_cut_visit *visit, void *user);
/* The mean radius of what the first layer took, normalised as it is. */
double vouch_box_mean_radius(const vouch_box_tape *tape);

#endif
