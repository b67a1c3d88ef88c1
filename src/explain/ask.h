/* Questions about any set of features, remembered.
 *
 * May the features of a set change all together, within their radius, and the class cannot? Where a
 * set was proved all its parts are; where a witness is known all sets are changed that hold the
 * features it changes. So most questions are answered without being asked.
 */
#ifndef VOUCH_EXPLAIN_ASK_H
#define VOUCH_EXPLAIN_ASK_H

#include "explain/sets.h"
#include "explain/strategy.h"

typedef enum vouch_reply {
    VOUCH_REPLY_UNKNOWN, /* the oracle could not tell */
    VOUCH_REPLY_SAFE,    /* proved: the class stays */
    VOUCH_REPLY_CHANGED  /* a witness is known */
} vouch_reply;

/* A set and why it is safe or changed. */
typedef struct vouch_evidence {
    uint64_t *set;        /* safe: as large as known; changed: what the witness changes */
    const float *witness; /* [inputs]; NULL: over the reals alone */
    int rival;            /* the class there; -1: NULL */
} vouch_evidence;

typedef struct vouch_asker vouch_asker;

/* In the arena of the inquiry, which must outlive it. Sets are of features that can move. */
vouch_status vouch_asker_new(vouch_inquiry *q, vouch_asker **asker);
int64_t vouch_asker_words(const vouch_asker *asker);
const uint64_t *vouch_asker_movable(const vouch_asker *asker);
int64_t vouch_asker_asked(const vouch_asker *asker); /* questions that were not remembered */
/* Sets of which the oracle could not tell may be asked again: a dearer one may tell. */
void vouch_asker_forget_undecided(vouch_asker *asker);

/* *evidence: of SAFE and CHANGED; valid as long as the asker. */
vouch_status vouch_ask(vouch_asker *asker, const uint64_t *set, vouch_reply *reply,
                       const vouch_evidence **evidence);
/* What is known from elsewhere: the set is proved; the point was replayed. */
vouch_status vouch_asker_learn_safe(vouch_asker *asker, const uint64_t *set);
vouch_status vouch_asker_learn_changed(vouch_asker *asker, const float *witness, int rival,
                                       const vouch_evidence **evidence);
/* A witness that changes one feature of `fixed`, that one, and else others; NULL: none is known. */
const vouch_evidence *vouch_asker_witness(const vouch_asker *asker, const uint64_t *fixed,
                                          int64_t feature);

#endif
