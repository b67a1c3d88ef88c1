/* Evaluation: how right a classifier is, how robust between attack and proof, on labelled points.
 *
 * Robust accuracy on these points lies between what is certified and what attacks leave. Both are
 * facts over the reals, so a point that is both proved and attacked means that vouch is wrong
 * somewhere; it is looked for, and is an error, never a figure.
 */
#ifndef VOUCH_EVAL_EVAL_H
#define VOUCH_EVAL_EVAL_H

#include "attack/campaign.h"
#include "eval/accuracy.h"
#include "eval/certify.h"
#include "eval/smoothing.h"
#include "eval/transformed.h"

typedef struct vouch_eval_attack {
    const vouch_attack *attack;
    const void *settings; /* NULL: defaults */
    const char *name;     /* in results; no two are the same */
} vouch_eval_attack;

typedef struct vouch_eval_request {
    const vouch_graph *graph;
    vouch_eval_points points;
    vouch_ball ball; /* norm, range, image, rules; its eps is one of the following */
    int eps_count;
    const double *eps; /* [eps_count] ascending */
    int attack_count;
    const vouch_eval_attack *attack; /* [attack_count] */
    int certify_level;               /* the last one; 0, or a norm other than linf: none */
    double limit_s;                  /* of each complete verification */
    double smoothing_sigma;          /* 0: no smoothing */
    vouch_smoothing smoothing;       /* but for sigma, seed and threads */
    bool corruptions;                /* all that apply to the data */
    int transform_count;
    const vouch_transform *const *transform; /* [transform_count] */
    uint64_t seed;
    int threads;
    vouch_journal *journal; /* finished work is taken from it and kept in it; NULL: none */
} vouch_eval_request;

typedef struct vouch_eval_class {
    int64_t points, right, predicted, robust, certified; /* the last two at the least eps */
} vouch_eval_class;

/* One radius. Counts are of right points; robust >= certified. */
typedef struct vouch_eval_radius {
    double eps;
    int attacks;     /* that came to their end: all, unless interrupted */
    int64_t *robust; /* [attack_count] withstood that attack */
    bool *found; /* [attack_count][count] that attack found an adversarial, at this radius */
    int64_t withstood; /* all attacks, complete verification included */
    int64_t certified, by_level[VOUCH_CERTIFY_LEVELS + 1], refuted, timed_out;
    double attack_s, certify_s;
} vouch_eval_radius;

/* What happened to a point at one radius. */
typedef struct vouch_eval_verdict {
    const char *found_by; /* attack, or "complete"; NULL: withstood */
    int level;            /* of the certificate, 0: none */
} vouch_eval_verdict;

typedef struct vouch_eval_result {
    bool is_interrupted;
    int64_t classes, right;
    int *predicted; /* [count] */
    vouch_calibration calibration;
    vouch_eval_class *class;     /* [classes] */
    vouch_eval_radius *radius;   /* [eps_count] */
    vouch_eval_verdict *verdict; /* [eps_count][count] */
    vouch_smoothed *smoothed;    /* [count]; NULL: no smoothing */
    int64_t smoothed_right;
    int corrupted_count;
    vouch_corrupted *corrupted;
    int transformed_count; /* that were begun: all, unless interrupted */
    vouch_transformed *transformed;
} vouch_eval_result;

/* Are there proofs at the radii? In L-infinity alone. */
static inline bool vouch_eval_proves(const vouch_eval_request *request)
{
    return request->certify_level > 0 && request->ball.norm == VOUCH_NORM_LINF;
}

/* The result is in the arena. Stopped (VOUCH_ERR_CANCELLED) it holds what is known so far: bounds
 * that are true, though not all was tried. */
vouch_status vouch_eval_run(vouch_context *ctx, vouch_arena *arena,
                            const vouch_eval_request *request, vouch_eval_result *result);

#endif
