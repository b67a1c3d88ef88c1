/* The updates of num/update.h in plain C. */
#include "num/update_tables.h"

#define TABLE vouch_update_generic
#include "num/update_kernels.inc"
