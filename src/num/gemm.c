/* Choosing the product for this processor, once per call: no state is kept. */
#include "num/gemm.h"

#include "num/gemm_tables.h"

#if defined(__x86_64__)
#define CHOOSE(suffix)                                                                         \
    if (__builtin_cpu_supports("avx512f"))                                                     \
        vouch_gemm_avx512_##suffix(g);                                                         \
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))                  \
        vouch_gemm_avx2_##suffix(g);                                                           \
    else                                                                                       \
        vouch_gemm_generic_##suffix(g)
#else
#define CHOOSE(suffix) vouch_gemm_generic_##suffix(g)
#endif

void vouch_gemm32(const vouch_gemm *g) { CHOOSE(f32); }

void vouch_gemm64(const vouch_gemm *g) { CHOOSE(f64); }
