/* Augmentation: samples changed at random before they are trained on, anew in every epoch.
 *
 * One file augment_NAME.c and one line in augment.def each; written "crop pad=2 + flip". Random
 * streams are named by seed, epoch and sample.
 */
#ifndef VOUCH_TRAIN_AUGMENT_H
#define VOUCH_TRAIN_AUGMENT_H

#include "base/arena.h"
#include "base/option.h"
#include "base/random.h"

enum { VOUCH_AUGMENTS = 8 };

/* A chunk of a batch; x and target are changed in place. */
typedef struct vouch_augment_job {
    int64_t count, inputs, classes;
    int64_t channels, height, width; /* of images: inputs = their product */
    float *x;                        /* [count][inputs] */
    float *target;                   /* [count][classes] shares of the classes; see `mixes` */
    const uint64_t *sample;          /* [count] names random streams */
    uint64_t seed;
    float *spare; /* [inputs + classes] */
    const void *settings;
} vouch_augment_job;

typedef struct vouch_augment {
    const char *name, *summary, *citation;
    bool images; /* is for images alone */
    bool mixes;  /* changes targets */
    size_t size;
    const vouch_option *options;
    size_t option_count;
    void (*run)(const vouch_augment_job *job);
} vouch_augment;

const vouch_augment *const *vouch_augment_table(void); /* NULL-terminated */

typedef struct vouch_augment_term {
    const vouch_augment *augment;
    const void *settings;
} vouch_augment_term;

/* Terms parted by " + " (NULL or "": none). term[VOUCH_AUGMENTS]; settings in the arena. */
vouch_status vouch_augment_parse(vouch_arena *arena, const char *text, vouch_augment_term *term,
                                 int *count);

#endif
