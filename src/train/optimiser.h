/* Optimisers: element by element over the array of parameters, so any slice may be done apart. */
#ifndef VOUCH_TRAIN_OPTIMISER_H
#define VOUCH_TRAIN_OPTIMISER_H

#include <stdint.h>

enum { VOUCH_MOMENTS = 2 };

typedef struct vouch_optimiser_step {
    int64_t count, time;         /* time: 1 for the first step */
    float rate, momentum, decay; /* decay: of weights, added to the gradient */
    float *parameter;
    const float *gradient;
    float *moment[VOUCH_MOMENTS]; /* zeroed before the first step */
} vouch_optimiser_step;

typedef struct vouch_optimiser {
    const char *name, *summary, *citation;
    int moments; /* arrays of state */
    void (*step)(const vouch_optimiser_step *s);
} vouch_optimiser;

const vouch_optimiser *const *vouch_optimiser_table(void); /* NULL-terminated */
const vouch_optimiser *vouch_optimiser_find(const char *name);

#endif
