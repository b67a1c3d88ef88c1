/* Indirect products with 256-bit vectors: 12 of 16 registers hold sums. */
#include "num/indirect_tables.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

#define WIDTH 8
#define ROWS 6
#define EACH(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define MULADD(a, x, y) _mm256_fmadd_ps(_mm256_set1_ps(a), x, y)
#define ENTRY vouch_indirect_avx2
#include "num/indirect_kernels.inc"

#else
typedef int vouch_indirect_avx2_is_empty; /* not compiled for this instruction set */
#endif
