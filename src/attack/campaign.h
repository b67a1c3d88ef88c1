/* A campaign: one attack, or an ensemble, on many points, with proof of what it claims.
 *
 * Points go to threads in blocks; an ensemble's next attack gets what the last ones left, packed
 * into new blocks. Every claim is replayed (replay.h): only what the network over the reals gets
 * wrong counts as found. Same campaign, same bytes, for any number of threads.
 */
#ifndef VOUCH_ATTACK_CAMPAIGN_H
#define VOUCH_ATTACK_CAMPAIGN_H

#include "attack/attack.h"

typedef struct vouch_campaign {
    const vouch_graph *graph; /* a classifier, bound */
    const vouch_attack *attack;
    const void *settings; /* of the attack; NULL: defaults */
    const vouch_ball *ball;
    int64_t count;
    const float *x;    /* [count][inputs] */
    const int *label;  /* [count] -1: unknown, the network's own prediction counts as right */
    const int *target; /* [count] NULL: none; a class wanted, -1: any but the label */
    uint64_t seed;
    int64_t budget;  /* passes of each point; 0: as many as the attack takes */
    int64_t threads; /* 0: one */
} vouch_campaign;

typedef enum vouch_outcome {
    VOUCH_OUTCOME_OPEN,    /* not attacked to the end: the campaign was stopped */
    VOUCH_OUTCOME_HELD,    /* right, and nothing was found */
    VOUCH_OUTCOME_FOUND,   /* an adversarial, proved */
    VOUCH_OUTCOME_WRONG,   /* the clean point, or its label, is what was asked for already */
    VOUCH_OUTCOME_DOUBTFUL /* held, but an adversarial is claimed that the replay refuses */
} vouch_outcome;
enum { VOUCH_OUTCOMES = 5 };
const char *vouch_outcome_name(vouch_outcome outcome);

typedef struct vouch_fate {
    vouch_outcome outcome;
    int label;            /* the class taken as right */
    int clean, predicted; /* classes of the point and of the adversarial */
    const char *by;       /* name of the attack that found it, or NULL */
    double distance;      /* of the adversarial, in the ball's norm */
    int64_t forward, backward;
} vouch_fate;

/* adversarial[count][inputs]: what was found or is claimed, else the point itself. Stopped
 * (VOUCH_ERR_CANCELLED), both arrays hold what is known so far. */
vouch_status vouch_campaign_run(vouch_context *ctx, vouch_arena *arena,
                                const vouch_campaign *campaign, float *adversarial,
                                vouch_fate *fate);

#endif
