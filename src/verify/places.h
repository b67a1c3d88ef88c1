/* Places: a property decided place by place, where only steps of a few inputs matter.
 *
 * Problem: an image with a patch, whose place two inputs give; the network reads them only cut to
 * integers, as an index. A search that halves boxes meets all the jumps between, and a bound over
 * several places knows next to nothing: the patch may be anywhere.
 *
 * Method: such inputs are found (lower/integral.h). If all others are (nearly) points, the values
 * that the steps take name all that the network can do: place by place an interval pass over what
 * depends on the place (bounds/family.h), and where that proves nothing a look whether the middle
 * is a witness, then one backward bound. Places come in an order that spreads over all of them, so
 * that a region of witnesses is found early.
 *
 * A place stands for all inputs with these values of their steps: the network gives them the same
 * outputs. Rows over such an input are not covered, so it does not count as one. If every place
 * of every box is proved, so is the property.
 */
#ifndef VOUCH_VERIFY_PLACES_H
#define VOUCH_VERIFY_PLACES_H

#include "attack/falsify.h"
#include "bounds/engine.h"
#include "verify/sink.h"

typedef struct vouch_places_input {
    const vouch_task *task;
    const vouch_graph *graph;
    const vouch_spec *spec;
    const vouch_sink *sink;
    vouch_semantics semantics;
    int threads;
    uint64_t first_id, max_subproblems;
} vouch_places_input;

typedef struct vouch_places_output {
    int64_t places;        /* 0: the property is not of this kind, nothing was done */
    int64_t seen, proved;  /* of them */
    vouch_witness witness; /* arrays in the arena */
    uint64_t last_id;
} vouch_places_output;

/* The witness does not depend on the number of threads. */
vouch_status vouch_places(vouch_context *ctx, vouch_arena *arena, const vouch_places_input *in,
                          vouch_places_output *out);

#endif
