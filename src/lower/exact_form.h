/* The piecewise-linear form of pwl.h in rationals: no radius, no box, nothing rounded.
 *
 *     v = (x_0 .. x_{n-1}, 1, h_0 .. h_{U-1})
 *     z_k = row_k . v,    h_k = max(0, z_k),    y_o = row_{U+o} . v
 *
 * For tiny networks whose affine nodes have stored coefficients (exact_linear.h) and whose curves
 * are continuous and made of lines with stored coefficients. GMP's own memory does not pass
 * through the context.
 */
#ifndef VOUCH_LOWER_EXACT_FORM_H
#define VOUCH_LOWER_EXACT_FORM_H

#include <gmp.h>

#include "op/op.h"

typedef struct vouch_exact_form {
    int input_count, neuron_count, output_count;
    int columns; /* input_count + 1 + neuron_count */
    mpq_t *row;  /* [neuron_count + output_count][columns] */
} vouch_exact_form;

static inline mpq_t *vouch_exact_row(const vouch_exact_form *form, int k)
{
    return form->row + (size_t)k * (size_t)form->columns;
}

typedef struct vouch_exact_limits {
    int neurons;
    int64_t cells; /* rationals held at once */
} vouch_exact_limits;

/* *form is NULL, and the status VOUCH_OK, where the network has none within the limits. */
vouch_status vouch_exact_form_new(vouch_context *ctx, const vouch_graph *graph,
                                  const vouch_exact_limits *limits, vouch_exact_form **form);
void vouch_exact_form_free(vouch_context *ctx, vouch_exact_form *form); /* NULL is fine */

#endif
