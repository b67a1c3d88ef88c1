/* Order statistics. */
#ifndef VOUCH_NUM_SELECT_H
#define VOUCH_NUM_SELECT_H

#include <stdint.h>

/* The element of a [n] that k others are not below, 0 <= k < n. Reorders a. */
float vouch_select_greatest(float *a, int64_t n, int64_t k);

#endif
