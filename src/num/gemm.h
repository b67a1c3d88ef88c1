/* Matrix products C = A B or C += A B, of any strides, for evaluation and linear bounds.
 *
 * Operands are views: a row stride and a column stride serve transposed matrices, and an
 * operand may be stored as float or double and taken by magnitude, converted while it is
 * packed. So a network's weights serve float32 evaluation, float64 bounds and |W| without a
 * copy.
 *
 * Every element is summed over k in ascending order, blocks of k added one after the other:
 * results do not depend on how many rows or columns a call has. A product of k terms satisfies
 * the bound with gamma_k of num/round.h; converting float to double is exact, double to float
 * (only where a double operand meets vouch_gemm32) is one more rounding.
 */
#ifndef VOUCH_NUM_GEMM_H
#define VOUCH_NUM_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vouch_matrix {
    const void *data;
    int64_t row, column;    /* strides, in elements */
    bool is_float;          /* float, else double */
    bool absolute;          /* take magnitudes */
    const int64_t *rows;    /* B only: [k] where each row begins, instead of `row`; NULL */
    const int64_t *columns; /* B only: [n] which columns; NULL: 0, 1, ... */
} vouch_matrix;

typedef struct vouch_gemm {
    int64_t m, n, k;
    vouch_matrix a, b; /* [m][k], [k][n] */
    void *c;           /* [m][n]: double for vouch_gemm64, float for vouch_gemm32 */
    int64_t c_row, c_column;
    bool accumulate; /* C += instead of C = */
    bool thin;       /* A may be full of zeros: steps over k at which all rows have one are left
                        out. Changes nothing if B is finite, but signs of zeros. */
} vouch_gemm;

void vouch_gemm64(const vouch_gemm *g);
void vouch_gemm32(const vouch_gemm *g);

#endif
