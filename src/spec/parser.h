/* The state of one parse, shared by the parts that read commands, terms and formulas. */
#ifndef VOUCH_SPEC_PARSER_H
#define VOUCH_SPEC_PARSER_H

#include "spec/formula.h"
#include "spec/lexer.h"

/* Nesting of parentheses: each level is a C stack frame. */
enum { VOUCH_SPEC_DEPTH_MAX = 1000 };

typedef struct vouch_parser {
    vouch_context *ctx;
    vouch_spec *spec; /* being made */
    const vouch_graph *graph;
    vouch_lexer lexer;
    vouch_token token; /* the next one, not yet used */
    vouch_number_pool numbers;
    vouch_linear linear;
    vouch_formula formula;
    int root, last; /* the conjunction of all assertions, and its last child */
    int depth;
    int line; /* of the command being read */
    /* VNN-LIB 1.0: which X_i and Y_i are declared */
    unsigned char *declared; /* [input_size + output_size] */
    int64_t declared_inputs, declared_outputs;
    int declared_line; /* of the last declaration */
    /* VNN-LIB 2.0 */
    vouch_spec_tensor *tensor; /* spec->tensor while it grows */
    int tensor_capacity;
    const char *network; /* name of the declared network, NULL before */
} vouch_parser;

/* ---- parser.c: tokens ---------------------------------------------------------------- */

void vouch_parser_next(vouch_parser *p);
/* vouch_fail with "source:line: " of the next token before the text. */
vouch_status vouch_parser_fail(vouch_parser *p, vouch_status status, const char *format, ...)
    VOUCH_PRINTF(3, 4);
/* "expected WHAT, found TOKEN"; at the end of the file the open parenthesis is named. */
vouch_status vouch_parser_unexpected(vouch_parser *p, const char *what);
/* Passes over a token of that kind, or fails. */
vouch_status vouch_parser_expect(vouch_parser *p, vouch_token_kind kind, const char *what);
/* One level deeper, or an error past VOUCH_SPEC_DEPTH_MAX. */
vouch_status vouch_parser_enter(vouch_parser *p);
/* Reads a small whole number that is not negative: an index or a dimension. */
vouch_status vouch_parser_whole(vouch_parser *p, const char *what, int64_t *value);
bool vouch_digits_value(const char *text, size_t length, int64_t *value);

/* ---- terms.c ------------------------------------------------------------------------- */

/* Pushes the linear expression that comes next. */
vouch_status vouch_parser_term(vouch_parser *p);

/* ---- assertion.c --------------------------------------------------------------------- */

/* Reads a formula, or its negation, into a node. */
vouch_status vouch_parser_formula(vouch_parser *p, bool negated, int *node);

/* ---- declaration.c ------------------------------------------------------------------- */

/* What follows "(declare-const" or "(declare-fun" up to its ")". */
vouch_status vouch_parser_declare_constant(vouch_parser *p, bool is_function);
/* What follows "(declare-network" up to its ")". */
vouch_status vouch_parser_declare_network(vouch_parser *p);
/* Reads a variable: "X_3" (1.0), "X[0,3]" or "X" (2.0). Inputs first, then outputs. */
vouch_status vouch_parser_variable(vouch_parser *p, int64_t *variable);
/* All declarations seen: do they fit the network? */
vouch_status vouch_parser_check_declarations(vouch_parser *p);

#endif
