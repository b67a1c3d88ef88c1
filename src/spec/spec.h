/* Specifications: what is asked of a network, in normal form.
 *
 * A VNN-LIB query asks whether inputs x exist that satisfy a formula over x and y = f(x). We
 * bring the formula into a disjunction of cases, each a box for x and a conjunction of linear
 * rows over (x, y):
 *
 *     case k:  low <= x <= high   and   for every row r:  a_r . y + c_r . x  <=  b_r  (or <)
 *
 * `sat` means some case has a solution, `unsat` that none has. Cases with the same box are
 * neighbours, so that they are searched together.
 *
 * Rounding: every decimal is kept twice. low/high are doubles rounded outward (the box can only
 * grow); bound is rounded so that the row is weaker. The exact rationals (exact_*) decide a
 * witness. Coefficients that are not exactly representable are kept as an enclosure
 * [coefficient - slack, coefficient + slack].
 *
 * Invariants of a parsed spec: all doubles are finite and the tightest in their direction; no
 * two boxes are equal; low <= high; no case repeats; per left side a case has one row. A strict
 * bound of an input is the box's closed bound and, where the end itself can be reached, a
 * strict row. A case may have no row: every point of its box is a solution. No case: trivially
 * unsat.
 */
#ifndef VOUCH_SPEC_SPEC_H
#define VOUCH_SPEC_SPEC_H

#include <gmp.h>

#include "graph/graph.h"

typedef struct vouch_term {
    int64_t index; /* of the scalar in the flattened inputs or outputs */
    bool is_output;
    double coefficient; /* nearest double; 0 for |exact| under about 1e-324 */
    double slack;       /* |exact - coefficient| <= slack, 0 when exact */
    mpq_srcptr exact;
} vouch_term;

typedef struct vouch_row {
    int term_count;
    const vouch_term *term; /* distinct (is_output, index), none zero */
    double bound;           /* >= the exact bound */
    mpq_srcptr exact_bound;
    bool strict; /* < instead of <= */
    int line;    /* of the property file, for messages */
} vouch_row;

typedef struct vouch_case {
    int box; /* index into spec->box */
    int row_count;
    const vouch_row *row;
} vouch_case;

typedef struct vouch_box {
    double *low, *high;                 /* [input_size], outward */
    mpq_srcptr *exact_low, *exact_high; /* [input_size] */
    bool empty; /* contradictory bounds: no point at all (parsing drops such cases) */
} vouch_box;

/* A tensor that VNN-LIB 2.0 declares. */
typedef struct vouch_spec_tensor {
    const char *name;
    bool is_output;
    vouch_shape shape;
    int64_t offset, count; /* its scalars among the flattened inputs or outputs */
} vouch_spec_tensor;

typedef struct vouch_spec {
    vouch_arena *arena;
    const char *source;
    int version; /* VNN-LIB 1 or 2 */
    int64_t input_size, output_size;
    int box_count, case_count;
    const vouch_box *box;
    const vouch_case *cases; /* sorted by box */
    const char
        *note; /* why there is no case at all (trivially unsat), e.g. "contradictory bounds
                * of X_3: >= 2 at line 4, <= 1 at line 12"; NULL if there are cases */
    int tensor_count; /* 0 in VNN-LIB 1.0 */
    const vouch_spec_tensor *tensor;
} vouch_spec;

/* Parses a property for a network with that many inputs and outputs (flattened), given the
 * shapes of its inputs and outputs in graph (VNN-LIB 2.0 declares them). Errors name file and
 * line. */
vouch_status vouch_spec_parse(vouch_context *ctx, const vouch_graph *graph, const char *source,
                              const char *text, size_t size, vouch_spec **spec);
void vouch_spec_free(vouch_spec *spec);

/* Is the point (exactly these doubles) inside box b, exactly? */
bool vouch_spec_box_contains(const vouch_spec *spec, int box, const double *x);
/* Does case k hold for every y with y_low <= y <= y_high, decided in rational arithmetic?
 * (y_low == y_high: exactly at that y.) The box is checked too. */
bool vouch_spec_case_holds(const vouch_spec *spec, int k, const double *x, const double *y_low,
                           const double *y_high);

/* The rows alone, for every x in [x_low, x_high] and y in [y_low, y_high]: where x is known to
 * lie in the case's box though its coordinates are no doubles. */
bool vouch_spec_rows_hold(const vouch_spec *spec, int k, const double *x_low,
                          const double *x_high, const double *y_low, const double *y_high);

/* The name the property gives a scalar: "X_3" or "X[0,3]". Returns text. */
enum { VOUCH_SPEC_NAME = 128 };
const char *vouch_spec_variable_name(const vouch_spec *spec, bool is_output, int64_t index,
                                     char text[VOUCH_SPEC_NAME]);

/* The unsafe region of case k in words, its box left out: "unsafe if Y_0 <= Y_1 and Y_0 <=
 * Y_2". k = -1: all cases, joined by "or". Cut to size ("..."). Returns text. */
const char *vouch_spec_describe(const vouch_spec *spec, int k, char *text, size_t size);

/* The specification as a VNN-LIB 1.0 text that parses into an equal one, in arena. */
vouch_status vouch_spec_write(const vouch_spec *spec, vouch_arena *arena, const char **text,
                              size_t *size);

#endif
