/* What the files of the training loop share (fit.h). */
#ifndef VOUCH_TRAIN_FIT_PRIV_H
#define VOUCH_TRAIN_FIT_PRIV_H

#include <pthread.h>

#include "train/fit.h"

enum { VOUCH_FIT_CHUNK = 64, VOUCH_FIT_SLICE = 1 << 14 };
/* Sums of losses that have gradients of their own: one for all terms that do not mix, then the
 * parts of those that do. */
enum { VOUCH_FIT_PARTS = 1 + VOUCH_LOSS_TERMS * VOUCH_LOSS_PARTS };

/* What one chunk of the batch gives. */
typedef struct fit_chunk {
    vouch_loss_part part[VOUCH_FIT_PARTS];
    int64_t hits;
    float *statistics; /* of the net's batch normalisations, from the chunk's last pass */
} fit_chunk;

/* What one thread works on. */
typedef struct fit_desk {
    vouch_tape *tape;
    float *x;         /* [capacity][inputs] */
    float *out, *d_x; /* [rows][inputs] */
    float *y, *d_y;   /* [rows][classes] */
    int *label;       /* [capacity] */
    uint64_t *name;   /* [capacity] of the samples' random streams */
    float *spare;     /* [size] */
    float *sum;       /* [VOUCH_FIT_SLICE] */
    void *scratch[VOUCH_LOSS_TERMS];
} fit_desk;

typedef struct fit {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_net *net;
    const vouch_fit_data *data;
    const vouch_fit_settings *s;
    vouch_fit_report *report;
    void *user;
    int64_t *order; /* [count] */
    int64_t batches, chunk_count, capacity, rows;
    const float **statistics; /* [chunk_count] the chunks', and */
    int64_t *samples;         /* how many samples the chunks of this batch have */
    fit_chunk *chunk;
    fit_desk *desk; /* [threads] */
    int parts, first_part[VOUCH_LOSS_TERMS];
    double weight[VOUCH_FIT_PARTS]; /* of the parts' gradients in this batch */
    void *state[VOUCH_LOSS_TERMS];
    float *moment[VOUCH_MOMENTS];
    pthread_barrier_t barrier;
    double loss, began_s;
    int64_t hits, step; /* step: batches done */
    int epoch;
    bool stop, cancelled;
    vouch_status status;
} fit;

/* Chunk c of the batch that begins at `first` and has `count` samples (fit_chunk.c). */
void vouch_fit_do_chunk(const fit *f, fit_desk *d, int64_t c, int64_t first, int64_t count);
/* Losses and hits of a batch of that many samples, weights of the parts: by one thread
 * (fit_step.c). */
void vouch_fit_mix(fit *f, int64_t count);
/* The running statistics, by one thread. */
void vouch_fit_absorb(const fit *f, int64_t count);
/* Every threads-th slice of the parameters: sums the chunks' gradients, takes the step. */
void vouch_fit_do_slices(const fit *f, const fit_desk *d, int worker);
/* The learning rate of a step. */
double vouch_fit_rate(const fit *f, int64_t step);

#endif
