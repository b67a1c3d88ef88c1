/* Indirect products in plain C with 128-bit vector types: runs anywhere, no fused operations. */
#include "num/indirect_tables.h"

#define WIDTH 4
#define ROWS 4
#define EACH(X) X(1) X(2) X(3) X(4)
#define MULADD(a, x, y) (a) * (x) + (y)
#define ENTRY vouch_indirect_generic
#include "num/indirect_kernels.inc"
