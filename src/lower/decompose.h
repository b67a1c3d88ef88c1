/* Composite operators as simpler ones, for bounds.
 *
 * Softmax, LayerNormalization, MaxPool and their kind are one node for evaluation (so that
 * float32 results are ONNX's) but several for bounds: curves, sums, products and ReLUs, which
 * have planes and can be split. The copy computes the same real function as the graph.
 */
#ifndef VOUCH_LOWER_DECOMPOSE_H
#define VOUCH_LOWER_DECOMPOSE_H

#include "op/op.h"

/* A bound copy of the bound graph in which every node that varies and whose operator has
 * `decompose` is replaced, until none is left. Inputs and outputs are the same, in order;
 * constants are shared, so graph must outlive the copy (freed by vouch_graph_free). Its opset is
 * that of the new nodes: the copy is for bounds and evaluation, not to be written. */
vouch_status vouch_lower_decompose(vouch_context *ctx, const vouch_graph *graph,
                                   vouch_graph **copy);

#endif
