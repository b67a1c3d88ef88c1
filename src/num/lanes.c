/* Choosing the lane kernels for this processor, once per call: no state is kept. */
#include "num/lanes.h"

#include "num/lanes_tables.h"

#if defined(__x86_64__)
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}
#endif

/* The three functions for one element type. */
#define CHOOSE(suffix)                                                                         \
    bool vouch_lanes_runs_##suffix(const vouch_lanes_##suffix *table)                          \
    {                                                                                          \
        return table == &vouch_lanes_generic_##suffix || RUNS(table, suffix);                  \
    }                                                                                          \
    const vouch_lanes_##suffix *const *vouch_lanes_all_##suffix(void)                          \
    {                                                                                          \
        static const vouch_lanes_##suffix *const all[] = {                                     \
            TABLES(suffix) & vouch_lanes_generic_##suffix, 0};                                 \
        return all;                                                                            \
    }                                                                                          \
    const vouch_lanes_##suffix *vouch_lanes_best_##suffix(void)                                \
    {                                                                                          \
        const vouch_lanes_##suffix *const *table = vouch_lanes_all_##suffix();                 \
        while (!vouch_lanes_runs_##suffix(*table))                                             \
            table++;                                                                           \
        return *table;                                                                         \
    }

#if defined(__x86_64__)
#define TABLES(suffix) &vouch_lanes_avx512_##suffix, &vouch_lanes_avx2_##suffix,
#define RUNS(table, suffix)                                                                    \
    ((table) == &vouch_lanes_avx512_##suffix                                                   \
         ? has_avx512()                                                                        \
         : (table) == &vouch_lanes_avx2_##suffix && has_avx2())
#else
#define TABLES(suffix)
#define RUNS(table, suffix) false
#endif

CHOOSE(f32)
CHOOSE(f64)
