/* One network of several: its output is the mean of theirs.
 *
 * Members stand side by side and read the same input; the constants of each one's last node, a
 * dense layer, are divided by their number, and the outputs are added up. So the mean needs no node
 * that engines do not know, and is verified as any network is. What members begin with alike, the
 * normalisation of the input, is there once.
 */
#ifndef VOUCH_TRAIN_ENSEMBLE_H
#define VOUCH_TRAIN_ENSEMBLE_H

#include "graph/graph.h"

/* Bound graphs of one input and one output, of the same shapes. The new graph, not bound, lives apart
 * from them. VOUCH_ERR_UNSUPPORTED where a member does not end in a Gemm with constant weights. */
vouch_status vouch_ensemble_build(vouch_context *ctx, vouch_graph *const *member, int count,
                                  vouch_graph **graph);

#endif
