/* The lane kernels with 256-bit vectors: a lane vector is two registers. */
#include "num/lanes.h"
#include "num/lanes_tables.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

#define LANES_ISA "avx2"
#define LANES_TABLE vouch_lanes_avx2_
/* Bits of a where x >= y, else of b. */
#define LANES_PICK_GE(x, y, a, b)                                                              \
    ((__typeof__(a))((((x) >= (y)) & (__typeof__((x) >= (y)))(a)) |                            \
                     (~((x) >= (y)) & (__typeof__((x) >= (y)))(b))))
#define LANES_TILE_N 1

typedef float vec_f32 __attribute__((vector_size(64)));
typedef double vec_f64 __attribute__((vector_size(64)));

static inline __attribute__((always_inline)) vec_f32 fma_f32(vec_f32 a, vec_f32 b, vec_f32 c)
{
    union {
        vec_f32 whole;
        __m256 half[2];
    } x = {a}, y = {b}, z = {c};
    z.half[0] = _mm256_fmadd_ps(x.half[0], y.half[0], z.half[0]);
    z.half[1] = _mm256_fmadd_ps(x.half[1], y.half[1], z.half[1]);
    return z.whole;
}

static inline __attribute__((always_inline)) vec_f64 fma_f64(vec_f64 a, vec_f64 b, vec_f64 c)
{
    union {
        vec_f64 whole;
        __m256d half[2];
    } x = {a}, y = {b}, z = {c};
    z.half[0] = _mm256_fmadd_pd(x.half[0], y.half[0], z.half[0]);
    z.half[1] = _mm256_fmadd_pd(x.half[1], y.half[1], z.half[1]);
    return z.whole;
}

#define REAL float
#define LANES_FMA fma_f32
#define SUFFIX f32
#include "num/lanes_kernels.inc"
#undef REAL
#undef SUFFIX
#undef LANES_FMA

#define REAL double
#define LANES_FMA fma_f64
#define SUFFIX f64
#include "num/lanes_kernels.inc"
#endif
