/* The search: branch and bound over input boxes.
 *
 *     take a batch -> bound it -> drop what is proved -> replay promising candidates
 *                  -> cut what is open -> push the children
 *
 * Results do not depend on the number of threads: batches are composed of siblings only, every
 * batch has a place in the depth-first order (its key), and of several witnesses the one with
 * the smallest key is kept, batches after it being dropped and those before it finished.
 */
#ifndef VOUCH_VERIFY_SEARCH_H
#define VOUCH_VERIFY_SEARCH_H

#include "attack/falsify.h"
#include "bounds/engine.h"
#include "verify/cut.h"
#include "verify/sink.h"
#include "verify/split.h"

typedef struct vouch_search_input {
    const vouch_engine_type *type;
    const vouch_task *task;
    vouch_engine_settings engine;
    const vouch_graph *graph;
    const vouch_spec *spec;
    vouch_semantics semantics;
    const vouch_split *split;
    const vouch_cut_shape *cut;
    const vouch_sink *sink;
    int threads;
    uint64_t seed, max_subproblems;
    double start_wall, deadline_wall;
    bool last_precision; /* boxes it cannot decide are open leaves, not left for another search
                          */
    bool bound_only;     /* no box is cut: what one bound cannot decide is left */
    bool part;           /* of a larger search, which reports its own progress */
    bool candidates;     /* replay promising points (--no-attack clears it) */
    int start_count;     /* boxes to start from */
    const int *start_box;
    const double *start_low, *start_high; /* [start_count][inputs] */
    const double *start_share;
    const uint64_t *start_parent; /* ids of the boxes these are parts of; NULL: roots */
    uint64_t first_id;            /* ids of this search come after it */
} vouch_search_input;

typedef struct vouch_search_output {
    bool stopped; /* by limit, cancellation or sink: not everything was searched */
    bool unfit;   /* the network's magnitudes are beyond this precision: nothing was done */
    bool found;   /* witness */
    vouch_witness witness;
    uint64_t last_id; /* the largest id given */
    uint64_t subproblems, splits, clips, compressions;
    int max_depth;
    double proved_share;
    /* boxes this precision could not decide, in the arena */
    int left_count;
    int *left_box;
    uint64_t *left_id;
    double *left_low, *left_high, *left_share;
} vouch_search_output;

vouch_status vouch_search(vouch_context *ctx, vouch_arena *arena, const vouch_search_input *in,
                          vouch_search_output *out);

#endif
