/* Matrix products of float32 whose operands are read where they lie: dense and convolutional
 * layers, forward and backward, without columns being gathered or panels packed.
 *
 *   C(i, j) = sum over k of A(i, k) B(k, j),     A(i, k) = a[row[i] + s(k)],
 *   B(k, j) = b[t(k) + j],                       C(i, j) = c[at[i] + j]
 *
 * k runs through `run_count` runs: within run r, s = run[r].a + n a_step, t = run[r].b + n b_step,
 * n = 0 .. count - 1. With images stored position by position, channels innermost, and borders
 * of zeros around them, a convolution is such a product (rows: positions; a run: one line of the
 * kernel), so is its gradient by the inputs (rows: positions of one phase of the stride) and by
 * the weights (rows: elements of the kernel; a run: one line of positions).
 * Source: Dukhan 2019, "The Indirect Convolution Algorithm".
 *
 * Columns come in panels of VOUCH_PANEL; n is a multiple of 16, so the last panel may be half.
 * Each sum is one chain over k in the order of the runs: what an element is does not depend on
 * m, n, or on which rows share a tile.
 */
#ifndef VOUCH_NUM_INDIRECT_H
#define VOUCH_NUM_INDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VOUCH_PANEL = 32, VOUCH_LANE = 16 };

typedef struct vouch_run {
    int64_t a, b, count;
} vouch_run;

typedef struct vouch_indirect {
    int64_t m, n;
    const float *a, *b;
    const int64_t *row;   /* [m] */
    const vouch_run *run; /* [run_count] */
    int64_t run_count, a_step, b_step;
    int64_t b_panel; /* from one panel of B to the next */
    int64_t ahead; /* from a line of B to one that is needed soon, a panel or a call later; 0 */
    float *c;
    const int64_t *at; /* [m] */
    int64_t c_panel;   /* from one panel of C to the next */
    bool magnitude;    /* the product is by |B| */
    const float *sign; /* sums take the signs of these, laid out as C is, 0 for 0; NULL */
    bool accumulate;   /* C += instead of C = */
    bool relu;         /* the greater of the sum and 0; NaN stays */
    const float *bias; /* [n] added to every row; NULL */
    const float *
        gate; /* 0 where gate[gate_at[i] + j] is not positive; panels VOUCH_PANEL apart; NULL */
    const int64_t *gate_at;
} vouch_indirect;

void vouch_indirect_run(const vouch_indirect *g);

#endif
