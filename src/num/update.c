/* Choosing the updates for this processor, once per call: no state is kept. */
#include "num/update.h"

#include "num/update_tables.h"

static const vouch_update_table *table(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return &vouch_update_avx512;
    if (__builtin_cpu_supports("avx2"))
        return &vouch_update_avx2;
#endif
    return &vouch_update_generic;
}

void vouch_update_moments(const vouch_moments *m) { table()->moments(m); }

void vouch_update_signs(const vouch_sign_step *s) { table()->signs(s); }

void vouch_update_columns(const vouch_columns *c) { table()->columns(c); }

void vouch_update_row_sums(const vouch_row_sums *s) { table()->row_sums(s); }

void vouch_update_boxes(const vouch_boxes *b) { table()->boxes(b); }

void vouch_update_boxes_back(const vouch_boxes_back *b) { table()->boxes_back(b); }

float vouch_update_contrast(const vouch_contrast *c) { return table()->contrast(c); }

void vouch_update_contrast_back(const vouch_contrast_back *c) { table()->contrast_back(c); }
