/* What the domains share: one walk over the graph with intervals, prepared affine nodes, lines
 * around curves, recycled buffers, and the two engines of linear forms.
 *
 * A pass is one run of a domain. It walks graph->node in order; vouch_pass_node bounds a node's
 * outputs by intervals from its inputs' and from what is known, so that every domain is at
 * least as tight as `interval` on the same inputs; the domain then tightens what it can.
 */
#ifndef VOUCH_BOUNDS_PRIV_H
#define VOUCH_BOUNDS_PRIV_H

#include <math.h>

#include "bounds/domain.h"
#include "op/directed.h"

/* ---- rounding ------------------------------------------------------------------------------
 * A computed sum s of n non-negative terms (each with at most n roundings of its own) stands
 * for a real one of at most s / (1 - gamma_n) + n eta <= inflate(s, n). */
static inline double vouch_inflate(double sum, int64_t n)
{
    double gamma = vouch_gamma64(n + 4);

    if (!(gamma < .125))
        return (double)INFINITY;
    return sum * (1 + 4 * gamma) + 4 * (double)(n + 1) * DBL_MIN;
}

static inline double vouch_magnitude(double low, double high)
{
    return fmax(fabs(low), fabs(high));
}
/* [low, high] is inside [centre - *radius, centre + *radius]. */
static inline double vouch_centre(double low, double high, double *radius)
{
    double centre = low == high ? low : .5 * low + .5 * high;

    *radius = fmax(vouch_sum_up(high, -centre), vouch_sum_up(centre, -low));
    return centre;
}

/* ---- a pass (pass.c) --------------------------------------------------------------------- */

/* An AFFINE node y = sum over its varying inputs of A_w x_w + b. */
typedef struct vouch_affine {
    bool exact;    /* products with A, and b, are exact: A moves or negates data */
    bool by_range; /* a sum or product of two, element by element: its range is tighter */
    bool bare;     /* exact, and b = 0 */
    bool moves;    /* moreover one input varies: so is y */
    int input_count;
    const int *which;         /* [input_count] into node->input */
    int64_t terms;            /* roundings on the way to y, ours included */
    const double *offset;     /* [count] b as computed */
    const double *abs_offset; /* [count] magnitudes summed in b */
} vouch_affine;

typedef struct vouch_pass {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_arena_mark mark; /* after the results: where vouch_pass_end resets to */
    const vouch_bound_problem *problem;
    const vouch_graph *graph;
    vouch_bounds *bounds;
    vouch_op_class *node_class; /* [node_count]; AFFINE only where `linear` does it all */
    vouch_affine *affine;       /* [node_count]; of AFFINE nodes, prepared by vouch_pass_node */
    double **range_low, **range_high; /* [node_count]; the curve's range of POINTWISE nodes */
} vouch_pass;

int64_t vouch_bounds_count(const vouch_graph *graph, int v);

/* Makes the results, bounds inputs and constants. */
vouch_status vouch_pass_begin(vouch_context *ctx, vouch_arena *arena,
                              const vouch_bound_problem *problem, bool forms,
                              vouch_bounds *bounds, vouch_pass *pass);
/* Fills node_class; called by vouch_pass_begin. */
vouch_status vouch_pass_classify(vouch_pass *pass);
/* Intervals of the node's outputs; bounds->empty where they contradict what is known.
 * VOUCH_ERR_CANCELLED if the caller asked to stop. */
vouch_status vouch_pass_node(vouch_pass *pass, int node);
/* Does the node compute anything that depends on the inputs? */
bool vouch_pass_active(const vouch_pass *pass, int node);
/* Intersects scalar i of value v with [low, high]; NaN says nothing. */
void vouch_pass_tighten(vouch_pass *pass, int v, int64_t i, double low, double high);
/* Interval bounds of the rows from those of the outputs. */
vouch_status vouch_pass_rows(vouch_pass *pass);
void vouch_pass_tighten_row(vouch_pass *pass, int r, double low, double high);
/* Replaces forms of row r that overflowed by nothing (0 . x -+ infinity). */
void vouch_pass_check_forms(vouch_pass *pass, int r);
/* Drops all but the results; an empty pass claims everything about no point. */
void vouch_pass_end(vouch_pass *pass);

/* One product with A: call names node, which, mode, batch, in, out. */
vouch_status vouch_pass_linear(const vouch_pass *pass, vouch_linear_call call);

/* ---- lines around curves (lines.c) ------------------------------------------------------- */

/* A curve on an interval: a scalar of a POINTWISE node. The range holds wherever the input's
 * interval allows; the output's interval only where the network's inputs do, and may be
 * tighter. */
typedef struct vouch_arc {
    const vouch_graph *graph;
    const vouch_node *node;
    double low, high;             /* the input's interval */
    double range_low, range_high; /* of f on [low, high] */
    double out_low, out_high;     /* the output's interval */
} vouch_arc;

/* Is the curve one line on [low, high]? */
bool vouch_arc_is_line(const vouch_arc *arc, vouch_line *line);
/* Lines around scalar i of input 0 for every output scalar of a POINTWISE node, or of a MAX
 * node: there around scalar source[i]. Parallel: both slopes equal; else as the operator
 * chooses. */
vouch_status vouch_pass_relax(vouch_pass *pass, int node, bool parallel,
                              vouch_relaxation *lines, int64_t *source);
static inline bool vouch_pass_has_lines(const vouch_pass *pass, int node)
{
    return pass->node_class[node] == VOUCH_OP_POINTWISE ||
           pass->node_class[node] == VOUCH_OP_MAX;
}

/* The option row of domains that walk backward in chunks, and its default. */
enum { VOUCH_CELLS = 1 << 24 };
#define VOUCH_CELLS_ROW(settings)                                                              \
    {                                                                                          \
        .name = "cells", .argument = "N",                                                      \
        .help = "coefficients held at once; rows are bounded in chunks that fit",              \
        .type = VOUCH_OPTION_INT, .offset = offsetof(settings, cells), .number = VOUCH_CELLS,  \
        .low = 1, .high = 1e12                                                                 \
    }

/* ---- recycled buffers (pool.c) ----------------------------------------------------------- */

enum { VOUCH_POOL_CLASSES = 80 }; /* sizes up to 2^43 doubles */
typedef struct vouch_buffer vouch_buffer;
typedef struct vouch_pool {
    vouch_arena *arena;
    vouch_buffer *free[VOUCH_POOL_CLASSES]; /* by size */
} vouch_pool;

/* count doubles, not zeroed; NULL when out of memory. */
double *vouch_pool_take(vouch_pool *pool, int64_t count);
void vouch_pool_give(vouch_pool *pool, double *data); /* NULL is fine */

/* ---- forward linear forms (forward.c) ---------------------------------------------------- */

typedef struct vouch_forward_settings {
    int64_t cells;      /* coefficients a value may have; beyond, it becomes intervals */
    int64_t generators; /* new variables for curves, with parallel lines */
    bool parallel;      /* curves between parallel lines: one matrix instead of two */
} vouch_forward_settings;

/* Rows of the settings: cells, which all forward domains have, then generators. */
enum { VOUCH_FORWARD_CELLS = 1, VOUCH_FORWARD_GENERATORS = 2 };
extern const vouch_option vouch_forward_options[VOUCH_FORWARD_GENERATORS];

typedef struct vouch_form {
    int64_t variables; /* of f->variables, those the form may use */
    double *middle;    /* [1 + variables][count]: c, then M */
    double *spread;    /* [variables][count]: D, NULL = zero */
    double *radius;    /* [count]: r */
} vouch_form;

typedef struct vouch_forward {
    vouch_pass pass;
    vouch_pool pool;
    vouch_forward_settings settings;
    int64_t variables, input_variables, limit; /* now, those of inputs, at most */
    double *scale;                             /* [limit]: variable k lies in [-scale, scale] */
    int64_t *input;   /* [input_variables]: variable k is input[k] less its centre */
    double *centre;   /* [input_size] */
    double *narrow;   /* [input_size]: |x - centre| <= narrow where it has no variable */
    vouch_form *form; /* [value_count]; middle NULL = none */
    int *uses;        /* [value_count]: readers still to come */
} vouch_forward;

static inline int64_t vouch_forward_count(const vouch_forward *f, int v)
{
    return vouch_bounds_count(f->pass.graph, v);
}

/* settings: those given (NULL: the defaults) of the first `rows` options; parallel stays. */
void vouch_forward_choose(const void *given, size_t rows, vouch_forward_settings *settings);
vouch_status vouch_forward_run(vouch_context *ctx, vouch_arena *arena,
                               const vouch_forward_settings *settings,
                               const vouch_bound_problem *problem, vouch_bounds *bounds);
/* Room for the form of value v in that many variables, zeroed. */
vouch_status vouch_forward_new_form(vouch_forward *f, int v, int64_t variables, bool spread);
/* The form of scalar i of value v becomes its interval. */
void vouch_forward_reset(vouch_forward *f, int v, int64_t i);
/* The form of value v becomes its intervals. */
vouch_status vouch_forward_interval(vouch_forward *f, int v);
/* Polls the deadline at some of the rows of a matrix with so many cells a row. */
vouch_status vouch_forward_poll(const vouch_forward *f, int64_t row, int64_t cells);
/* Does a matrix of that many variables fit the limit? */
bool vouch_forward_fits(const vouch_forward *f, int64_t variables, int64_t count);
/* size[i] >= sum (|M| + |D|) scale + |c| + |r| of scalar i of value v. */
vouch_status vouch_forward_sizes(const vouch_forward *f, int v, double *size);
/* The form of a POINTWISE or MAX node's output (forward_curve.c). */
vouch_status vouch_forward_curve(vouch_forward *f, int node);
/* The form of a BILINEAR node's output (forward_product.c). */
vouch_status vouch_forward_product(vouch_forward *f, int node);
/* Forms and bounds of the problem's rows (forward_rows.c). */
vouch_status vouch_forward_rows(vouch_forward *f);

/* ---- backward linear forms (backward.c) -------------------------------------------------- */

typedef struct vouch_backward {
    vouch_pass *pass;
    vouch_pool pool;
    int64_t cells;            /* coefficients a chunk of rows may have */
    vouch_relaxation **lines; /* [node_count][count] of POINTWISE and MAX nodes */
    int64_t **source;         /* [node_count][count] of MAX nodes, see vouch_pass_relax */
    double **reach;           /* [node_count][count] of AFFINE nodes: |A| max|x| + |b| */
    double *span;             /* [node_count] of AFFINE nodes: sum of max|x| */
    bool forms;               /* the problem's rows are wanted as forms, too */
    /* The chunk at hand: each row is  sum over values lambda . value + offset, less error. */
    int64_t rows;
    double **lambda;        /* [value_count][rows][count], NULL = zero */
    double *offset, *error; /* [rows] */
    double *form;           /* [rows][input_size] in the end */
} vouch_backward;

vouch_status vouch_backward_begin(vouch_pass *pass, int64_t cells, vouch_backward *b);
/* Relaxes a node whose inputs' and outputs' intervals are final. */
vouch_status vouch_backward_node(vouch_backward *b, int node);
/* Tightens the scalars of value v where wanted, from its producer back to the inputs. */
vouch_status vouch_backward_value(vouch_backward *b, int v, const bool *wanted);
/* Forms and bounds of the problem's rows. */
vouch_status vouch_backward_rows(vouch_backward *b);
/* Bounds of the problem's rows, pulled back through the affine nodes behind the last curves and
 * bounded there ("elision of the last layer", Gowal et al. 2018, sec. 4): what two outputs have
 * in common cancels in their difference. */
vouch_status vouch_backward_elided_rows(vouch_pass *pass);

extern const vouch_domain vouch_domain_symbolic, vouch_domain_zonotope, vouch_domain_crown;

#endif
