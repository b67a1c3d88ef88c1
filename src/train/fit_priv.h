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
    int64_t hits, certified;      /* certified: -1 where the loss has no bounds */
    float *sum[VOUCH_LOSS_TERMS]; /* of terms that have them */
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
    float *target;    /* [capacity][classes]; NULL: labels alone */
    float *spare;     /* [size] of gradients; then [inputs + classes] of augmentations */
    vouch_fit_score score;
    void *scratch[VOUCH_LOSS_TERMS];
} fit_desk;

/* What a checkpoint belongs to: texts, hashes. */
typedef struct fit_identity {
    char magic[24], version[24];
    char recipe[65], data[65];
} fit_identity;

/* Passes over all samples that measure statistics of batch normalisations. */
typedef struct fit_measure {
    int64_t passes; /* 0: none are wanted */
    float *all;     /* [passes][statistics] */
    const float **statistics;
    int64_t *samples; /* [passes] */
    float *kept;      /* the running ones meanwhile */
} fit_measure;

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
    fit_measure measure;
    fit_desk *desk; /* [threads] */
    int parts, first_part[VOUCH_LOSS_TERMS];
    double weight[VOUCH_FIT_PARTS]; /* of the parts' gradients in this batch */
    void *state[VOUCH_LOSS_TERMS];
    float *moment[VOUCH_MOMENTS];
    float *kept;    /* parameters without blur; NULL: none */
    float *average; /* NULL: none */
    float *best,
        *best_running; /* parameters and statistics of the best score; NULL: no validation */
    double *square;    /* [slices] of the gradient */
    pthread_barrier_t barrier;
    vouch_fit_progress *log; /* [epochs] */
    double loss, began_s, started_s;
    int64_t first_step; /* done before this run */
    int64_t saved;      /* the epoch of the last checkpoint; 0: none */
    fit_identity identity;
    int64_t hits, step;   /* step: batches done */
    int64_t certified;    /* -1: not counted */
    int64_t epoch, taken; /* taken: by the average */
    vouch_fit_score score, top;
    int64_t top_epoch;            /* 0: none */
    bool better, stop, cancelled; /* better: the last score is the best */
    vouch_status status;
} fit;

/* A worker's slices of the parameters: every threads-th. */
#define VOUCH_FIT_EACH_SLICE(f, worker, at, count)                                             \
    for (int64_t at = (int64_t)(worker)*VOUCH_FIT_SLICE, count = vouch_fit_slice((f), at);     \
         count > 0;                                                                            \
         at += (int64_t)(f)->s->threads * VOUCH_FIT_SLICE, count = vouch_fit_slice((f), at))

/* Samples [from, to) of the epoch's order onto the desk, augmented (fit_samples.c). */
void vouch_fit_gather(const fit *f, fit_desk *d, int64_t from, int64_t to);
/* Are there targets beside labels? */
bool vouch_fit_has_targets(const vouch_fit_settings *s);
vouch_status vouch_fit_check_samples(vouch_context *ctx, const vouch_fit_data *data,
                                     const vouch_fit_settings *s);
/* A chunk's job without its part, settings and state (fit_chunk.c). */
vouch_loss_job vouch_fit_job(const fit *f, const fit_desk *d, int64_t count, float scale);
/* Chunk c of the batch that begins at `first` and has `count` samples. */
void vouch_fit_do_chunk(const fit *f, fit_desk *d, int64_t c, int64_t first, int64_t count);
/* Terms of sums over a batch of that many samples, by one thread: into the first chunk. */
void vouch_fit_whole(const fit *f, int64_t count);
/* Losses and hits of a batch of that many samples, weights of the parts: by one thread
 * (fit_step.c). */
void vouch_fit_mix(fit *f, int64_t count);
/* The running statistics, by one thread. */
void vouch_fit_absorb(const fit *f, int64_t count);
/* What follows is done by all workers, each its slices, barriers in between. */
void vouch_fit_blur(const fit *f, int worker); /* noise on parameters */
void vouch_fit_sum(const fit *f, int worker);  /* chunks' gradients into the first one */
void vouch_fit_take_step(const fit *f, int worker);
void vouch_fit_average(const fit *f, int worker);
/* Parameters and array change places; parameters are copied. */
void vouch_fit_exchange(const fit *f, int worker, float *array);
void vouch_fit_copy(const fit *f, int worker, float *to);
/* This worker's samples of the validation into its desk's score (fit_validate.c). */
void vouch_fit_validate(const fit *f, fit_desk *d, int worker);
/* Statistics of averages by epochs, where the net has any (fit_measure.c): all workers do the passes;
 * then one sets the running ones, and may set them back. */
vouch_status vouch_fit_new_measure(fit *f);
void vouch_fit_measure(const fit *f, fit_desk *d, int worker);
void vouch_fit_set_measured(const fit *f);
void vouch_fit_unset_measured(const fit *f);
/* Adds up the workers' scores, says whether they are the best: by one thread. */
bool vouch_fit_judge(fit *f);
/* Checkpoints (fit_checkpoint.c): before the first epoch, after each one, and at the start of a
 * run that goes on from one, if there is one. */
void vouch_fit_identify(fit *f);
vouch_status vouch_fit_save(fit *f);
vouch_status vouch_fit_restore(fit *f);
/* The learning rate of a step, the ramp's value. */
double vouch_fit_rate(const fit *f, int64_t step);
double vouch_fit_ramp(const fit *f);
/* Parameters from `at` on that are in its slice; 0 at the end. */
static inline int64_t vouch_fit_slice(const fit *f, int64_t at)
{
    const int64_t left = vouch_net_size(f->net) - at;
    return left < VOUCH_FIT_SLICE ? (left > 0 ? left : 0) : VOUCH_FIT_SLICE;
}

#endif
