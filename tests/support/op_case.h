/* One-node networks for the tests of operators, written as a line of text.
 *
 * "Type opset | inputs | attributes": v2,3 is a varying input of that shape, q2,3 one of positive
 * numbers, c2,3 a random constant, p2,3 a positive one, b2,3 random truths, i1,-1 a list of integers, f1,0.5 of
 * numbers, s0.5 a constant scalar, - an input left out; attributes are name=3, name=0.5f,
 * name=1,2 (a list; "name=1," has one entry), name='text'.
 */
#ifndef VOUCH_TESTS_OP_CASE_H
#define VOUCH_TESTS_OP_CASE_H

#include "op/op.h"
#include "support/support.h"

enum { VOUCH_TEST_OP_INPUTS = 5 };

typedef struct op_case {
    const char *text;
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_random random;
    vouch_graph *graph;
} op_case;

/* At least one line for every operator, NULL-terminated. */
extern const char *const vouch_test_op_cases[];

/* Builds the graph on f->ctx and binds it; the status is that of building or binding. */
vouch_status vouch_test_op_build(op_case *f, const char *text);
/* A bound case with random constants, closed by close. */
void vouch_test_op_open(op_case *f, const char *text, uint64_t seed);
void vouch_test_op_close(op_case *f);
/* Runs check on each node of each case, on `rounds` random instances. */
void vouch_test_op_all(void (*check)(op_case *f, const vouch_node *node), int rounds);

/* float32 numbers in [-2, 2], or in [.25, 2.25]. NULL when out of memory. */
vouch_tensor *vouch_test_op_random(op_case *f, vouch_arena *arena, const vouch_shape *shape,
                                   bool positive);

/* A node's operands: float64 tensors, constants as they are, varying inputs at random. */
typedef struct op_operands {
    vouch_tensor *in[VOUCH_TEST_OP_INPUTS], *out[1];
    vouch_op_call call;
} op_operands;

void vouch_test_op_operands(op_case *f, const vouch_node *node, op_operands *o);
/* out <- f(in) */
void vouch_test_op_evaluate(op_case *f, op_operands *o);
/* Is input i given and not constant? */
bool vouch_test_op_varies(const op_case *f, const vouch_node *node, int i);

/* assert_true that names the case */
#define OP_EXPECT(f, condition)                                                                \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            print_error("case '%s'\n", (f)->text);                                             \
            assert_true(condition);                                                            \
        }                                                                                      \
    } while (0)

#endif
