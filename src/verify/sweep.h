/* The sweep: a cheap look at each of very many boxes, before any search.
 *
 * Problem: a property may be hundreds or hundreds of thousands of boxes (a database's queries, one
 * by one). Each is easy, since few inputs vary in it, but a search that prepares every box as if it
 * were the only one spends its time on preparation.
 *
 * Method: a cascade. Every box is bounded by forward forms in the few inputs that vary, and cut
 * along these while its budget lasts; what is proved is done with. The budget starts at one bound
 * and grows eightfold from round to round, for what the round before has left, as long as a round
 * settles a good part of what it takes. The rest is a property of its own, for the dear search.
 *
 * A box proved here is a theorem by itself: nothing is carried from one box to the next. Results
 * do not depend on the number of threads: each box is searched by one thread, within a budget of
 * subproblems, and of several witnesses that of the first box is kept.
 */
#ifndef VOUCH_VERIFY_SWEEP_H
#define VOUCH_VERIFY_SWEEP_H

#include "verify/search.h"

typedef struct vouch_sweep_output {
    vouch_search_output total; /* witness, counts, stopped; no boxes left over */
    int left_count;
    bool *left; /* [boxes]: neither proved nor empty */
} vouch_sweep_output;

/* Are there many boxes, each of few inputs that vary? */
bool vouch_sweep_applies(const vouch_spec *spec);

/* like: the search whose graph, task, property, heuristics and limits are taken; its task's boxes
 * are those of the property. */
vouch_status vouch_sweep(vouch_context *ctx, vouch_arena *arena, const vouch_search_input *like,
                         vouch_sweep_output *out);

/* The property of the boxes left, in the arena, sharing rows and boxes with the whole: its case k
 * is case (*which)[k] of the whole. */
vouch_status vouch_sweep_rest(vouch_arena *arena, const vouch_spec *spec, const bool *left,
                              vouch_spec *rest, int **which);

#endif
