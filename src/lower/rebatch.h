/* A bound graph for several samples at once.
 *
 * Searches and training evaluate one network at many points. The wide graph has the same values
 * and nodes, but every value that depends on the inputs holds `count` samples one after the
 * other: its leading dimension is count times as long. A node that computes the same in one call
 * on the wide shapes as in one call per sample is done together; every other node is still run
 * sample by sample. So any graph can be widened, and what matters gains: products with weights,
 * convolutions, curves.
 */
#ifndef VOUCH_LOWER_REBATCH_H
#define VOUCH_LOWER_REBATCH_H

#include "op/op.h"

typedef struct vouch_rebatch {
    const vouch_graph *single; /* as given */
    vouch_graph *wide; /* same values and nodes; shapes and states for `count` samples */
    int64_t count;
    const vouch_tensor **fixed; /* [value_count] of values that do not depend on the inputs, in
                                 * the dtype of evaluation; NULL for those that do */
    bool *together;             /* [node_count] one call on `wide`, else a call a sample */
} vouch_rebatch;

/* dtype: what floats will be evaluated in. Everything lives in the arena; graph must outlive it. */
vouch_status vouch_rebatch_new(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                               vouch_dtype dtype, int64_t count, vouch_rebatch **rebatch);

#endif
