/* Shapes of a cut: how a box is divided once the dimensions are scored.
 *
 * Bisection at the middle of the best dimension is what tools do; the table holds the
 * alternatives (n-section, off-centre, several dimensions at once) so that they can be
 * compared. A shape never affects soundness: the pieces always cover the box.
 *
 * A new shape is one file src/verify/cut_NAME.c with `const vouch_cut_shape vouch_cut_NAME` and
 * one line VOUCH_CUT(NAME) in cut.def.
 */
#ifndef VOUCH_VERIFY_CUT_H
#define VOUCH_VERIFY_CUT_H

#include "bounds/engine.h"

enum { VOUCH_CUT_PARTS = 4 }; /* of one dimension */

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
    const char *citation;
    void (*plan)(const vouch_cut_view *view, vouch_cut *cut); /* adds axes to an empty cut */
} vouch_cut_shape;

const vouch_cut_shape *const *vouch_cut_table(void); /* NULL-terminated */
const vouch_cut_shape *vouch_cut_find(const char *name);

/* Plans by shape, falling back to bisecting any dimension that can be cut. cut->axes == 0: none
 * can. */
void vouch_cut_plan(const vouch_cut_shape *shape, const vouch_cut_view *view, vouch_cut *cut);

/* ---- what shapes are made of -------------------------------------------------------------- */

/* Is there a number of the precision strictly inside dimension d of the box? */
bool vouch_cut_possible(const vouch_cut_view *view, int d);
/* The best dimension that can be cut and is not yet an axis; -1 if none. */
int vouch_cut_best(const vouch_cut_view *view, const vouch_cut *cut);
/* Makes d an axis, cut at `points` ascending fractions of its interval (fewer than
 * VOUCH_CUT_PARTS); points that rounding made coincide are left out. d < 0, no room for an axis
 * or no point left: no axis. */
void vouch_cut_add(const vouch_cut_view *view, vouch_cut *cut, int d, int points,
                   const double *fraction);
/* Makes d an axis with `parts` equal parts. */
void vouch_cut_add_equal(const vouch_cut_view *view, vouch_cut *cut, int d, int parts);

#endif
