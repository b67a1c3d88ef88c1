/* What a network is like on some samples, as studies of training measure it after an epoch.
 *
 * Accuracies are of attacks whose finds are replayed over the reals (attack/campaign.h). Losses
 * are float32 means, for curves: the local linearity error (train/elle.h), which leaps when a
 * network learns to mislead single steps, and the cross-entropy of interval bounds
 * (train/bound.h).
 */
#ifndef VOUCH_LAB_GAUGE_H
#define VOUCH_LAB_GAUGE_H

#include "attack/campaign.h"
#include "data/data.h"

typedef struct vouch_gauge_request {
    const vouch_graph *graph; /* bound */
    const vouch_data *data;
    double eps;
    int64_t steps, restarts; /* of PGD */
    uint64_t seed;
    int threads;
} vouch_gauge_request;

typedef struct vouch_gauge {
    int64_t clean, single, pgd; /* samples right: as they are, under FGSM, under PGD */
    double linearity;           /* mean squared error */
    double bound;               /* mean loss; NaN where a network has no such bounds */
} vouch_gauge;

vouch_status vouch_gauge_run(vouch_context *ctx, vouch_arena *arena,
                             const vouch_gauge_request *request, vouch_gauge *gauge);

/* Margins of the label over the other classes: of each sample as it is, and the least that `steps`
 * steps of PGD find, by float32; [count]. */
vouch_status vouch_gauge_margins(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_gauge_request *request, double *clean,
                                 double *least);

/* The L-infinity ball of that radius in the range of the data. */
vouch_status vouch_gauge_ball(vouch_arena *arena, const vouch_data_info *info, double eps,
                              vouch_ball *ball);
/* "NAME SETTING=VALUE ..."; its settings are in the arena. */
vouch_status vouch_gauge_find_attack(vouch_arena *arena, const char *text,
                                     const vouch_attack **attack, const void **settings);
/* One attack, "NAME SETTING=VALUE ...", on the samples; the ball and the fates [count] are of the
 * arena. */
vouch_status vouch_gauge_attack(vouch_context *ctx, vouch_arena *arena,
                                const vouch_gauge_request *request, const char *attack,
                                vouch_fate **fate);
/* How many of the fates are still right. */
int64_t vouch_gauge_held(int64_t count, const vouch_fate *fate);

#endif
