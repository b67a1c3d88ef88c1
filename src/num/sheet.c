/* Choosing the sheets for this processor, once per call: no state is kept. */
#include "num/sheet.h"

#include "num/sheet_tables.h"

static const vouch_sheet_table *table(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return &vouch_sheet_avx512;
    if (__builtin_cpu_supports("avx2"))
        return &vouch_sheet_avx2;
#endif
    return &vouch_sheet_generic;
}

void vouch_sheet_add_sums(const vouch_sheet_sums *s) { table()->sums(s); }

void vouch_sheet_run_map(const vouch_sheet_map *s) { table()->map(s); }

void vouch_sheet_run_back(const vouch_sheet_back *s) { table()->back(s); }

void vouch_sheet_run_pair(const vouch_sheet_pair *s) { table()->pair(s); }

void vouch_sheet_run_pass(const vouch_sheet_pass *s) { table()->pass(s); }
