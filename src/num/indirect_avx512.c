/* Indirect products with 512-bit vectors: 28 of 32 registers hold sums. */
#include "num/indirect_tables.h"

#if defined(__AVX512F__)
#include <immintrin.h>

#define WIDTH 16
#define ROWS 14
#define EACH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define MULADD(a, x, y) _mm512_fmadd_ps(_mm512_set1_ps(a), x, y)
#define ENTRY vouch_indirect_avx512
#include "num/indirect_kernels.inc"

#else
typedef int vouch_indirect_avx512_is_empty; /* not compiled for this instruction set */
#endif
