/* Shapes of a cut: how a box is divided once the dimensions are scored.
 *
 * Bisection at the middle of the best dimension is what tools do; the table holds the
 * alternatives (n-section, off-centre, several dimensions at once) so that they can be
 * compared. A shape never affects soundness: the pieces always cover the box.
 */
#ifndef VOUCH_VERIFY_CUT_H
#define VOUCH_VERIFY_CUT_H

#include "bounds/engine.h"

typedef struct vouch_cut_view {
    int input_size;
    const double *low, *high;  /* the box */
    double *score;             /* [input_size]; the shape may overwrite it */
    int open, lanes;           /* boxes to be cut in this batch; boxes a batch holds */
    double (*round)(double x); /* cut points must be numbers of this precision */
} vouch_cut_view;

typedef struct vouch_cut_shape {
    const char *name;
    const char *summary;
    void (*plan)(const vouch_cut_view *view, vouch_cut *cut);
} vouch_cut_shape;

const vouch_cut_shape *vouch_cut_table(size_t *count);
const vouch_cut_shape *vouch_cut_find(const char *name);

/* Plans by shape, falling back to bisecting any dimension that can be cut. cut->axes == 0: none
 * can. */
void vouch_cut_plan(const vouch_cut_shape *shape, const vouch_cut_view *view, vouch_cut *cut);

#endif
