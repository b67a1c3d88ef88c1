/* Splitting a data set into parts, by a seed. */
#ifndef VOUCH_DATA_SPLIT_H
#define VOUCH_DATA_SPLIT_H

#include "data/data.h"

typedef struct vouch_data_shares {
    const double *share; /* [parts], positive; they are divided by their sum */
    int parts;
    bool stratified; /* of every class as nearly the shares as whole samples allow */
    uint64_t seed;
} vouch_data_shares;

/* Puts the numbers 0..count-1 of the set's samples into index, those of part 0 first; size[p]
 * says how many belong to part p. The same seed gives the same parts; within a part the order is
 * that of the set. */
vouch_status vouch_data_split(const vouch_data *set, const vouch_data_shares *shares,
                              int64_t *index, int64_t *size);

#endif
