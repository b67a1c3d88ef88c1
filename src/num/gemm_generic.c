/* Matrix products in plain C with 128-bit vector types: runs anywhere, no fused operations. */
#include "num/gemm_tables.h"

#include <math.h>

#define VECTOR 16
#define MR 3

#define REAL float
#define NAME(x) x##_f32
#define ENTRY vouch_gemm_generic_f32
#define MULADD(a, x, y) (a) * (x) + (y)
#include "num/gemm_real.inc"
#undef REAL
#undef NAME
#undef ENTRY
#undef MULADD

#define REAL double
#define NAME(x) x##_f64
#define ENTRY vouch_gemm_generic_f64
#define MULADD(a, x, y) (a) * (x) + (y)
#include "num/gemm_real.inc"
