/* What affine families share. */
#ifndef VOUCH_OP_AFFINE_H
#define VOUCH_OP_AFFINE_H

#include "num/gemm.h"
#include "op/op_priv.h"

/* A stored tensor as an operand of a product. */
static inline vouch_matrix vouch_op_matrix(const vouch_tensor *t, int64_t offset, int64_t row,
                                           int64_t column)
{
    const size_t size = vouch_dtype_size(t->dtype);
    return (vouch_matrix){.data = (const char *)t->data + (size_t)offset * size,
                          .row = row,
                          .column = column,
                          .is_float = t->dtype == VOUCH_F32};
}

static inline vouch_matrix vouch_op_matrix64(const double *data, int64_t row, int64_t column)
{
    return (vouch_matrix){.data = data, .row = row, .column = column};
}

/* vouch_gemm32 or vouch_gemm64, by the element type of C. */
static inline void vouch_op_gemm(const vouch_gemm *g, vouch_dtype dtype)
{
    if (dtype == VOUCH_F32)
        vouch_gemm32(g);
    else
        vouch_gemm64(g);
}

/* Range by midpoint and radius through op->linear; see affine.c. */
vouch_status vouch_op_affine_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                   const vouch_tensor *const *high, vouch_tensor *out_low,
                                   vouch_tensor *out_high);

#endif
