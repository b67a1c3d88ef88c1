/* The products of every instruction set; indirect.c chooses. */
#ifndef VOUCH_NUM_INDIRECT_TABLES_H
#define VOUCH_NUM_INDIRECT_TABLES_H

#include "num/indirect.h"

void vouch_indirect_generic(const vouch_indirect *g);
void vouch_indirect_avx2(const vouch_indirect *g);
void vouch_indirect_avx512(const vouch_indirect *g);

#endif
