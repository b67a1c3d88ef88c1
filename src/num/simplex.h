/* Linear arithmetic, exactly: is there a rational point within strict and non-strict limits?
 *
 *     rows   y_i = sum_j a_ij x_j,      low <= or < every x_j and y_i <= or < high
 *
 * The general simplex method of satisfiability solvers [Dutertre, de Moura 2006]: limits come
 * and go in any order, the tableau stays, and each check starts from the assignment of the one
 * before, which is what a search with backtracking wants. Strict limits are limits moved by an
 * infinitesimal: values are pairs  real + small * epsilon,  compared in that order. After some pivots
 * Bland's rule makes it end. All arithmetic is rational (GMP, whose memory does not pass through the context).
 *
 * Where there is no point, the limits that contradict each other are named by the tags they came
 * with: a search need not try again what had no part in it.
 */
#ifndef VOUCH_NUM_SIMPLEX_H
#define VOUCH_NUM_SIMPLEX_H

#include <gmp.h>

#include "base/context.h"

typedef struct vouch_simplex vouch_simplex;

/* Variables 0 .. columns-1 are the x_j, columns .. columns+rows-1 the y_i; a: [rows][columns].
 * Every limit's tag is below `tags`. NULL: out of memory (recorded on the context). */
vouch_simplex *vouch_simplex_new(vouch_context *ctx, int columns, int rows, mpq_t *a, int tags);
void vouch_simplex_free(vouch_simplex *s); /* NULL is fine */

typedef enum vouch_simplex_side {
    VOUCH_SIMPLEX_LOW = 0,
    VOUCH_SIMPLEX_HIGH
} vouch_simplex_side;

/* A further limit of a variable; one weaker than what is known changes nothing. The tag says
 * where it came from; 0: it holds anyway. False: it contradicts the variable's other limit (and
 * is not taken); vouch_simplex_blames then tells of the two. */
bool vouch_simplex_limit(vouch_simplex *s, int variable, vouch_simplex_side side,
                         mpq_srcptr value, bool strict, int tag);
/* Takes back all limits since the mark. */
size_t vouch_simplex_mark(const vouch_simplex *s);
void vouch_simplex_undo(vouch_simplex *s, size_t mark);

typedef enum vouch_simplex_answer {
    VOUCH_SIMPLEX_STOPPED = 0, /* the context was, or memory ran out */
    VOUCH_SIMPLEX_POINT,       /* there is one, and it is the assignment now */
    VOUCH_SIMPLEX_NONE
} vouch_simplex_answer;

vouch_simplex_answer vouch_simplex_check(vouch_simplex *s);

/* After NONE or a refused limit: did a limit of that tag take part in the contradiction? */
bool vouch_simplex_blames(const vouch_simplex *s, int tag);

/* After POINT. Signs and order of values are those of the pairs. */
int vouch_simplex_sign(const vouch_simplex *s, int variable);
double vouch_simplex_near(const vouch_simplex *s, int variable); /* roughly */
/* value[i] = the rational value of variable i < count, with one positive number in the place of
 * epsilon, small enough for all limits. */
void vouch_simplex_point(const vouch_simplex *s, int count, mpq_t *value);

#endif
