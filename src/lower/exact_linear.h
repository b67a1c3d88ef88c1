/* The exact coefficients of an affine node, as `linear` returns them.
 *
 * `linear` rounds in general, but not on a basis vector: one product by one is rounded to itself,
 * and zeros add nothing. So where the operator says that its coefficients are stored numbers
 * (op->exact, or nothing rounds at all), column i of the node's matrix is exactly what it returns
 * for the i-th basis vector. Rational arithmetic on networks rests on that.
 */
#ifndef VOUCH_LOWER_EXACT_LINEAR_H
#define VOUCH_LOWER_EXACT_LINEAR_H

#include "op/op.h"

/* One affine node in the eyes of one of its inputs. */
typedef struct vouch_exact_linear {
    vouch_context *ctx;
    vouch_arena *scratch; /* reset by the caller */
    const vouch_graph *graph;
    const vouch_node *node;
    int which; /* index into node->input */
} vouch_exact_linear;

bool vouch_exact_is_known(const vouch_graph *graph, const vouch_node *node);

/* The offset b, [count of the output], *offset NULL where it is not finite. */
vouch_status vouch_exact_offset(const vouch_exact_linear *l, const double **offset);

/* Calls visit with every column of A in turn until one says false or none is left. *complete:
 * all were visited. A column that is not finite ends the visits. */
typedef bool vouch_exact_visit(void *user, int64_t column, const double *entry);
vouch_status vouch_exact_columns(const vouch_exact_linear *l, vouch_exact_visit *visit,
                                 void *user, bool *complete);

#endif
