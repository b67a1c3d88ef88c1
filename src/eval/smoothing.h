/* Randomised smoothing: the class a network gives most often near a point, with a radius within
 * which that class is certified [Cohen, Rosenfeld, Kolter 2019].
 */
#ifndef VOUCH_EVAL_SMOOTHING_H
#define VOUCH_EVAL_SMOOTHING_H

#include "attack/victim.h"
#include "io/journal.h"

enum { VOUCH_SMOOTHING_ABSTAINS = -1 };

typedef struct vouch_smoothing {
    double sigma;               /* of the noise, in units of the inputs; > 0 */
    int64_t selection, samples; /* noisy copies that choose the class, that bound it */
    double alpha;               /* each answer is wrong with at most this probability */
    uint64_t seed;
    int threads;
    vouch_journal *journal; /* NULL: none */
} vouch_smoothing;

typedef struct vouch_smoothed {
    int predicted;    /* class, or VOUCH_SMOOTHING_ABSTAINS */
    int64_t hits;     /* of the chosen class among `samples` */
    double lower;     /* bound of its probability */
    double radius_l2; /* certified; 0 where it abstains */
} vouch_smoothed;

/* The answer for these counts: `hits` of `samples` fell on class `chosen`. */
vouch_smoothed vouch_smoothing_judge(const vouch_smoothing *smoothing, int chosen,
                                     int64_t hits);
/* Cohen's PREDICT: the class seen most often, or VOUCH_SMOOTHING_ABSTAINS where its lead over
 * the second is not significant. count[classes]. */
int vouch_smoothing_vote(int64_t classes, const int64_t *count, double alpha);

/* Cohen's CERTIFY for each of x[count][inputs]; smoothed[count]. The same for any number of
 * threads. */
vouch_status vouch_smoothing_run(vouch_arena *arena, const vouch_victim_plan *plan,
                                 const vouch_smoothing *smoothing, int64_t count,
                                 const float *x, vouch_smoothed *smoothed);

#endif
