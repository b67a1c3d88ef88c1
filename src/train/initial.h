/* What the weights of a new network are drawn from. */
#ifndef VOUCH_TRAIN_INITIAL_H
#define VOUCH_TRAIN_INITIAL_H

#include "base/random.h"
#include "tensor/tensor.h"

typedef struct vouch_initial {
    const char *name, *summary, *citation;
    bool but_last; /* the last layer begins as `uniform` has it */
    /* w: [outputs] times fan_in; bias: [outputs] */
    void (*draw)(vouch_random *r, int64_t fan_in, vouch_tensor *w, vouch_tensor *bias);
} vouch_initial;

extern const vouch_initial vouch_initial_uniform;
const vouch_initial *vouch_initial_find(const char *name); /* NULL: no such */
/* As `choices` of an option row. */
bool vouch_initial_choices(size_t index, const char **name);

#endif
