/* A family of boxes that differ in a few inputs: bounds by intervals, one box after the other.
 *
 * Problem: a network that reads two inputs as a place in an image has thousands of places, each
 * of which is a plain network; bounding each from scratch does the same work over and over.
 * Method: what does not depend on the inputs that move is bounded once; offsets of affine nodes,
 * their magnitudes and all buffers are made once. The rest is an interval pass (interval.c).
 */
#ifndef VOUCH_BOUNDS_FAMILY_H
#define VOUCH_BOUNDS_FAMILY_H

#include "bounds/engine.h"

typedef struct vouch_family vouch_family;

/* low, high: [inputs], the caller's, read by every call; only those with moving[i] may change
 * between calls. For one thread. */
vouch_status vouch_family_new(vouch_context *ctx, const vouch_task *task, const double *low,
                              const double *high, const bool *moving, vouch_family **family);
void vouch_family_free(vouch_family *family); /* NULL is fine */

/* Is each case of the task's box number `box` impossible on [low, high]? */
vouch_status vouch_family_proves(vouch_family *family, int box, bool *proved);

#endif
