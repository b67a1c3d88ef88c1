/* Falsification: looking for a witness of `sat`, and replaying it exactly.
 *
 * A candidate is any point; only vouch_witness_check makes it a witness: the point is rounded
 * to the input's element type, clamped into the exact decimal box, evaluated in outward
 * interval arithmetic (and, for piecewise linear networks where that is not decisive, in exact
 * rationals), and the property's rows are tested in rational arithmetic.
 *
 * A coordinate whose exact interval holds no number of the input's type (0.1 <= X_0 <= 0.1 of a
 * float32 input) is *between* numbers. Under real semantics it is taken at a real point of its
 * interval, a constant at the decimal itself; what is proved is that the network over the reals
 * violates the property there, and the witness holds the nearest double. Under float32 semantics
 * the nearest float32 stands for it and need not lie in the interval.
 */
#ifndef VOUCH_ATTACK_FALSIFY_H
#define VOUCH_ATTACK_FALSIFY_H

#include "op/op.h"
#include "spec/spec.h"

typedef enum vouch_semantics {
    VOUCH_SEMANTICS_REAL = 0, /* the network over the reals */
    VOUCH_SEMANTICS_FLOAT32   /* ONNX-order float32 evaluation decides */
} vouch_semantics;

typedef struct vouch_witness {
    bool found;
    int which_case;
    double *input, *output; /* [sizes], caller's arrays; output: nearest double evaluation */
} vouch_witness;

/* Is `candidate` (any doubles, e.g. slightly outside the box) a witness for some case, after
 * rounding to the input type and clamping into that case's box? Fills *witness if so, else only
 * sets found to false. A cheap double evaluation filters first. */
vouch_status vouch_witness_check(vouch_context *ctx, vouch_arena *scratch,
                                 const vouch_graph *graph, const vouch_spec *spec,
                                 vouch_semantics semantics, const double *candidate,
                                 vouch_witness *witness);

/* How many inputs of a witness of that case are between numbers. */
vouch_status vouch_witness_between(vouch_arena *scratch, const vouch_graph *graph,
                                   const vouch_spec *spec, vouch_semantics semantics,
                                   int which_case, int64_t *count);

typedef struct vouch_falsify_settings {
    int64_t samples; /* random points of the first look at a box; fewer where points are dear */
    int64_t restarts; /* of descents in the first look; 0: no descents, no walks */
    int64_t steps;    /* of a descent in the first look; later rounds take up to four times */
    int64_t rounds;   /* after the first look: rounds of descents and walks from the best points
                       * and from fresh ones. 0: the first look is all */
    int64_t seed;     /* another seed, another search: call again with the next one */
    int64_t threads;  /* 0: one. Their number changes no result */
    double deadline_wall; /* vouch_wall_s() value; infinity = none */
    vouch_semantics semantics;
} vouch_falsify_settings;

/* Corners and centre, seeded random points, projected gradient on the violation from many starts
 * at once, and walks where gradients say nothing, for every case of the spec. Without a witness
 * at the deadline, or when the context is cancelled, it returns VOUCH_OK with found false. Same
 * seed, same witness (a deadline may cut the search short). */
vouch_status vouch_falsify(vouch_context *ctx, vouch_arena *scratch, const vouch_graph *graph,
                           const vouch_spec *spec, const vouch_falsify_settings *settings,
                           vouch_witness *witness);

#endif
