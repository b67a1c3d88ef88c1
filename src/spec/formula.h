/* Formulas in negation normal form: and/or trees over bounds of inputs and linear rows.
 *
 * Comparisons come in as linear expressions and leave as atoms: a constraint over one input is
 * a bound, any other a row  sum a_v v <= b  (or <). Equal left sides share one form, and a form
 * knows its negation, so contradictions and repetitions between rows are seen by index.
 */
#ifndef VOUCH_SPEC_FORMULA_H
#define VOUCH_SPEC_FORMULA_H

#include "spec/linear.h"
#include "spec/number.h"
#include "spec/spec.h"

typedef enum vouch_comparison {
    VOUCH_COMPARE_LE = 1,
    VOUCH_COMPARE_LT,
    VOUCH_COMPARE_GE,
    VOUCH_COMPARE_GT,
    VOUCH_COMPARE_EQ,
    VOUCH_COMPARE_NE
} vouch_comparison;

typedef enum vouch_formula_kind {
    VOUCH_FORMULA_AND = 1,
    VOUCH_FORMULA_OR,
    VOUCH_FORMULA_BOUND, /* input `index` <= bound (upper) or >= bound */
    VOUCH_FORMULA_ROW,   /* form `index` <= bound, or < (strict) */
    VOUCH_FORMULA_TRUE,
    VOUCH_FORMULA_FALSE
} vouch_formula_kind;

typedef struct vouch_formula_node {
    vouch_formula_kind kind;
    bool upper, strict;
    int line;
    int first, next; /* first child, next sibling: indices, -1 = none */
    int64_t index;
    const vouch_number *bound;
} vouch_formula_node;

typedef struct vouch_form {
    const vouch_term *term; /* sorted: inputs before outputs, then by index */
    int term_count;
    int negation; /* index of the form with all signs changed, -1 = none */
    unsigned long long hash;
} vouch_form;

typedef struct vouch_formula_key {
    int64_t variable; /* outputs come after the inputs */
    const vouch_number *coefficient;
} vouch_formula_key;

typedef struct vouch_formula {
    vouch_context *ctx;
    vouch_arena *arena; /* terms live here */
    const char *source;
    int64_t input_size;
    vouch_number_pool *numbers;
    vouch_formula_node *node;
    size_t node_count, node_capacity;
    vouch_form *form;
    size_t form_count, form_capacity;
    int *slot; /* hash table of forms: index + 1, 0 = free */
    size_t slot_count;
    vouch_formula_key *key; /* scratch of the form being looked up */
    size_t key_capacity;
} vouch_formula;

void vouch_formula_init(vouch_formula *f, const vouch_spec *spec, vouch_context *ctx,
                        vouch_number_pool *numbers);
void vouch_formula_fini(vouch_formula *f);

vouch_status vouch_formula_add(vouch_formula *f, vouch_formula_kind kind, int line, int *node);
/* Appends child to parent's children; *last is the last child so far, -1 at first. */
void vouch_formula_append(vouch_formula *f, int parent, int child, int *last);

/* The node of "run OP 0" for the run [base, top) of the stack, which is used up. */
vouch_status vouch_formula_compare(vouch_formula *f, vouch_linear *stack, size_t base,
                                   vouch_comparison op, int line, int *node);

/* The comparison that holds exactly where op does not. */
vouch_comparison vouch_comparison_not(vouch_comparison op);

/* vouch_fail with "source:line: " before the text. */
vouch_status vouch_spec_fail(vouch_context *ctx, const char *source, int line,
                             vouch_status status, const char *format, ...) VOUCH_PRINTF(5, 6);

#endif
