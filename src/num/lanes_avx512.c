/* The lane kernels with 512-bit vectors: a lane vector is one register. */
#include "num/lanes.h"
#include "num/lanes_tables.h"

#if defined(__AVX512F__)
#include <immintrin.h>

#define LANES_ISA "avx512"
#define LANES_TABLE vouch_lanes_avx512_
#define LANES_TILE_N 4

#define REAL float
#define SUFFIX f32
#define LANES_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define LANES_PICK_GE(x, y, a, b)                                                              \
    _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, y, _CMP_GE_OQ), b, a)
#include "num/lanes_kernels.inc"
#undef REAL
#undef SUFFIX
#undef LANES_FMA
#undef LANES_PICK_GE

#define REAL double
#define SUFFIX f64
#define LANES_FMA(a, b, c) _mm512_fmadd_pd(a, b, c)
#define LANES_PICK_GE(x, y, a, b)                                                              \
    _mm512_mask_blend_pd(_mm512_cmp_pd_mask(x, y, _CMP_GE_OQ), b, a)
#include "num/lanes_kernels.inc"
#endif
