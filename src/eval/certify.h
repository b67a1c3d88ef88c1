/* Certified accuracy: which points are proved to keep their class in a ball, over the reals.
 *
 * A cascade: each point is given to cheap bounds first, then to dearer ones, and last, if asked
 * for, to a complete verification with a limit. What one level proves no other need look at.
 */
#ifndef VOUCH_EVAL_CERTIFY_H
#define VOUCH_EVAL_CERTIFY_H

#include "attack/ball.h"
#include "graph/graph.h"
#include "io/journal.h"

/* "none", then the levels in their order: interval, crown, alpha, complete. */
enum { VOUCH_CERTIFY_LEVELS = 4 };
const char *vouch_certify_name(int level); /* 1 .. VOUCH_CERTIFY_LEVELS; 0: "none" */
/* As `choices` of an option row. */
bool vouch_certify_choices(size_t index, const char **name);
int vouch_certify_find(const char *name); /* -1: no such level */

/* What is known of a point. */
typedef struct vouch_certificate {
    int level;         /* that proved it; 0: none */
    bool is_refuted;   /* complete verification found an adversarial, replayed exactly */
    bool is_timed_out; /* complete verification ended by its limit */
} vouch_certificate;

typedef struct vouch_certify {
    const vouch_graph *graph; /* bound; its outputs are the logits */
    const vouch_ball *ball;   /* L-infinity */
    const float *x;           /* [count][inputs] */
    const int *label;         /* [count] */
    int64_t count;
    const bool *skip; /* [count] points not to be looked at */
    const bool
        *attacked;  /* [count] points with an adversarial: complete verification is spared */
    int level;      /* the last one */
    double limit_s; /* of a complete verification */
    uint64_t seed;
    int threads;
    vouch_journal *journal; /* NULL: none */
} vouch_certify;

/* certificate[count] is updated: points that have a level are left alone. */
vouch_status vouch_certify_run(vouch_context *ctx, vouch_arena *arena,
                               const vouch_certify *request, vouch_certificate *certificate);

#endif
