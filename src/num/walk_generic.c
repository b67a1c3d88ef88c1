/* Walk kernels for any processor. */
#define TABLE vouch_walk_generic
#include "num/walk_kernels.inc"
