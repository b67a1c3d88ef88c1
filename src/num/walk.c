/* Choosing the kernels for this processor, once per call: no state is kept. */
#include "num/walk_tables.h"

const vouch_walk_kernels *vouch_walk_kernels_here(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        return &vouch_walk_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &vouch_walk_avx2;
#endif
    return &vouch_walk_generic;
}
