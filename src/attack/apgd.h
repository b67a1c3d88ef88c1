/* Auto-PGD: projected gradient with a step size that looks after itself. In L-infinity and L2 with
 * momentum (apgd.c), in L1 with sparse steps (apgd_l1.c). */
#ifndef VOUCH_ATTACK_APGD_H
#define VOUCH_ATTACK_APGD_H

#include "attack/attack.h"

typedef struct vouch_apgd_settings {
    int64_t steps, restarts, targets; /* targets: of the targeted attack alone */
    bool wide;                        /* in L1: begin in balls of 3 and 2 eps */
} vouch_apgd_settings;

/* Where the step size is looked at: after how many steps each interval ends. */
typedef struct vouch_apgd_schedule {
    int64_t interval, shrink, least;
} vouch_apgd_schedule;
/* For that many steps: .22, .03 and .06 of them. */
vouch_apgd_schedule vouch_apgd_schedule_of(int64_t steps);

/* One run from a random start, for every open point. rank: the target is the other class of that
 * rank by the clean logits (0: the likeliest); -1: none, or the point's own. index: names the
 * random start. */
vouch_status vouch_apgd_run(vouch_assault *a, const vouch_objective *objective, int64_t rank,
                            uint64_t index);

/* Of the untargeted attacks: their options, and as many runs as these say. */
enum { VOUCH_APGD_OPTIONS = 3 };
extern const vouch_option vouch_apgd_options[VOUCH_APGD_OPTIONS];
vouch_status vouch_apgd_restarts(vouch_assault *a, const vouch_objective *objective);

/* The option `wide`, the same for all. */
#define VOUCH_APGD_WIDE                                                                        \
    {                                                                                          \
        .name = "wide", .help = "beginning in balls of 3 and 2 eps (l1)",                      \
        .type = VOUCH_OPTION_FLAG, .offset = offsetof(vouch_apgd_settings, wide), .number = 1  \
    }

/* ---- what the two files share -------------------------------------------------------------- */

/* How far a point's run has come. */
typedef struct vouch_pace {
    double step, loss, best;
    double best_at_check; /* L-infinity, L2: at the last checkpoint */
    int64_t increases;    /* of the loss since then */
    bool halved;          /* the step was, at the last checkpoint */
    int64_t moved;        /* L1: coordinates that a step moves */
    int64_t changed;      /* in which the best differed from the clean at the last checkpoint */
} vouch_pace;

typedef struct vouch_ascent {
    vouch_assault *a;
    const vouch_objective *objective;
    int64_t rank;
    vouch_rows rows;                 /* the last that were looked at */
    float *at, *before, *best;       /* [count][inputs] */
    float *gradient, *best_gradient; /* [count][inputs] at `at`, `best` */
    vouch_pace *pace;                /* [count] */
} vouch_ascent;

/* Looks at the open points, each at its place, and notes losses, gradients and the best; `first`:
 * the best is this one. */
vouch_status vouch_ascent_look(vouch_ascent *s, bool first);
/* The point goes back to its best. */
void vouch_ascent_return(vouch_ascent *s, int64_t place);

/* A run in L1. */
vouch_status vouch_apgd_l1_run(vouch_ascent *s, uint64_t index);

#endif
