/* A property in pieces, for networks of few inputs whose piecewise-linear form is too large.
 *
 * Problem: a network of tens of thousands of ReLUs (a lattice of minima and maxima, say) has no
 * form small enough for dense rows on the whole box. On a part of the box most of its ReLUs are
 * stable, and lowering folds those away.
 *
 * Method: lower on the box; where the form is too large, halve the box along its relatively
 * widest input and try the halves, depth first. Each piece that has a form is a property of its
 * own: the same cases on a smaller box. The property holds if it holds on every piece; a
 * witness of a piece is one of the whole, since the exact boxes that witnesses are checked
 * against stay those of the property. A piece that rounding leaves undecided is halved as well:
 * the form of a smaller box has fewer neurons, and less is lost in making it.
 *
 * Blocks: the rows of all boxes are outputs of the form, so that with very many boxes every bound
 * of one would pay for all. A block of them at a time is a piece like any other.
 */
#ifndef VOUCH_VERIFY_PIECES_H
#define VOUCH_VERIFY_PIECES_H

#include "verify/task.h"

typedef struct vouch_piece {
    vouch_spec spec; /* one box; its case k is case first_case + k of the whole */
    vouch_task task; /* with a form */
    int first_case;
    double share; /* of the whole volume */
    int depth;    /* halvings so far */
} vouch_piece;

typedef enum vouch_piece_outcome {
    VOUCH_PIECE_DONE = 0,
    VOUCH_PIECE_HALVE, /* its halves are to be tried */
    VOUCH_PIECE_STOP   /* the rest need not be looked at */
} vouch_piece_outcome;

/* Decides a piece. What it allocates in arena is lost when it returns. */
typedef vouch_status vouch_piece_fn(void *user, vouch_arena *arena, vouch_piece *piece,
                                    vouch_piece_outcome *outcome);

/* May pieces help on this network? */
vouch_status vouch_pieces_apply(vouch_context *ctx, const vouch_graph *graph, bool *apply);

/* Calls fn for every piece, in order, until one says stop. *stuck: a box was halved so often
 * without a form that pieces are no way to go; the rest was not looked at. */
vouch_status vouch_pieces_run(vouch_context *ctx, const vouch_graph *graph,
                              const vouch_spec *spec, vouch_piece_fn *fn, void *user,
                              bool *stuck);

/* The same with so many boxes, one after the other, each piece; whole boxes, the hull of a piece's.
 * *stuck: a piece has no form. */
enum { VOUCH_BLOCK_BOXES = 256 };
vouch_status vouch_pieces_blocks(vouch_context *ctx, const vouch_graph *graph,
                                 const vouch_spec *spec, vouch_piece_fn *fn, void *user,
                                 bool *stuck);

#endif
