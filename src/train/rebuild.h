/* Networks that are another one but for its beginning or its end. */
#ifndef VOUCH_TRAIN_REBUILD_H
#define VOUCH_TRAIN_REBUILD_H

#include "graph/graph.h"
#include "spec/schema.h"

/* The network of numbers as they are, where `graph` takes each as a share of its valid range: the
 * first two nodes subtract `low` and divide by the range. Not bound. */
vouch_status vouch_rebuild_inputs(vouch_context *ctx, const vouch_graph *graph,
                                  const vouch_feature *feature, vouch_graph **out);
/* The bound network with a fresh last dense layer of that many outputs, whatever it had: Gemm, or
 * MatMul with or without Add. VOUCH_ERR_UNSUPPORTED where it does not end so. Not bound. */
vouch_status vouch_rebuild_head(vouch_context *ctx, const vouch_graph *graph, int64_t outputs,
                                uint64_t seed, vouch_graph **out);

#endif
