/* What a classifier says of samples as they are, and how far its confidence may be believed. */
#ifndef VOUCH_EVAL_ACCURACY_H
#define VOUCH_EVAL_ACCURACY_H

#include "attack/victim.h"
#include "data/corruption.h"

/* Labelled samples. */
typedef struct vouch_eval_points {
    const vouch_data_info *info; /* of the data they are from */
    int64_t count, inputs;
    const float *x;   /* [count][inputs] */
    const int *label; /* [count], each a class */
} vouch_eval_points;

/* Logits z[count][classes] of x[count][inputs], by threads. */
vouch_status vouch_eval_logits(vouch_context *ctx, const vouch_victim_plan *plan, int threads,
                               int64_t count, const float *x, float *z);

enum { VOUCH_BINS = 15 };

/* Confidence: the largest softmax of the logits. Bin b holds confidences in
 * (b / VOUCH_BINS, (b + 1) / VOUCH_BINS]. */
typedef struct vouch_calibration {
    int64_t points[VOUCH_BINS], right[VOUCH_BINS];
    double confidence[VOUCH_BINS]; /* mean; NaN where empty */
    double ece;                    /* mean of |accuracy - confidence| over the points */
    double worst;                  /* the largest of the bins */
    double mean_confidence;
    double brier, log_loss; /* means */
} vouch_calibration;

vouch_status vouch_calibrate(vouch_arena *arena, int64_t count, int64_t classes, const float *z,
                             const int *label, vouch_calibration *calibration);

/* How many of the points are still right after a corruption of each severity. */
typedef struct vouch_corrupted {
    const vouch_corruption *corruption;
    int64_t right[VOUCH_SEVERITIES];
} vouch_corrupted;

vouch_status vouch_eval_corrupted(vouch_context *ctx, const vouch_victim_plan *plan,
                                  int threads, uint64_t seed, const vouch_eval_points *points,
                                  vouch_corrupted *result);

#endif
