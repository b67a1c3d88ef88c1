/* What the files of this folder share: representable points, row values, exact evaluation. */
#ifndef VOUCH_ATTACK_ATTACK_PRIV_H
#define VOUCH_ATTACK_ATTACK_PRIV_H

#include "attack/falsify.h"
#include "base/random.h"

/* ---- representable.c ------------------------------------------------------------------- */

/* The points of a box that may be witnesses: low[i] is the least number of coordinate i's element
 * type that is >= the exact lower bound, high[i] the greatest that is <= the exact upper bound.
 * Where the exact interval holds no such number, the coordinate is `between`: fixed at one real
 * point of the interval, of which low[i] = high[i] is the nearest double (under float32
 * semantics: at the nearest float32, inside or not). */
typedef struct vouch_grid {
    int64_t size;
    vouch_semantics semantics;
    const bool *is_float; /* [size]: float32, else float64 */
    bool *between;        /* [size] */
    double *low, *high;   /* [size] */
    const vouch_box *box;
    bool empty; /* the box is */
} vouch_grid;

vouch_status vouch_grid_new(vouch_arena *arena, const vouch_graph *graph,
                            const vouch_spec *spec, vouch_semantics semantics,
                            vouch_grid *grid);
/* Sets low, high, empty for that box of the specification. */
void vouch_grid_set_box(vouch_grid *grid, const vouch_box *box);
/* Rounds every coordinate of from to its type and clamps it into the grid. A NaN becomes low.
 */
void vouch_grid_round(const vouch_grid *grid, const double *from, double *to);
/* The exact coordinate i of a rounded point x, into an initialised rational. */
void vouch_grid_exact(const vouch_grid *grid, const double *x, int64_t i, mpq_ptr exact);
/* Doubles around the exact coordinates of x. */
void vouch_grid_enclose(const vouch_grid *grid, const double *x, double *low, double *high);
/* Does the rounded point x lie in the box, exactly? Coordinates between numbers count as inside
 * (they are chosen so, or, under float32 semantics, are inside by definition). */
bool vouch_grid_contains(const vouch_grid *grid, const double *x);

/* ---- candidates.c ---------------------------------------------------------------------- */

/* Points of a box by number: its centre, all its corners while few coordinates vary, then random
 * points: half of them with coordinates snapped to an end of their interval, the others uniform
 * or, where the corners are too many, now and then one of these. varying[count]: the coordinates
 * that vary. */
enum {
    VOUCH_CANDIDATE_CORNERS = 10, /* varying coordinates up to which all are tried */
    VOUCH_CANDIDATE_FEW = 3       /* varying coordinates that are swept evenly */
};
int64_t vouch_candidate_fixed(int64_t varying_count); /* how many come before the random ones */
void vouch_candidate(const vouch_grid *grid, const int64_t *varying, int64_t count,
                     int64_t number, vouch_random *random, double *point);

/* ---- loss.c ---------------------------------------------------------------------------- */

/* The network whose outputs the search looks at: the given one, or, where all rows compare two
 * outputs of a last monotone normalisation (softmax, sigmoid), the values before it, which order
 * points where the outputs are saturated. A copy of the struct in the arena. */
vouch_status vouch_loss_graph(vouch_arena *arena, const vouch_graph *graph,
                              const vouch_spec *spec, const vouch_graph **looked_at);
/* Adds to d_y and d_x the gradient of a soft maximum of the case's rows at (x, y). */
void vouch_loss_gradient(const vouch_case *c, const double *x, const double *y, double *d_y,
                         double *d_x);
/* Moves x towards the half-spaces of the rows without outputs, inside the grid. */
void vouch_loss_project(const vouch_grid *grid, const vouch_case *c, double *x);

/* ---- lanes.c --------------------------------------------------------------------------- */

/* What all threads of a search share, unchanged while they run. */
typedef struct vouch_hunt {
    const vouch_graph *graph, *looked_at;
    const vouch_spec *spec;
    const vouch_falsify_settings *settings;
    const struct vouch_grad_plan *plan;
    int64_t lanes;  /* samples of a batch */
    int64_t points; /* most points that a look evaluates */
} vouch_hunt;

/* The end of the run of cases that share the box of case `first`. */
int vouch_hunt_last(const vouch_spec *spec, int first);

/* ---- leads.c --------------------------------------------------------------------------- */

/* A point worth going on from. */
typedef struct vouch_lead {
    double value; /* violation / scale */
    int which_case;
    double *point; /* [inputs] */
} vouch_lead;

enum { VOUCH_LEADS = 8 };
/* The best points so far, best first. */
typedef struct vouch_leads {
    int count;
    vouch_lead lead[VOUCH_LEADS];
} vouch_leads;
bool vouch_leads_new(vouch_arena *arena, int64_t inputs, vouch_leads *leads);
void vouch_leads_add(vouch_leads *leads, double value, int which_case, const double *point,
                     int64_t inputs);

/* ---- lanes.c, continued ----------------------------------------------------------------- */

typedef enum vouch_job_kind {
    VOUCH_JOB_LOOK,
    VOUCH_JOB_DESCEND,
    VOUCH_JOB_WALK,
    VOUCH_JOB_SWEEP
} vouch_job_kind;

/* One batch of lanes on one box. A LOOK judges fixed and random points and descends from the
 * best; DESCEND and WALK start from leads and from random points; a SWEEP judges points alone. */
typedef struct vouch_job {
    vouch_job_kind kind;
    int first;      /* case: the first of its box */
    uint64_t index; /* names its random streams */
    int64_t steps;  /* of a SWEEP: points */
    int64_t from;   /* of a SWEEP: the number of its first candidate */
    bool flat;      /* result: gradients said nothing */
    vouch_leads best;
    vouch_witness witness; /* result */
} vouch_job;

typedef struct vouch_hunter vouch_hunter; /* one thread's buffers */
vouch_status vouch_hunter_new(vouch_context *ctx, vouch_arena *arena, const vouch_hunt *hunt,
                              vouch_hunter **hunter);
void vouch_hunter_free(vouch_hunter *hunter); /* what is not in the arena; NULL is fine */
/* stop(user): is the job's result not wanted any more? Asked before every pass. */
vouch_status vouch_hunter_run(vouch_hunter *hunter, const vouch_leads *leads, vouch_job *job,
                              bool (*stop)(void *user, const vouch_job *job), void *user);

/* ---- witness.c ------------------------------------------------------------------------- */

/* Largest row value a.y + c.x - b of the case, in plain doubles: <= 0 where all rows hold.
 * *worst: that row; *scale: 1 + the magnitudes summed in it. -infinity for a case without
 * rows. */
double vouch_case_violation(const vouch_case *c, const double *x, const double *y, int *worst,
                            double *scale);
/* Relative size of a violation that may still turn out to be none when decided soundly. */
double vouch_case_tolerance(vouch_semantics semantics);

/* ---- enclose.c ------------------------------------------------------------------------- */

/* Sound bounds of the outputs for inputs in [x_low, x_high], a point or nearly one. */
vouch_status vouch_enclose_outputs(vouch_context *ctx, vouch_arena *scratch,
                                   const vouch_graph *graph, const double *x_low,
                                   const double *x_high, double *y_low, double *y_high);

/* ---- exact.c --------------------------------------------------------------------------- */

/* Decides case k at the point x of the grid by rational evaluation of the network. *decided false: the
 * network is too large, or not made of exact affine and piecewise linear nodes. */
vouch_status vouch_exact_case_holds(vouch_context *ctx, vouch_arena *scratch,
                                    const vouch_graph *graph, const vouch_grid *grid,
                                    const vouch_case *c, const double *x, bool *decided,
                                    bool *holds);

#endif
