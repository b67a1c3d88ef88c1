/* Clipping a box by half-spaces  { x in box : form.x + offset <= 0 }.
 *
 * A form is n coefficients and its offset, n + 1 doubles. Everything rounds outward: what is
 * cut off holds no point of the half-spaces. */
#ifndef VOUCH_BOUNDS_CLIP_H
#define VOUCH_BOUNDS_CLIP_H

#include <stdbool.h>
#include <stddef.h>

/* Shrinks [low, high] to a box that still holds every point of it inside the half-space.
 * Returns false if there is none. */
bool vouch_clip_box(size_t n, const double *form, double *low, double *high);

/* The same for the intersection of `rows` half-spaces, form [rows][n + 1], by rounds over the
 * rows and by convex combinations of them. work: n + 1 + 2 * rows doubles. */
bool vouch_clip_case(size_t n, size_t rows, const double *form, double *low, double *high,
                     double *work);

#endif
