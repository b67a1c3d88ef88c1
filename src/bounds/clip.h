/* Clipping a box by a half-space:  { x in box : form.x + offset <= 0 }. */
#ifndef VOUCH_BOUNDS_CLIP_H
#define VOUCH_BOUNDS_CLIP_H

#include <stdbool.h>
#include <stddef.h>

/* Shrinks [low, high] to a box that still holds every point of it with form.x + offset <= 0,
 * rounding outward. Returns false if there is no such point. */
bool vouch_clip_box(size_t count, const double *form, double offset, double *low, double *high);

#endif
