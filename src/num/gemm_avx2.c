/* Matrix products with 256-bit vectors and fused multiply-add. */
#include "num/gemm_tables.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#include <math.h>

#define VECTOR 32
#define MR 6

#define REAL float
#define NAME(x) x##_f32
#define ENTRY vouch_gemm_avx2_f32
#define MULADD(a, x, y) _mm256_fmadd_ps(_mm256_set1_ps(a), x, y)
#include "num/gemm_real.inc"
#undef REAL
#undef NAME
#undef ENTRY
#undef MULADD

#define REAL double
#define NAME(x) x##_f64
#define ENTRY vouch_gemm_avx2_f64
#define MULADD(a, x, y) _mm256_fmadd_pd(_mm256_set1_pd(a), x, y)
#include "num/gemm_real.inc"

#else
typedef int vouch_gemm_avx2_is_empty; /* not compiled for this instruction set */
#endif
