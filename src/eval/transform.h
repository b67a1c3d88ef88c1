/* Transformations of an image that have parameters, and what they make of it at worst.
 *
 * A transformation maps an image x and a parameter t, one or two real numbers, to T(x, t), over
 * the reals; T(x, 0) = x. It is the corruption of the same name (data/corruption.h) made
 * continuous: where that one takes its level, T takes every t up to it, in both directions. The
 * corruption computes in double and rounds to float32; T does not round.
 *
 * A transformation is a `const vouch_transform vouch_transform_NAME` in a file transform_*.c and
 * a line VOUCH_TRANSFORM(NAME) in transform.def.
 */
#ifndef VOUCH_EVAL_TRANSFORM_H
#define VOUCH_EVAL_TRANSFORM_H

#include "data/corruption.h"

enum { VOUCH_PARAMETERS = 2 };

/* Parameters between low and high. */
typedef struct vouch_transform_part {
    double low[VOUCH_PARAMETERS], high[VOUCH_PARAMETERS];
} vouch_transform_part;

typedef struct vouch_transform_job {
    const vouch_data_info *info; /* size, features */
    int64_t channels, height, width;
    const float *x; /* [size] */
    const vouch_transform_part *part;
    double *low, *high; /* [size] */
} vouch_transform_job;

typedef struct vouch_transform {
    const char *name, *summary, *citation;
    const char *unit;                        /* of every parameter */
    const char *parameter[VOUCH_PARAMETERS]; /* names; NULL: there is no second one */
    double (*reach)(double level); /* the largest parameter at that level of the corruption */
    /* low <= T(x, t) <= high for all t of the part, but for the cut to the valid range. */
    void (*enclose)(const vouch_transform_job *job);
} vouch_transform;

const vouch_transform *const *vouch_transform_table(void); /* NULL-terminated */
const vouch_transform *vouch_transform_find(const char *name);
int vouch_transform_parameters(const vouch_transform *transform);
/* Parameters of a severity (1 .. VOUCH_SEVERITIES) go from -reach to reach. */
double vouch_transform_reach(const vouch_transform *transform, int severity);
/* Is it for data of this kind: images? Their ranges must be known (vouch_range_is_known): black
 * and the length of the range are part of what is claimed. */
bool vouch_transform_applies(const vouch_data_info *info);

/* low[size], high[size] <- numbers between which T(x, t) lies, over the reals, for every t of
 * the part, cut to the valid range. */
void vouch_transform_enclose(const vouch_transform *transform, const vouch_data_info *info,
                             const float *x, const vouch_transform_part *part, double *low,
                             double *high);

#endif
