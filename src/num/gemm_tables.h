/* The products of every instruction set; gemm.c chooses. */
#ifndef VOUCH_NUM_GEMM_TABLES_H
#define VOUCH_NUM_GEMM_TABLES_H

#include "num/gemm.h"

enum { KC = 256 }; /* depth of a block */

void vouch_gemm_generic_f32(const vouch_gemm *g);
void vouch_gemm_generic_f64(const vouch_gemm *g);
void vouch_gemm_avx2_f32(const vouch_gemm *g);
void vouch_gemm_avx2_f64(const vouch_gemm *g);
void vouch_gemm_avx512_f32(const vouch_gemm *g);
void vouch_gemm_avx512_f64(const vouch_gemm *g);

#endif
