/* Matrix products with 512-bit vectors and fused multiply-add. */
#include "num/gemm_tables.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#include <math.h>

#define VECTOR 64
#define MR 12

#define REAL float
#define NAME(x) x##_f32
#define ENTRY vouch_gemm_avx512_f32
#define MULADD(a, x, y) _mm512_fmadd_ps(_mm512_set1_ps(a), x, y)
#include "num/gemm_real.inc"
#undef REAL
#undef NAME
#undef ENTRY
#undef MULADD

#define REAL double
#define NAME(x) x##_f64
#define ENTRY vouch_gemm_avx512_f64
#define MULADD(a, x, y) _mm512_fmadd_pd(_mm512_set1_pd(a), x, y)
#include "num/gemm_real.inc"

#else
typedef int vouch_gemm_avx512_is_empty; /* not compiled for this instruction set */
#endif
