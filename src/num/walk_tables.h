/* The kernels of every instruction set; walk.c chooses. */
#ifndef VOUCH_NUM_WALK_TABLES_H
#define VOUCH_NUM_WALK_TABLES_H

#include "num/walk.h"

extern const vouch_walk_kernels vouch_walk_generic, vouch_walk_avx2, vouch_walk_avx512;

#endif
