/* Choosing the product for this processor, once per call: no state is kept. */
#include "num/indirect.h"

#include "num/indirect_tables.h"

void vouch_indirect_run(const vouch_indirect *g)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        vouch_indirect_avx512(g);
        return;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        vouch_indirect_avx2(g);
        return;
    }
#endif
    vouch_indirect_generic(g);
}
