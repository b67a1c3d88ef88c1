/* Linear expressions while they are read: a stack of (variable, exact coefficient).
 *
 * An expression is the run of entries from a base to the top. Sums are runs side by side;
 * vouch_linear_collapse sorts a run by variable and merges equal ones. The rationals of popped
 * entries are kept and reused, and all are cleared in one place, whatever way a parse ends.
 */
#ifndef VOUCH_SPEC_LINEAR_H
#define VOUCH_SPEC_LINEAR_H

#include <gmp.h>
#include <stdint.h>

#include "base/context.h"

enum { VOUCH_LINEAR_CONSTANT = -1 }; /* the "variable" of a constant */

typedef struct vouch_linear_entry {
    int64_t variable;
    mpq_t value;
} vouch_linear_entry;

typedef struct vouch_linear {
    vouch_context *ctx;
    vouch_linear_entry *entry;
    size_t count; /* of the stack */
    size_t ready; /* entries whose value is initialised, >= count */
    size_t capacity;
    bool too_long; /* some number grew past any sensible length (a bomb): values are void */
} vouch_linear;

void vouch_linear_init(vouch_linear *stack, vouch_context *ctx);
void vouch_linear_fini(vouch_linear *stack);

vouch_status vouch_linear_push(vouch_linear *stack, int64_t variable, mpq_srcptr value);
vouch_status vouch_linear_push_variable(vouch_linear *stack, int64_t variable);
/* Pushes a copy of the run [base, top). */
vouch_status vouch_linear_repeat(vouch_linear *stack, size_t base);
void vouch_linear_negate(vouch_linear *stack, size_t base);
/* Sorts and merges the run; no zero is left. */
void vouch_linear_collapse(vouch_linear *stack, size_t base);
/* [base, middle) * [middle, top), left as the run [base, top). false: neither is constant. */
bool vouch_linear_multiply(vouch_linear *stack, size_t base, size_t middle);
/* [base, middle) / [middle, top); *fault says why not: NULL when done. */
void vouch_linear_divide(vouch_linear *stack, size_t base, size_t middle, const char **fault);

#endif
