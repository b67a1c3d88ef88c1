/* How many points keep their class under every parameter of a transformation: what is proved,
 * what is refuted, by severity.
 *
 * The parameters of a severity hold those of the lesser ones, so a point is described by the
 * greatest severity it is proved for and the least one it is refuted at.
 */
#ifndef VOUCH_EVAL_TRANSFORMED_H
#define VOUCH_EVAL_TRANSFORMED_H

#include "eval/accuracy.h"
#include "eval/transform.h"
#include "io/journal.h"

typedef struct vouch_transform_verdict {
    int proved;      /* the class is kept for all parameters of this severity; 0: of none */
    int refuted;     /* the least severity at which it is not; 0: none is known */
    bool is_limited; /* the limit of seconds or cells ended the proof */
    int64_t cells;   /* parts of the parameters that were bounded */
    double parameter[VOUCH_PARAMETERS]; /* where it is refuted */
} vouch_transform_verdict;

typedef struct vouch_transforming {
    const vouch_transform *transform;
    const vouch_victim_plan *plan;
    const vouch_eval_points *points;
    const bool *skip; /* [count] points not to be looked at */
    int level; /* of the cascade (certify.h) for each cell; no domain: alpha. 0: no proofs */
    double limit_s; /* of a point's proof at one severity */
    int threads;
    vouch_journal *journal; /* NULL: none */
} vouch_transforming;

typedef struct vouch_transformed {
    const vouch_transform *transform;
    double reach[VOUCH_SEVERITIES];
    int64_t withstood[VOUCH_SEVERITIES], certified[VOUCH_SEVERITIES];
    int64_t limited, cells;
    double seconds;
    vouch_transform_verdict *verdict; /* [count] */
} vouch_transformed;

/* Stopped (VOUCH_ERR_CANCELLED), the result holds what is known so far. */
vouch_status vouch_eval_transformed(vouch_context *ctx, vouch_arena *arena,
                                    const vouch_transforming *request,
                                    vouch_transformed *result);

#endif
