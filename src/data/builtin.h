/* Data sets that vouch makes itself: on any machine, without a network, the same numbers.
 *
 * Sample i of seed s depends on (s, i) alone, so such a set has no end: builtin:NAME?first=10000
 * is fresh data for a test. One file and one line in builtin.def for each.
 */
#ifndef VOUCH_DATA_BUILTIN_H
#define VOUCH_DATA_BUILTIN_H

#include "base/random.h"
#include "data/format.h"

typedef struct vouch_data_builtin {
    const char *name, *summary;
    /* Fills info: shape and size, scaling, classes, schema. */
    vouch_status (*describe)(vouch_data_stream *stream);
    /* Draws one sample; *missing: a value of it was, and was filled in. */
    void (*draw)(const vouch_data_info *info, vouch_random *r, float *x, int32_t *label,
                 bool *missing);
} vouch_data_builtin;

const vouch_data_builtin *const *vouch_data_builtin_table(void); /* NULL-terminated */

#endif
