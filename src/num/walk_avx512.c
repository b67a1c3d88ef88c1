/* Walk kernels with 512-bit vectors. */
#if defined(__AVX512F__)
#define TABLE vouch_walk_avx512
#include "num/walk_kernels.inc"
#else
typedef int vouch_walk_avx512_is_empty; /* not compiled for this instruction set */
#endif
