/* Abstract domains: what a domain is given, what it returns, and their table.
 *
 * A domain over-approximates what a bound graph computes on a box of inputs. It gives, for
 * every value of the graph, an interval per scalar; and, for linear rows over (outputs,
 * inputs), a lower and an upper linear form in the inputs:
 *
 *     lower[r] . x + lower_offset[r]  <=  row_r(x, f(x))  <=  upper[r] . x + upper_offset[r]
 *
 * for all x in the box, and the interval [row_low, row_high] these (or better) imply. Domains
 * handle operator classes (op/op.h), never operators. All bounds hold over the reals.
 *
 * A new domain is one file src/bounds/NAME.c with a `const vouch_domain vouch_domain_NAME` and
 * one line VOUCH_DOMAIN(NAME) in domain.def; the conformance suite loops over the table.
 */
#ifndef VOUCH_BOUNDS_DOMAIN_H
#define VOUCH_BOUNDS_DOMAIN_H

#include "base/option.h"
#include "op/op.h"

/* Linear rows over (y, x), dense: row r is  output[r] . y + input[r] . x + constant[r].
 * Coefficients are exact doubles; the caller accounts for the slack of decimals. */
typedef struct vouch_linear_rows {
    int count;
    const double *output;   /* [count][output_size] */
    const double *input;    /* [count][input_size], NULL = zero */
    const double *constant; /* [count], NULL = zero */
} vouch_linear_rows;

typedef struct vouch_bound_problem {
    const vouch_graph *graph; /* bound to operators */
    const bool *varying;      /* vouch_op_varying */
    int64_t input_size, output_size;
    const double *low, *high;      /* the input box */
    const vouch_linear_rows *rows; /* NULL: only values are wanted */
    /* Known sound intervals per value (another domain's, the parent box's) to intersect with
     * and to build on; NULL, or NULL per value, where nothing is known. */
    const double *const *known_low, *const *known_high; /* [value_count][count] */
    /* Boxes inside [low, high] that hold all points in question: what is said of the box need
     * only hold there. Domains may make use of them or not; 0: all of the box is in question. */
    int piece_count;
    const double *piece_low, *piece_high; /* [piece_count][input_size] */
} vouch_bound_problem;

typedef struct vouch_bounds {
    bool empty; /* the domain proved that no point of the box exists (contradiction) */
    double **low, **high;       /* [value_count][count]; constants included, but NULL for large
                                   ones that only affine nodes read */
    double *row_low, *row_high; /* [rows] */
    double *lower, *upper;      /* [rows][input_size]; NULL where the domain has no forms */
    double *lower_offset, *upper_offset; /* [rows] */
} vouch_bounds;

typedef struct vouch_domain {
    const char *name;            /* "zonotope" */
    const char *summary;         /* one line for `vouch list domains` */
    const char *citation;        /* paper and theorem */
    const vouch_option *options; /* rows over its settings; NULL = none */
    size_t option_count, settings_size;
    bool has_forms; /* fills lower / upper */
    /* Everything in *bounds is allocated in arena. settings NULL = defaults. */
    vouch_status (*run)(vouch_context *ctx, vouch_arena *arena, const void *settings,
                        const vouch_bound_problem *problem, vouch_bounds *bounds);
} vouch_domain;

const vouch_domain *const *vouch_domain_table(void); /* NULL-terminated */
const vouch_domain *vouch_domain_find(const char *name);

/* Helpers all domains share. */
vouch_status vouch_bounds_new(vouch_arena *arena, const vouch_bound_problem *problem,
                              bool forms, vouch_bounds *bounds);
/* min / max of coef . x + offset over the box, rounded outward. */
double vouch_form_min(int64_t n, const double *coef, double offset, const double *low,
                      const double *high);
double vouch_form_max(int64_t n, const double *coef, double offset, const double *low,
                      const double *high);
/* The same minimum over the points in question: the least of the pieces, else of the box. */
double vouch_form_least(const vouch_bound_problem *problem, const double *coef, double offset);

/* Sound bounds of d row_r / d x_i over the box, by interval reverse mode through the value
 * bounds of `bounds` (ReluVal's gradient smear). low, high: [rows][input_size]. */
vouch_status vouch_gradient_bounds(vouch_context *ctx, vouch_arena *arena,
                                   const vouch_bound_problem *problem,
                                   const vouch_bounds *bounds, double *low, double *high);

#endif
