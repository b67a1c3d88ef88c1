/* The batched engine: bounding many sibling boxes of a piecewise-linear network at once.
 *
 * A batch is up to `lanes` boxes that share one network form (lower/pwl.h). Bounding a batch
 * refines the bounds of its neurons (forward forms, then a backward pass for every neuron still
 * unstable), bounds the property's rows by backward passes with optimised lower slopes, drops
 * the cases that are disproved, clips each box by the half-spaces of its open rows, and folds
 * stable neurons away so that the children work on a smaller network.
 *
 * A row is a linear function of (x, y); a case is a conjunction "every row <= 0" (or < 0): the
 * unsafe region. A case is dead on a box once one of its rows is proved positive; the box is
 * proved when all its cases are dead.
 *
 * There is one implementation, compiled for float (16 lanes) and double (8 lanes); the search
 * (verify) uses either through this table. All bounds hold over the reals.
 */
#ifndef VOUCH_BOUNDS_ENGINE_H
#define VOUCH_BOUNDS_ENGINE_H

#include <stdint.h>

#include "lower/pwl.h"

enum { VOUCH_LANES_MAX = 16, VOUCH_CUT_AXES = 4 };

struct vouch_domain; /* bounds/domain.h */

/* What is to be decided. Cases belong to boxes; all boxes lie in the hull. */
typedef struct vouch_task {
    const vouch_pwl
        *form; /* on the hull, its outputs being the rows; NULL: none (graph engine) */
    const vouch_graph *graph; /* the rest is for the graph engine */
    const struct vouch_domain *domain;
    const double *row_output, *row_input, *row_constant; /* [rows][...]: rows over (y, x) */
    const double *row_output_slack; /* [rows][outputs]: |exact - row_output| <=; NULL = exact */
    const double *row_radius; /* [rows]: what inexact input coefficients add, on the hull */
    int input_count, output_count, row_count, case_count;
    const int *case_start; /* [case_count + 1] into case_row */
    const int *case_row;
    const int *case_box;      /* [case_count] */
    const bool *strict;       /* [row_count]: the case needs row < 0, not row <= 0 */
    const double *low, *high; /* the hull of the boxes */
} vouch_task;

typedef struct vouch_engine_settings {
    bool backward, clip, compress;
    int slope_steps;      /* gradient steps on the slopes of unproved rows */
    int neuron_steps;     /* the same for every unstable neuron */
    int backward_neurons; /* backward passes for neurons once at most so many are unstable */
    double fold_share;    /* compress when the unstable share falls to this */
    bool wants_forms, wants_gap, wants_gradient; /* for the split heuristic */
} vouch_engine_settings;

typedef enum vouch_lane_state {
    VOUCH_LANE_OPEN = 0,
    VOUCH_LANE_PROVED, /* every case is dead */
    VOUCH_LANE_EMPTY,  /* contradictory neuron bounds: no point of the root box is here */
    VOUCH_LANE_CLIPPED /* clipping left nothing */
} vouch_lane_state;

/* The part of a batch the search sees; the engine's own data follows it in memory. */
typedef struct vouch_batch {
    int count; /* boxes; lanes beyond repeat the first */
    int depth[VOUCH_LANES_MAX];
    double share[VOUCH_LANES_MAX]; /* of the root box's volume */
    int box[VOUCH_LANES_MAX];      /* which of the task's boxes it is a part of */
    uint64_t id[VOUCH_LANES_MAX], parent[VOUCH_LANES_MAX]; /* for the sink */
    unsigned char key[64]; /* place in depth-first order: a byte a level */
    int level;
    uint64_t place; /* a number made from the key, for random streams */
} vouch_batch;

typedef struct vouch_bound_result {
    vouch_lane_state state[VOUCH_LANES_MAX];
    bool promising[VOUCH_LANES_MAX]; /* the candidate seems to satisfy some case */
    double *candidate;               /* [lanes][input_count] */
    double *low, *high;              /* [lanes][input_count]: the boxes after clipping */
    bool clipped[VOUCH_LANES_MAX];
    bool
        imprecise[VOUCH_LANES_MAX]; /* rounding is what keeps the box open: needs more digits */
    bool compressed;
} vouch_bound_result;

/* What a split heuristic sees of one lane (verify/split.h); arrays live until the next bound.
 */
typedef struct vouch_lane_view {
    int row_count;                               /* open rows */
    const double *row_lower, *row_upper;         /* [row_count][input_count] */
    const double *deficit;                       /* [row_count] */
    const double *gap, *gradient, *width, *kink; /* [input_count] */
} vouch_lane_view;

/* How one box is cut: along each axis into `parts` pieces, at the ascending points at[]. */
typedef struct vouch_cut {
    int axes;
    struct {
        int dimension, parts;
        double at[3];
    } axis[VOUCH_CUT_AXES];
} vouch_cut;

typedef struct vouch_engine vouch_engine;
typedef struct vouch_engine_worker vouch_engine_worker;

typedef struct vouch_engine_type {
    const char *name;
    int lanes;
    /* *engine is NULL (and VOUCH_OK) if magnitudes are beyond this precision. */
    vouch_status (*open)(vouch_context *ctx, const vouch_task *task,
                         const vouch_engine_settings *settings, vouch_engine **engine);
    void (*close)(vouch_context *ctx, vouch_engine *engine);
    vouch_status (*worker_new)(vouch_context *ctx, vouch_engine *engine,
                               vouch_engine_worker **worker);
    void (*worker_free)(vouch_context *ctx, vouch_engine_worker *worker);
    /* A batch of parts of the task's boxes: box[i] of which, low and high [count][inputs]. */
    vouch_status (*start)(vouch_context *ctx, vouch_engine *engine, int count, const int *box,
                          const double *low, const double *high, vouch_batch **batch);
    void (*batch_free)(vouch_context *ctx, vouch_batch *batch);
    /* The boxes as they are now (bounding clips them): low, high [count][inputs]. */
    void (*boxes)(const vouch_batch *batch, double *low, double *high);
    vouch_status (*bound)(vouch_engine_worker *worker, vouch_batch *batch,
                          vouch_bound_result *result);
    /* How far each of the points (at most probe_capacity, [count][inputs]) of one of the task's
     * boxes is from satisfying a case of that box: the largest of the case's rows there, the
     * least over the cases. Rough, for sampling: up to probe_witness a point may be a witness. */
    void (*probe)(vouch_engine_worker *worker, int box, int count, const double *points,
                  double *violation);
    double probe_witness;
    int probe_capacity;
    void (*view)(vouch_engine_worker *worker, const vouch_batch *batch, int lane,
                 vouch_lane_view *view);
    /* The nearest number of this precision: cut points must be such, strictly inside a box. */
    double (*round)(double x);
    /* Children of the lanes whose cut has axes > 0, in order; at most 16 batches a call. Ids
     * are left 0; share, depth, key, parent are set. Must follow `bound` of the same batch. */
    vouch_status (*split)(vouch_engine_worker *worker, const vouch_batch *batch,
                          const vouch_cut *cut, vouch_batch **children, int *count);
} vouch_engine_type;

enum { VOUCH_CHILD_BATCHES = 16 };

/* vouch_engine_graph bounds single boxes by task->domain on any graph; it has no probe. */
extern const vouch_engine_type vouch_engine_f32, vouch_engine_f64, vouch_engine_graph;

#endif
