/* The sheets of num/sheet.h, compiled for this instruction set. */
#include "num/sheet_tables.h"

#if defined(__AVX2__)
#define TABLE vouch_sheet_avx2
#define WIDTH 8
#include "num/sheet_kernels.inc"
#else
typedef int vouch_sheet_avx2_is_empty; /* not compiled for this instruction set */
#endif
