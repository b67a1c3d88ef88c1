/* The kernel tables, one per instruction set and type; internal to num. */
#ifndef VOUCH_NUM_LANES_TABLES_H
#define VOUCH_NUM_LANES_TABLES_H

#include "num/lanes.h"

extern const vouch_lanes_f32 vouch_lanes_generic_f32, vouch_lanes_avx2_f32,
    vouch_lanes_avx512_f32;
extern const vouch_lanes_f64 vouch_lanes_generic_f64, vouch_lanes_avx2_f64,
    vouch_lanes_avx512_f64;

#endif
