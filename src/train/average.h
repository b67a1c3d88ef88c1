/* Averages of the parameters along training: what is kept in the end in their place. */
#ifndef VOUCH_TRAIN_AVERAGE_H
#define VOUCH_TRAIN_AVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vouch_average {
    const char *name;
    bool epochs; /* taken after epochs, not after steps */
    /* How far the average goes to the parameters; time: 0 for the first, which it begins with. */
    double (*share)(double decay, int64_t time); /* NULL: no average */
} vouch_average;

const vouch_average *vouch_average_find(const char *name);
/* As `choices` of an option row. */
bool vouch_average_choices(size_t index, const char **name);

#endif
