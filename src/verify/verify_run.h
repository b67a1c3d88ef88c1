/* One verification under way: what the files of its schedule share.
 *
 *   verify.c         settings, attack, limits: the schedule
 *   verify_choose.c  which search
 *   verify_search.c  the searches
 */
#ifndef VOUCH_VERIFY_VERIFY_RUN_H
#define VOUCH_VERIFY_VERIFY_RUN_H

#include "verify/search.h"
#include "verify/task.h"
#include "verify/verify.h"

/* boxes    cuts of inputs, many boxes at once on a network that shrinks (verify/search.h): in
 *          float, what float could not decide in double. Piecewise-linear networks of few
 *          inputs. Or any network, box by box, in a domain that was asked for.
 * pieces   the same on one part of the property's boxes after the other, where the network is
 *          too large for the whole (verify/pieces.h).
 * blocks   the same on a block of very many boxes after the other.
 * branch   splits of neurons and cuts of inputs in one tree (verify/branch.h): everything else.
 * both     boxes for a fixed number of subproblems, then branch: piecewise-linear networks of
 *          more inputs, where it takes little to see whether cuts do.
 * swept    a cheap look at every box, then branch on what is left: very many boxes in each of
 *          which few inputs vary (verify/sweep.h). */
typedef enum vouch_search_kind {
    VOUCH_SEARCH_BOXES,
    VOUCH_SEARCH_PIECES,
    VOUCH_SEARCH_BLOCKS,
    VOUCH_SEARCH_BRANCH,
    VOUCH_SEARCH_BOTH,
    VOUCH_SEARCH_SWEPT
} vouch_search_kind;

typedef struct vouch_verify_run {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_spec *spec;
    const vouch_verify_settings *settings;
    vouch_verify_result *result;
    vouch_task task;
    vouch_search_input in;
    vouch_search_kind search;
    bool decided;     /* sat, or proved (which under float32 semantics is no verdict) */
    bool open;        /* some piece stays undecided */
    uint64_t last_id; /* the largest id of a subproblem so far */
} vouch_verify_run;

/* ---- verify_choose.c --------------------------------------------------------------------- */

/* Scalars that nodes make whose operators are not affine. */
int64_t vouch_verify_nonlinear(const vouch_graph *graph);
/* The task, the search, and its engine: batched where the network has a piecewise-linear form and
 * the domain allows it. */
vouch_status vouch_verify_choose(vouch_verify_run *r);

/* ---- verify_search.c --------------------------------------------------------------------- */

/* Starts from the spec's boxes that some case lives in, each with its share of all volume. */
vouch_status vouch_verify_start(vouch_verify_run *r);
/* Place by place, where the property is of that kind (verify/places.h). Places that stay open are
 * left to the search as a whole. */
vouch_status vouch_verify_places(vouch_verify_run *r);
/* The search that was chosen. */
vouch_status vouch_verify_search(vouch_verify_run *r);
vouch_status vouch_verify_exact(vouch_verify_run *r);

/* ---- what came of it --------------------------------------------------------------------- */

void vouch_verify_take_witness(vouch_verify_run *r, const vouch_witness *w);
/* Neither proved nor refuted: out of time, cancelled, or beyond its number. */
void vouch_verify_conclude_unfinished(vouch_verify_run *r);

#endif
