/* Losses of training: terms that are added up.
 *
 * A loss is one file loss_NAME.c with `const vouch_loss vouch_loss_NAME` and one line
 * VOUCH_LOSS(NAME) in loss.def. What is trained is a sum of terms: one loss of the
 * classification and any number of regularisers, each with its own settings, written
 *
 *     n-fgsm k=2 step=1
 *
 * The trainer cuts a batch into chunks; a term is given a *job*, one chunk with its samples, its
 * random streams and room for passes, and gives back sums over the chunk: the loss, and the
 * gradient of the parameters. Sums are what makes training the same with any number of threads,
 * so a term must not look beyond its chunk. Where a term needs means over the whole batch (a
 * product of two losses, a weight that follows an error), it gives its sums in *parts*, and
 * `mix` says from the parts' means what each part's gradient counts. Where a term is a function
 * of sums over the batch of what does not depend on the parameters, its jobs give those, and
 * `whole` is called once a batch with them all.
 *
 * Perturbations are made by helpers: perturb.h.
 */
#ifndef VOUCH_TRAIN_LOSS_H
#define VOUCH_TRAIN_LOSS_H

#include "base/arena.h"
#include "base/option.h"
#include "base/random.h"
#include "grad/net.h"
#include "train/entropy.h"

enum { VOUCH_LOSS_PARTS = 4, VOUCH_LOSS_TERMS = 8 };

/* A sum over samples of a chunk, and its gradient. */
typedef struct vouch_loss_part {
    double loss;     /* begins at 0: add to it */
    float *gradient; /* [parameters]: see vouch_loss_room */
    bool begun;      /* something has been put into gradient */
} vouch_loss_part;

/* One chunk. Rows are samples, or what becomes of them: `loss->rows` times as many. */
typedef struct vouch_loss_job {
    vouch_net *net;
    vouch_tape *tape; /* takes rows * count samples */
    int64_t count, inputs, classes;
    const float *x;         /* [count][inputs] */
    const int *label;       /* [count] */
    const float *target;    /* [count][classes] shares of the classes; NULL: the labels alone */
    const uint64_t *sample; /* [count] names random streams: another in every epoch */
    uint64_t seed;
    float scale;         /* gradients of the loss are times this: 1 / samples of the batch */
    float low, high;     /* what an input may be */
    float eps, eps_most; /* the radius now, and at the end of its ramp */
    double ramp;         /* how far the ramp is: 0 .. 1 */
    double features; /* share of the features that boxes cover: 0 or 1: all; the most salient
                            * ones, or if negative all others */
    const void *settings;  /* the term's own, as its rows describe */
    const void *state;     /* the term's own along training */
    void *scratch;         /* what prepare made for this thread */
    float *y, *d_y;        /* [rows][classes] scratch */
    float *d_x, *out;      /* [rows][inputs] scratch */
    float *spare;          /* [parameters] scratch */
    vouch_loss_part *part; /* [parts] what comes out */
    float *sum;            /* [sums] begins at 0: add to it; NULL: the term has none */
    int64_t *hits;         /* what comes out of a loss: samples classified as labelled */
    int64_t *certified; /* and those whose bounds keep the label; left alone where there are no
                            * bounds; NULL: not wanted */
} vouch_loss_job;

/* The whole batch, after its chunks, for terms that have sums. */
typedef struct vouch_loss_whole {
    const void *settings;
    void *state;
    void *scratch;    /* as a job's */
    const float *sum; /* [sums] over the batch */
    float scale;      /* as a job's */
    double loss;      /* begins at 0, comes out: its share of the sum over the batch */
    float *gradient;  /* [parameters]: add to it */
} vouch_loss_whole;

/* The whole batch, after its chunks. */
typedef struct vouch_loss_mix {
    const void *settings;
    void *state;
    double ramp;
    const double *mean; /* [parts] over the samples of the batch */
    double loss;        /* comes out: the term's mean loss */
    double *weight;     /* [parts] comes out: of the parts' gradients */
} vouch_loss_mix;

/* What a thread's scratch is made for. */
typedef struct vouch_loss_place {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_net *net;
    vouch_tape *tape; /* the jobs' */
    const void *settings;
    int64_t capacity; /* most samples of a job */
} vouch_loss_place;

typedef struct vouch_loss {
    const char *name, *summary, *citation;
    bool regulariser; /* to be added to a loss */
    bool boxes;       /* bounds of boxes that `features` may shrink (vouch_bound_ball) */
    size_t size;      /* of its settings; 0: none */
    const vouch_option *options;
    size_t option_count;
    int rows;          /* of a pass for each sample; 0: 1 */
    int parts;         /* with a gradient each; 0: 1. More than 1 need mix */
    size_t state_size; /* of its state, plain bytes that a checkpoint keeps; zeroed; 0: none */
    /* Scratch of one thread; may refuse a net. NULL: none. */
    vouch_status (*prepare)(const vouch_loss_place *place, void **scratch);
    void (*run)(const vouch_loss_job *job);
    /* One thread, once a batch. NULL: the part counts as it is. */
    void (*mix)(vouch_loss_mix *mix);
    /* How many sums a job has; then `whole` is called by one thread, once a batch. NULL: none. Not
     * beside mix. */
    int64_t (*sums)(const vouch_net *net);
    void (*whole)(vouch_loss_whole *whole);
} vouch_loss;

/* An option row of a loss's settings struct `owner`. */
#define VOUCH_LOSS_INT(owner, field, about, otherwise, least, most)                            \
    {                                                                                          \
        .name = #field, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,              \
        .offset = offsetof(owner, field), .number = otherwise, .low = least, .high = most      \
    }
#define VOUCH_LOSS_REAL(owner, field, about, otherwise, least, most)                           \
    {                                                                                          \
        .name = #field, .argument = "X", .help = about, .type = VOUCH_OPTION_REAL,             \
        .offset = offsetof(owner, field), .number = otherwise, .low = least, .high = most      \
    }

const vouch_loss *const *vouch_loss_table(void); /* NULL-terminated */
const vouch_loss *vouch_loss_find(const char *name);

/* ---- terms --------------------------------------------------------------------------------- */

typedef struct vouch_loss_term {
    const vouch_loss *loss;
    const void *settings;
} vouch_loss_term;

/* Terms from text: a loss, "NAME SETTING=VALUE ...", and regularisers likewise, parted by " + "
 * (NULL or "": none). term[VOUCH_LOSS_TERMS]; settings in the arena. */
vouch_status vouch_loss_parse_sum(vouch_arena *arena, const char *loss,
                                  const char *regularisers, vouch_loss_term *term, int *count);

/* ---- what losses call ---------------------------------------------------------------------- */

/* Room for a gradient of the parameters, to be set, not added to; then put adds it to part p. */
float *vouch_loss_room(const vouch_loss_job *job, int p);
void vouch_loss_put(const vouch_loss_job *job, int p);
/* The same by a backward pass of the tape, from d_y of its last forward pass. */
void vouch_loss_backward(const vouch_loss_job *job, int p, const float *d_y);
/* What the outputs of the job's samples, or of sample s, are held against. */
vouch_aim_at vouch_loss_aims(const vouch_loss_job *job);
vouch_aim_at vouch_loss_aim(const vouch_loss_job *job, int64_t s);
/* Cross-entropy at rows x, counted, into part p with its gradient: most losses end with it. */
void vouch_loss_classify(const vouch_loss_job *job, int p, const float *x);

#endif
