/* The proof sink: everything the search relies on passes through here.
 *
 * The search tells the sink of every split, clip and leaf. The null sink ignores it; a proof
 * writer (later) turns it into a file that an independent checker replays; the partition
 * picture (report) draws it. Nodes are numbered by the sink's caller; calls may come from
 * several workers at once and a sink must be ready for that.
 */
#ifndef VOUCH_VERIFY_SINK_H
#define VOUCH_VERIFY_SINK_H

#include <stdint.h>

#include "base/context.h"

typedef enum vouch_leaf_kind {
    VOUCH_LEAF_PROVED = 1, /* every case is impossible here */
    VOUCH_LEAF_EMPTY,      /* contradictory neuron bounds: no point here */
    VOUCH_LEAF_CLIPPED,    /* the part cut off by clipping left nothing */
    VOUCH_LEAF_REFUTED,    /* a witness lies here */
    VOUCH_LEAF_OPEN        /* given up: limit reached or no dimension left to cut */
} vouch_leaf_kind;

typedef struct vouch_sink_box {
    uint64_t id, parent; /* parent of the root: 0; ids start at 1 */
    int depth;
    int64_t input_size;
    int which_case; /* of the task, where the subproblem is about one alone; -1: about all */
    const double *low, *high;
} vouch_sink_box;

typedef struct vouch_sink {
    void *user;
    /* Any may be NULL = ignored. A status other than VOUCH_OK stops the search. */
    vouch_status (*box)(void *user, const vouch_sink_box *box); /* a subproblem is taken up */
    /* the box is cut along `dimension` at the points cut[0..count-1], ascending */
    vouch_status (*split)(void *user, uint64_t id, int64_t dimension, int count,
                          const double *cut);
    /* the subproblem is split into neuron <= point and neuron >= point (bounds/dag.h); where the
     * neuron meets a jump there, one of the two is strict */
    vouch_status (*decide)(void *user, uint64_t id, int64_t neuron, double point);
    /* outside [low, high] the box holds no solution: form.x + offset <= 0 needed, by this form
     */
    vouch_status (*clip)(void *user, uint64_t id, const double *low, const double *high);
    vouch_status (*leaf)(void *user, uint64_t id, vouch_leaf_kind kind);
} vouch_sink;

#endif
