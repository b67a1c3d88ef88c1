/* What the files of the DAG engine share: the prepared network, intervals, the walk.
 *
 *   dag.c         the prepared network and its numbering
 *   dag_planes.c  lines around curves: pick, then prove
 *   dag_patch.c   rows that keep the patch of an image they reach
 *   dag_product.c planes around products, and rows through them
 *   dag_walk.c    rows from outputs to inputs, rounding paid for
 *   dag_frame.c   rows where most inputs of a box stay
 *   dag_replay.c  the chosen planes forwards at a point: derivatives and losses
 *   dag_ascent.c  optimisation of mixes, multipliers and weights; the public bound
 *   dag_spread.c  what the inputs have to do with the losses
 *   dag_root.c    intervals of all neurons: from scratch, and of a child
 *   dag_neurons.c which neurons are walked then, in which chunks
 */
#ifndef VOUCH_BOUNDS_DAG_PRIV_H
#define VOUCH_BOUNDS_DAG_PRIV_H

#include <stdatomic.h>

#include "bounds/bounds_priv.h"
#include "bounds/dag.h"
#include "num/walk.h"

/* How a walk passes a node. */
typedef enum vouch_dag_step {
    VOUCH_DAG_DEAD, /* depends on no input */
    VOUCH_DAG_AFFINE,
    VOUCH_DAG_RELU,
    VOUCH_DAG_CURVE,   /* lines from the operator, kept in the intervals */
    VOUCH_DAG_PRODUCT, /* planes of each product, made on the way */
    VOUCH_DAG_OTHER    /* the walk ends at its interval */
} vouch_dag_step;

typedef struct vouch_dag_node {
    vouch_dag_step step;
    int64_t count;                /* scalars of output 0 */
    int64_t from, right;          /* first neuron of inputs 0 and 1 (RELU, CURVE, PRODUCT) */
    int64_t mix;                  /* first mix: one a scalar, for products one a product */
    int64_t lines;                /* CURVE: first entry of the intervals' lines */
    const int64_t *start;         /* PRODUCT: [count + 1] into product */
    const vouch_product *product; /* element numbers of the two inputs */
    int64_t longest, most;        /* products of an output; of a scalar of an input: at most */
    const double *reach;          /* AFFINE: |A| largest + |b| */
    double span;                  /* sum of largest over its varying inputs */
} vouch_dag_node;

struct vouch_dag {
    vouch_context *ctx;
    const vouch_task *task;
    vouch_dag_settings settings;
    vouch_arena *arena;
    vouch_graph *graph; /* composites decomposed */
    bool *varying;
    bool *linear;               /* [value_count]: an affine image of the inputs, or constant */
    vouch_op_class *node_class; /* as vouch_pass */
    vouch_affine *affine;       /* [node_count] */
    vouch_dag_node *node;       /* [node_count] */
    int64_t *scalar;       /* [value_count]: first interval of the value's scalars, or -1 */
    int64_t *input_scalar; /* [input_count of the graph], the block of inputs */
    int *reader;           /* [value_count]: a nonlinear node that reads it, or -1 */
    int64_t neurons, inputs, scalars, lines, mixes;
    int *owner;                  /* [neurons + inputs]: the value of each */
    double **largest;            /* [value_count][count]: magnitudes on the hull */
    int entry;                   /* the node that frames (dag_frame.c) are of; -1: none */
    double cost;                 /* of one walk */
    double *node_cost;           /* [node_count]: multiply-adds of one row */
    struct vouch_dag_tile *tile; /* [value_count], of values with neurons */
    bool *matters;               /* [neurons]: can it change a case's bound? NULL: unknown */
    vouch_dag_intervals *hull;   /* of the task's hull */
};

/* A curve on its interval. */
typedef struct vouch_dag_lines {
    vouch_lines below, above;
} vouch_dag_lines;

typedef struct vouch_dag_line_block {
    atomic_int refs;
    vouch_dag_lines entry[];
} vouch_dag_line_block;

/* Of a box: the inputs that move, and what the others make of node `entry`. */
typedef struct vouch_dag_frame {
    atomic_int refs;
    int64_t count;
    int64_t *list;     /* [count]: inputs that move */
    double *reach;     /* [scalars of the node's output]: that of rounding */
    double constant[]; /* [the same] */
} vouch_dag_frame;

/* Ends of a neuron's interval that are not part of it. */
enum { VOUCH_OPEN_LOW = 1, VOUCH_OPEN_HIGH = 2 };

/* scalars: neurons, inputs, then outputs of OTHER nodes. */
struct vouch_dag_intervals {
    atomic_int refs;
    int64_t count, neurons;
    vouch_dag_line_block *lines; /* NULL where there are no curves */
    vouch_dag_frame *frame;      /* NULL where most inputs move */
    uint8_t *open;               /* [neurons] */
    double *high;
    double low[];
};

/* ---- planes (dag_planes.c) --------------------------------------------------------------- */

/* Lines around the curve of the node on neuron j's interval; flat and infinite where the
 * operator has none. */
vouch_status vouch_dag_curve(const vouch_dag *dag, int node, const vouch_dag_intervals *at,
                             int64_t j, vouch_dag_lines *lines);
/* The least and the largest value of a step (an operator with `limit`) on neuron j's interval. */
void vouch_dag_step_values(const vouch_dag *dag, int node, const vouch_dag_intervals *at,
                           int64_t j, double value[2]);
/* The line at mix t (negative: the default) in a family, and how far rounding may have moved
 * it: |line - sound line| <= slip_slope |x| + slip_offset. */
typedef struct vouch_dag_line {
    double slope, offset, slip_slope, slip_offset;
} vouch_dag_line;
vouch_dag_line vouch_dag_mixed(const vouch_lines *family, float t);
/* The line's derivative with respect to t, at x. */
double vouch_dag_mixed_gain(const vouch_lines *family, float t, double x);
/* What a product's plane gains at (x, y) by its mix. */
double vouch_dag_product_gain(const double a[2], const double b[2], bool above, double x,
                              double y);

/* ---- intervals (dag_root.c) -------------------------------------------------------------- */

vouch_dag_intervals *vouch_dag_intervals_new(vouch_context *ctx, const vouch_dag *dag);
/* Does a nonlinear reader of neuron j gain from a narrower interval? */
bool vouch_dag_unsettled(const vouch_dag *dag, const vouch_dag_intervals *at, int64_t j);
/* The analysis of the hull; fills dag->largest, reach and span. Walks neurons as far as the work
 * allows. */
vouch_status vouch_dag_analyse(vouch_dag_worker *worker, const double *low, const double *high,
                               vouch_dag *first, double work, vouch_dag_intervals **at);

/* ---- the walk (dag_walk.c) --------------------------------------------------------------- */

/* One row of a walk. It starts as sign e_scalar of a value, or, value < 0, as the weighted rows
 * of a case. */
typedef struct vouch_dag_row {
    const vouch_dag_intervals *at;
    int64_t scalar;
    double sign;
    int which_case;
    const double *weight; /* [rows of the case] */
    int decision_count;
    const vouch_decision *decision;
    const float *beta; /* [decision_count] */
    const float *mix;  /* [mixes], negative = default; NULL: all */
} vouch_dag_row;

typedef struct vouch_dag_walk {
    int count;
    const vouch_dag_row *row;
    int value;              /* where the rows start; -1: cases */
    bool keep;              /* the coefficients at nonlinear nodes */
    bool formless;          /* only `lower` is wanted */
    bool local;             /* rows of neurons alike: patches while they last, and no form */
    double **lambda;        /* [value_count][count][scalars], NULL = zero */
    vouch_patch *patch;     /* [value_count]: the part of the scalars that lambda has */
    double **kept;          /* [node_count][count][scalars of output 0] */
    double *offset, *error; /* [count] */
    double *form;           /* [count][inputs]; NULL: formless */
    double *lower;          /* [count]: least of each on its box; -inf where nothing is known */
} vouch_dag_walk;

struct vouch_dag_worker {
    const vouch_dag *dag;
    vouch_context *ctx;
    const vouch_walk_kernels *kernel;
    vouch_arena *scratch; /* of operators */
    vouch_arena *buffers; /* behind the pool */
    vouch_arena *answers; /* reset to `fresh` by each public call */
    vouch_arena_mark fresh;
    vouch_pool pool;
    vouch_dag_walk walk;
};

/* Walks count rows that share a start; buffers stay until vouch_dag_walk_end. */
vouch_status vouch_dag_walk_run(vouch_dag_worker *w, int count, const vouch_dag_row *row,
                                int value, bool keep);
void vouch_dag_walk_end(vouch_dag_worker *w);
/* Rows that a chunk may have. */
int64_t vouch_dag_chunk(const vouch_dag *dag, bool keep);
vouch_status vouch_dag_linear(vouch_dag_worker *w, vouch_linear_call call);
/* offset_r += a sum of n terms; `more` is error from elsewhere. */
void vouch_dag_account(vouch_dag_walk *walk, int64_t r, const vouch_walk_sums *sums,
                       double more, int64_t n);

/* A scalar of a value, on a box. */
typedef struct vouch_dag_target {
    const vouch_dag_intervals *at;
    int64_t scalar;
} vouch_dag_target;

/* lower[k], lower[count + k]: the least of scalar list[k] of the value, and of its negative, with
 * at most so many gradient steps each (dag_ascent.c). */
vouch_status vouch_dag_climb_neurons(vouch_dag_worker *w, int value, int count,
                                     const vouch_dag_target *list, int steps, double *lower);

/* ---- inputs that stay (dag_frame.c) ------------------------------------------------------ */

/* Finds dag->entry, once the affine nodes are prepared. */
vouch_status vouch_dag_frame_plan(vouch_dag *dag, vouch_dag_worker *w);
/* *frame NULL: too many inputs move, or the network does not begin in a way that helps. */
vouch_status vouch_dag_frame_new(vouch_dag_worker *w, const double *low, const double *high,
                                 vouch_dag_frame **frame);
void vouch_dag_frame_hold(vouch_dag_frame *frame); /* NULL is fine */
void vouch_dag_frame_drop(vouch_context *ctx, vouch_dag_frame *frame);
/* The frame that all rows of a walk share, if they are plain and without forms; NULL: none. */
const vouch_dag_frame *vouch_dag_frame_of(const vouch_dag_walk *walk);
/* The rows end at node `entry`, whose output they have reached. */
vouch_status vouch_dag_frame_pass(vouch_dag_worker *w, const vouch_dag_frame *frame);

/* ---- patches (dag_patch.c) --------------------------------------------------------------- */

/* Scalars that the walk's rows have of value v. */
int64_t vouch_dag_width(const vouch_dag_worker *w, int v);
/* Those entries of an array over all scalars of v; scratch memory. NULL: out of memory. */
const void *vouch_dag_see(vouch_dag_worker *w, int v, const void *data, size_t size);
static inline const double *vouch_dag_view(vouch_dag_worker *w, int v, const double *data)
{
    return vouch_dag_see(w, v, data, sizeof *data);
}
/* The patch of the rows about to start at scalars of v; channels 0: they are not local. They are
 * where v has tiles, all have the same box, and none has mixes or decisions. */
vouch_patch vouch_dag_patch_start(const vouch_dag_worker *w, int v);
/* The patch of input `which` that node n passes y to; false: it needs whole values. */
bool vouch_dag_patch_pull(const vouch_dag *dag, int n, int which, const vouch_patch *y,
                          vouch_patch *x);
/* Before node n passes its output v: rows become whole if it needs that. */
vouch_status vouch_dag_patch_prepare(vouch_dag_worker *w, int n, int v);
/* Before `part`, of that patch, is added to the rows of v: both get the same patch. */
vouch_status vouch_dag_patch_meet(vouch_dag_worker *w, int v, const vouch_patch *patch,
                                  double **part);

/* How neurons of a value are walked: by tiles of the image, or (size 0) all alike. */
typedef struct vouch_dag_tile {
    int64_t size[VOUCH_PATCH_DIMS];
    int64_t rows; /* of a chunk, at most */
    double cost;  /* of a row, multiply-adds */
    double whole; /* the same without tiles */
} vouch_dag_tile;
vouch_status vouch_dag_patch_plan(const vouch_dag *dag, int v, vouch_arena *scratch,
                                  vouch_dag_tile *tile);

/* ---- the replay (dag_replay.c) ----------------------------------------------------------- */

/* What the last walk's choice computes at the minimisers: */
typedef struct vouch_dag_replay {
    float **gain;       /* [count][mixes] or NULL: derivative of the bound by each mix */
    float **beta_gain;  /* [count][decision_count] or NULL */
    double **row_value; /* [count][rows of the case] or NULL */
    double **loss;      /* [count][neurons + inputs] or NULL */
    double **slope;     /* [count][neurons] or NULL */
} vouch_dag_replay;
vouch_status vouch_dag_replay_run(vouch_dag_worker *w, const vouch_dag_replay *into);

/* ---- the spread (dag_spread.c) ----------------------------------------------------------- */

/* Adds to each input's loss its share of the neurons' losses, which must be there, for its width in
 * `extent`; loss: [count][neurons + inputs]. */
vouch_status vouch_dag_spread(vouch_dag_worker *w, int count,
                              const vouch_dag_intervals *const *at,
                              const vouch_dag_intervals *const *extent, double *const *loss);

#endif
