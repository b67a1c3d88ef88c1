/* Splitting a data set into parts, by a seed. */
#ifndef VOUCH_DATA_SPLIT_H
#define VOUCH_DATA_SPLIT_H

#include "data/data.h"

/* Puts the numbers 0..count-1 of the set's samples into index, those of part 0 first; size[p]
 * says how many belong to part p, share[p] of all (shares are positive; they are divided by
 * their sum). Stratified: of every class as nearly that share as whole samples allow. The same
 * seed gives the same parts; within a part the order is that of the set. */
vouch_status vouch_data_split(const vouch_data *set, const double *share, int parts,
                              uint64_t seed, bool stratified, int64_t *index, int64_t *size);

#endif
