/* The updates of num/update.h, compiled for this instruction set. */
#include "num/update_tables.h"

#if defined(__AVX2__)
#define TABLE vouch_update_avx2
#include "num/update_kernels.inc"
#else
typedef int vouch_update_avx2_is_empty; /* not compiled for this instruction set */
#endif
