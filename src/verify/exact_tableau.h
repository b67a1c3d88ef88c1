/* The exact search's linear arithmetic: one case on its box (exact.c says what it means). */
#ifndef VOUCH_VERIFY_EXACT_TABLEAU_H
#define VOUCH_VERIFY_EXACT_TABLEAU_H

#include "lower/exact_form.h"
#include "num/simplex.h"
#include "spec/spec.h"

typedef enum vouch_exact_side {
    VOUCH_EXACT_OPEN = 0,
    VOUCH_EXACT_INACTIVE, /* h_k = 0 */
    VOUCH_EXACT_ACTIVE    /* s_k = 0 */
} vouch_exact_side;

typedef struct vouch_exact_case {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_exact_form *form;
    const vouch_case *which;
    const vouch_box *box;
    vouch_simplex *simplex;
    vouch_exact_side *side; /* [neurons]: where limits that always hold leave them */
    bool possible;          /* those limits do not contradict each other */
    const char *reason;     /* why there is no tableau; NULL: there is one */
} vouch_exact_case;

/* Variables: v of the form, then these rows. */
static inline int vouch_exact_h(const vouch_exact_form *f, int k)
{
    return f->input_count + 1 + k;
}
static inline int vouch_exact_s(const vouch_exact_form *f, int k) { return f->columns + k; }

/* Builds the tableau, with all limits of the case; splits' tags may be 1 .. neurons. side in
 * c->arena; the simplex is freed by vouch_simplex_free. */
vouch_status vouch_exact_case_open(vouch_context *ctx, vouch_arena *arena,
                                   const vouch_exact_form *form, const vouch_spec *spec,
                                   int which, vouch_exact_case *c);

/* A limit that is a double; false: refused. */
bool vouch_exact_limit(vouch_simplex *simplex, int variable, vouch_simplex_side at,
                       double value, int tag);

#endif
