/* Walk kernels with 256-bit vectors. */
#if defined(__AVX2__)
#define TABLE vouch_walk_avx2
#include "num/walk_kernels.inc"
#else
typedef int vouch_walk_avx2_is_empty; /* not compiled for this instruction set */
#endif
