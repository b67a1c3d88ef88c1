/* Pick heuristics: which scalar inside the network a subproblem is split on.
 *
 * A heuristic scores every neuron (a scalar read by a nonlinear node, bounds/dag.h); the search
 * keeps the best few, and, if the heuristic asks for it, bounds both children of several before
 * it decides. Any scores are sound: they only change how many subproblems are needed.
 *
 * A new heuristic is one file src/verify/pick_NAME.c with `const vouch_pick vouch_pick_NAME`
 * and one line VOUCH_PICK(NAME) in pick.def.
 */
#ifndef VOUCH_VERIFY_PICK_H
#define VOUCH_VERIFY_PICK_H

#include <stdbool.h>

#include "base/random.h"

typedef struct vouch_pick_view {
    int64_t neuron_count;
    const double *low, *high; /* [neuron_count] */
    /* [neuron_count]: what relaxing the neuron costs the bound; 0 = a split would not help, and
     * such a neuron is never picked, whatever its score */
    const double *loss;
    const double *slope; /* [neuron_count]: its coefficient in the backward walk */
    vouch_random *random;
} vouch_pick_view;

typedef struct vouch_pick {
    const char *name;
    const char *summary;
    const char *citation;
    int trials;  /* best candidates whose children are bounded, cheaply, before one is chosen */
    bool learns; /* scores are weighed by what splits of the same neuron brought so far, and
                    only neurons about which little is known are tried */
    void (*score)(const vouch_pick_view *view, double *score); /* [neuron_count] */
} vouch_pick;

const vouch_pick *const *vouch_pick_table(void); /* NULL-terminated */
const vouch_pick *vouch_pick_find(const char *name);

#endif
