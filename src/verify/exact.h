/* The exact search: case splits of ReLUs to the end, for tiny networks.
 *
 * Reluplex [Katz 2017] without floating point: the network's rows, the box and a case of the
 * property are limits of rational linear arithmetic (num/simplex.h); where the point it finds
 * breaks a ReLU, that ReLU is split. Strict rows, rows met with equality and touching boundaries
 * are decided as they are, with no tolerance and no rounding: the oracle of the other searches.
 */
#ifndef VOUCH_VERIFY_EXACT_H
#define VOUCH_VERIFY_EXACT_H

#include <vouch/verdict.h>

#include "attack/falsify.h"

typedef struct vouch_exact_output {
    vouch_verdict verdict; /* unknown where stopped, or for the reason given */
    const char *reason;    /* static; NULL: stopped, or none needed */
    vouch_witness witness; /* of `sat` */
    bool solvable;         /* some case has a solution over the reals */
    bool unsuited;         /* the reason is that it cannot take this network and property */
    uint64_t subproblems, splits;
    int max_depth;
} vouch_exact_output;

/* witness.input and .output in the arena. Under float32 semantics `unsat` speaks of the network
 * over the reals, as everywhere. */
vouch_status vouch_exact(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                         const vouch_spec *spec, vouch_semantics semantics,
                         vouch_exact_output *out);

#endif
