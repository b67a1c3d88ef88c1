/* Constant matrices that are mostly zeros, by rows.
 *
 * Networks that encode structure (selections, banks of minima and maxima, padded blocks) store it
 * as dense weights of which one in a thousand is not zero. Their products cost what is not zero,
 * and skip zeros of the vector too: lowering multiplies thousands of unit vectors.
 *
 * Every element is summed over the rows in ascending order, as in gemm.h, and operations that
 * are not made with a zero do not round: the bound with gamma_k holds for k = longest.
 */
#ifndef VOUCH_NUM_SPARSE_H
#define VOUCH_NUM_SPARSE_H

#include "base/arena.h"
#include "num/gemm.h"

typedef struct vouch_sparse {
    int64_t rows, columns;
    int64_t longest;       /* entries of a row or a column, at most: the terms of a sum */
    const int64_t *start;  /* [rows + 1] */
    const int32_t *column; /* [start[rows]] ascending in a row */
    const double *value;   /* as stored: floats become doubles exactly */
} vouch_sparse;

/* *sparse is NULL where the matrix is small or not sparse enough to gain. */
vouch_status vouch_sparse_of(vouch_arena *arena, const vouch_matrix *dense, int64_t rows,
                             int64_t columns, const vouch_sparse **sparse);

/* y[count][columns] = x[count][rows] B, with |B| if absolute. */
void vouch_sparse_multiply64(const vouch_sparse *b, bool absolute, int64_t count,
                             const double *x, double *y);
void vouch_sparse_multiply32(const vouch_sparse *b, int64_t count, const float *x, float *y);
/* x[count][rows] += y[count][columns] B^T */
void vouch_sparse_transposed64(const vouch_sparse *b, bool absolute, int64_t count,
                               const double *y, double *x);
void vouch_sparse_transposed32(const vouch_sparse *b, int64_t count, const float *y, float *x);

#endif
