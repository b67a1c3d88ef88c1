/* Kernels of a backward walk: what happens to one row of coefficients at one node.
 *
 * A row stands for  sum_i lambda_i x_i + constant <= something, and moves from the outputs of a
 * node to its inputs. Every kernel returns what the step adds to the constant, and enough to
 * bound its rounding: sums of magnitudes, from which the caller makes error terms. Sums run in
 * eight interleaved parts, so that vectors fill; they hold to within gamma_n (num/round.h) of
 * the sum of magnitudes, n the number of elements.
 *
 * One implementation, compiled for each instruction set; vouch_walk_kernels chooses.
 */
#ifndef VOUCH_NUM_WALK_H
#define VOUCH_NUM_WALK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct vouch_walk_sums {
    double constant;  /* sum of the terms added to the constant */
    double magnitude; /* sum of their magnitudes */
    double reach;     /* sum over i of |coefficient_i| X_i, X what the caller gave */
} vouch_walk_sums;

/* A Relu on [low, high], from its output (lambda) to its input (out). Lower line: slope mix_i in
 * [0, 1], negative = 1 if high > -low, else 0. Upper line: the chord, shifted until it is sound.
 */
typedef struct vouch_walk_relu {
    int64_t count;
    const double *lambda, *low, *high;
    const float *mix;      /* [count] or NULL: all negative */
    const double *largest; /* [count] >= |input| */
    double *out;           /* [count], overwritten */
} vouch_walk_relu;

/* The lines that the walk chose, evaluated at the points z: the value of each, and what the row
 * would gain per unit of mix. */
typedef struct vouch_walk_relu_value {
    int64_t count;
    const double *lambda, *low, *high, *z;
    const float *mix;
    double *value; /* [count] */
    float *gain;   /* [count] or NULL */
    double *loss;  /* [count] or NULL: lambda_i (relu(z_i) - line_i(z_i)) >= 0, rounded */
} vouch_walk_relu_value;

/* One product of two scalars: number `left` of one list times number `right` of another. */
typedef struct vouch_walk_pair {
    int64_t left, right;
} vouch_walk_pair;

/* Planes of products a b on the boxes of their operands:
 *
 *     a b  >=  left a + right b + offset      (above: <=)
 *
 * The slopes are a mix of McCormick's two planes, mix in [0, 1], negative = 1/2; the offset is what
 * the four corners of the box ask for with the slopes as computed, rounded outward. */
typedef struct vouch_walk_planes {
    int64_t count;
    const vouch_walk_pair *pair;
    const double *a_low, *a_high, *b_low, *b_high;
    const float *mix;              /* [count] or NULL: all negative */
    double *left, *right, *offset; /* [count], overwritten */
} vouch_walk_planes;

typedef struct vouch_walk_kernels {
    /* reach: |out_i| X_i over the elements whose product rounds */
    void (*relu)(const vouch_walk_relu *w, vouch_walk_sums *sums);
    void (*relu_value)(const vouch_walk_relu_value *w);
    /* constant: lambda . offset; reach: |lambda| . reach */
    void (*affine)(int64_t count, const double *lambda, const double *offset,
                   const double *reach, vouch_walk_sums *sums);
    /* at += from; returns sum |at_i| X_i over the elements whose sum rounds */
    double (*add)(int64_t count, double *at, const double *from, const double *largest);
    /* constant: the least of lambda . x on [low, high] */
    void (*least)(int64_t count, const double *lambda, const double *low, const double *high,
                  vouch_walk_sums *sums);
    void (*planes)(const vouch_walk_planes *w, bool above);
} vouch_walk_kernels;

const vouch_walk_kernels *vouch_walk_kernels_here(void);

#endif
