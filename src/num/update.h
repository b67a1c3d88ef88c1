/* Element by element over long arrays, vectorised: steps of optimisers and of attacks.
 *
 * No fused operations: the same bits with every instruction set.
 */
#ifndef VOUCH_NUM_UPDATE_H
#define VOUCH_NUM_UPDATE_H

#include <stdint.h>

/* Along gradients divided by the root of their mean square:
 *   g += decay w;  m = b0 m + (1 - b0) g;  v = b1 v + (1 - b1) g^2;
 *   w -= rate m / (scale sqrt(v) + least) */
typedef struct vouch_moments {
    int64_t count;
    float beta[2], rate, scale, least, decay;
    float *parameter;
    const float *gradient;
    float *moment[2];
} vouch_moments;

/* Along signs, kept within `radius` of the centre and in [low, high]:
 *   to += step sign(gradient) */
typedef struct vouch_sign_step {
    int64_t count;
    float step, radius, low, high;
    const float *centre, *gradient;
    float *to;
} vouch_sign_step;

/* Lines of columns are added up where they overlap in an image:
 *   to[at[p] + k pitch + j] += from[p stride + k line + j],  p < count, k < lines, j < line */
typedef struct vouch_columns {
    int64_t count, lines, line, pitch, stride;
    const int64_t *at;
    const float *from;
    float *to;
} vouch_columns;

/* sum[j] += from[at[p] + j],  p < count, j < n */
typedef struct vouch_row_sums {
    int64_t count, n;
    const int64_t *at;
    const float *from;
    float *sum;
} vouch_row_sums;

/* Boxes through ReLU, as centres and radii, in place:
 *   u = max(c + r, 0), l = max(c - r, 0);  c = (u + l) / 2, r = (u - l) / 2 */
typedef struct vouch_boxes {
    int64_t count;
    float *centre, *radius;
} vouch_boxes;

/* And back: adjoints of what came out, in place, become those of what went in. Where a box was
 * cut at 0 both its halves carry the adjoint of u; where it fell below 0, nothing passes. */
typedef struct vouch_boxes_back {
    int64_t count;
    const float *centre, *radius; /* as they came out */
    float *d_centre, *d_radius;
} vouch_boxes_back;

/* The spread of (a - b) x over a box: sum of |a - b| r. */
typedef struct vouch_contrast {
    int64_t count;
    const float *a, *b, *radius;
} vouch_contrast;

/* And back: adjoints gain `scale` times the spread's gradient. */
typedef struct vouch_contrast_back {
    vouch_contrast of;
    float scale;
    float *d_a, *d_b, *d_radius;
} vouch_contrast_back;

float vouch_update_contrast(const vouch_contrast *c);
void vouch_update_contrast_back(const vouch_contrast_back *c);
void vouch_update_boxes(const vouch_boxes *b);
void vouch_update_boxes_back(const vouch_boxes_back *b);
void vouch_update_columns(const vouch_columns *c);
void vouch_update_row_sums(const vouch_row_sums *s);
void vouch_update_moments(const vouch_moments *m);
void vouch_update_signs(const vouch_sign_step *s);

#endif
