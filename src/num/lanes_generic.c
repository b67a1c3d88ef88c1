/* The lane kernels in plain C: for any processor, and the measure of the others. */
#include "num/lanes.h"
#include "num/lanes_tables.h"

#define LANES_ISA "generic"
#define LANES_TABLE vouch_lanes_generic_
#define LANES_FMA(a, b, c) ((a) * (b) + (c))
/* Bits of a where x >= y, else of b. */
#define LANES_PICK_GE(x, y, a, b)                                                              \
    ((__typeof__(a))((((x) >= (y)) & (__typeof__((x) >= (y)))(a)) |                            \
                     (~((x) >= (y)) & (__typeof__((x) >= (y)))(b))))
#define LANES_TILE_N 1

#define REAL float
#define SUFFIX f32
#include "num/lanes_kernels.inc"
#undef REAL
#undef SUFFIX

#define REAL double
#define SUFFIX f64
#include "num/lanes_kernels.inc"
