/* Smallest hitting sets.
 *
 * Problem: of all sets X that meet each of some sets, and hold none of some others whole, one with
 *          the fewest members.
 */
#ifndef VOUCH_EXPLAIN_HITTING_H
#define VOUCH_EXPLAIN_HITTING_H

#include "base/arena.h"
#include "explain/sets.h"

typedef struct vouch_hitting {
    int64_t words, features;
    const uint64_t *const *hit; /* [hits]: X meets each */
    const uint64_t *const *bar; /* [bars]: X holds none of them whole */
    int64_t hits, bars;
    int64_t at_least;   /* known: X has that many members; 0 is always right */
    int64_t most_nodes; /* of the search; beyond, the best so far is the answer */
} vouch_hitting;

typedef struct vouch_hitting_set {
    bool exists;   /* set is one */
    bool is_ended; /* the search came to its end: set is a smallest one, or there is none */
    uint64_t *set; /* [words], the caller's */
    int64_t size;
    int64_t at_least; /* proved, of every X */
} vouch_hitting_set;

/* Polls the context of the arena, in which it leaves nothing. */
vouch_status vouch_hitting_smallest(vouch_arena *arena, const vouch_hitting *problem,
                                    vouch_hitting_set *answer);

#endif
