/* The sheets of num/sheet.h, compiled for this instruction set. */
#include "num/sheet_tables.h"

#if defined(__AVX512F__)
#define TABLE vouch_sheet_avx512
#define WIDTH 16
#include "num/sheet_kernels.inc"
#else
typedef int vouch_sheet_avx512_is_empty; /* not compiled for this instruction set */
#endif
