/* Corruptions: what happens to samples without an adversary, in five severities.
 *
 * A corruption is a `const vouch_corruption vouch_corruption_NAME` in a file corruption_*.c and a
 * line VOUCH_CORRUPTION(NAME) in corruption.def. It changes one sample in place; the caller clamps
 * to the valid range afterwards. What it draws does not depend on the severity, so that a higher
 * one does more of the same.
 */
#ifndef VOUCH_DATA_CORRUPTION_H
#define VOUCH_DATA_CORRUPTION_H

#include "base/random.h"
#include "data/data.h"

enum { VOUCH_SEVERITIES = 5 };

typedef struct vouch_corruption_job {
    const vouch_data_info *info; /* size, features, schema */
    int64_t channels, height, width;
    double level; /* of the severity */
    vouch_random random;
    float *x;       /* [size] */
    float *scratch; /* [size] */
} vouch_corruption_job;

typedef struct vouch_corruption {
    const char *name, *summary, *citation;
    bool tables; /* of tables; else of images */
    double level[VOUCH_SEVERITIES];
    void (*run)(vouch_corruption_job *job);
} vouch_corruption;

const vouch_corruption *const *vouch_corruption_table(void); /* NULL-terminated */
const vouch_corruption *vouch_corruption_find(const char *name);
/* Is it for data of this kind? Images have a shape of rank 2 or 3, channels first. */
bool vouch_corruption_applies(const vouch_corruption *corruption, const vouch_data_info *info);

typedef struct vouch_corrupting {
    const vouch_corruption *corruption;
    const vouch_data_info *info;
    int severity; /* 1 .. VOUCH_SEVERITIES */
    uint64_t seed;
} vouch_corrupting;

/* x[size] <- what becomes of the sample of that number. scratch[size]. */
void vouch_corrupt(const vouch_corrupting *how, uint64_t number, float *x, float *scratch);

/* ---- what corruptions share ---------------------------------------------------------------- */

static inline float vouch_corruption_range(const vouch_corruption_job *job, int64_t i)
{
    return job->info->feature[i].high - job->info->feature[i].low;
}

#endif
