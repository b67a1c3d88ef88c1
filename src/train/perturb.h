/* Perturbations of training batches inside an L-infinity ball, by the gradient of the loss. */
#ifndef VOUCH_TRAIN_PERTURB_H
#define VOUCH_TRAIN_PERTURB_H

#include "base/random.h"
#include "grad/net.h"

typedef struct vouch_perturb_job {
    vouch_tape *tape;
    int64_t count, inputs, classes;
    const float *x;   /* [count][inputs] */
    const int *label; /* [count] */
    float eps;
    float low, high; /* what an input may be */
    int steps;       /* pgd */
    uint64_t seed;
    const uint64_t *sample; /* [count] names the random stream of each sample */
    float *y, *d_y;         /* [count][classes] scratch */
    float *d_x;             /* [count][inputs] scratch */
    float *out;             /* [count][inputs] */
} vouch_perturb_job;

typedef struct vouch_perturb {
    const char *name, *summary, *citation;
    void (*run)(const vouch_perturb_job *job);
} vouch_perturb;

const vouch_perturb *const *vouch_perturb_table(void); /* NULL-terminated */
const vouch_perturb *vouch_perturb_find(const char *name);

/* out = x + U[-radius, radius], within range. */
void vouch_perturb_start(const vouch_perturb_job *job, float radius);
/* d_x becomes the gradient of the loss at out. */
void vouch_perturb_gradient(const vouch_perturb_job *job);
/* out += step sign(d_x), back into the ball and the range. */
void vouch_perturb_step(const vouch_perturb_job *job, float step);

#endif
