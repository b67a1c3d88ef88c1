/* Images pixel by pixel, at the speed of memory: what normalisations and sums of layers do.
 *
 * A sheet is `lines` lines of `pixels` pixels of `c` channels, c a multiple of 16; line y of an
 * operand begins at y pitch of that operand. Sums over pixels run in single precision along a
 * line and in double precision over lines, each channel in the order of the pixels: the same bits
 * with every instruction set, as nothing is fused.
 */
#ifndef VOUCH_NUM_SHEET_H
#define VOUCH_NUM_SHEET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct vouch_sheet {
    int64_t lines, pixels, c;
} vouch_sheet;

/* sum[j] += u, product[j] += u (x - centre[j]) over all pixels; u = d, or x - centre[j] where d is
 * NULL. */
typedef struct vouch_sheet_sums {
    vouch_sheet sheet;
    const float *x, *d;
    int64_t x_pitch, d_pitch;
    const float *centre;   /* [c] */
    double *sum, *product; /* [c] */
} vouch_sheet_sums;

/* to = scale[j] x + shift[j]; relu: the greater of that and 0, NaN stays */
typedef struct vouch_sheet_map {
    vouch_sheet sheet;
    const float *x;
    float *to;
    int64_t x_pitch, to_pitch;
    const float *scale, *shift; /* [c] */
    bool relu;
} vouch_sheet_map;

/* to = by_d[j] d + by_x[j] (x - centre[j]) + shift[j], or added to what is there; gate: 0 where x
 * is not positive */
typedef struct vouch_sheet_back {
    vouch_sheet sheet;
    const float *x, *d;
    float *to;
    int64_t x_pitch, d_pitch, to_pitch;
    const float *by_d, *by_x, *centre, *shift; /* [c] */
    bool add, gate;
} vouch_sheet_back;

/* to = a + b; relu as above */
typedef struct vouch_sheet_pair {
    vouch_sheet sheet;
    const float *a, *b;
    float *to;
    int64_t a_pitch, b_pitch, to_pitch;
    bool relu;
} vouch_sheet_pair;

/* to = d, or added to what is there; 0 where gate (NULL: none) is not positive */
typedef struct vouch_sheet_pass {
    vouch_sheet sheet;
    const float *d, *gate;
    float *to;
    int64_t d_pitch, gate_pitch, to_pitch;
    bool add;
} vouch_sheet_pass;

void vouch_sheet_add_sums(const vouch_sheet_sums *s);
void vouch_sheet_run_map(const vouch_sheet_map *s);
void vouch_sheet_run_back(const vouch_sheet_back *s);
void vouch_sheet_run_pair(const vouch_sheet_pair *s);
void vouch_sheet_run_pass(const vouch_sheet_pass *s);

#endif
