/* Kernels over lanes: the arithmetic of many sibling subproblems at once.
 *
 * A lane is one subproblem (an input box); a lane vector holds the same quantity of all lanes:
 * 16 floats or 8 doubles, 64 bytes, the innermost dimension of every array here. The weights
 * are shared by the lanes and stay scalars, so the heavy step of forward and backward bounds is
 * one matrix product  C += A B  with scalar A and lane vectors in B and C (`gemm`); the rest
 * are short element-wise passes.
 *
 * Every instruction set has a table with the same kernels, compiled from one text
 * (lanes_kernels.inc); lanes_generic.c is the plain version that the others are tested against.
 * Results may differ between tables by rounding (fused or separate multiply-add); the error
 * bounds of their callers cover both.
 *
 * All pointers to lane vectors are 64-byte aligned. Sizes count lane vectors, not scalars.
 */
#ifndef VOUCH_NUM_LANES_H
#define VOUCH_NUM_LANES_H

#include <stdbool.h>
#include <stddef.h>

#include "num/round.h"

enum { VOUCH_LANES_F32 = 16, VOUCH_LANES_F64 = 8 };

/* gemm adds its k products in runs of at most so many, each run into a sum of its own that is
 * then added to C: rounding errors grow with RUN + k / RUN instead of k. */
enum { VOUCH_LANES_RUN = VOUCH_SOUND ? 24 : 1 << 20 };

/* The two lines around ReLU, per neuron and lane: slope of the lower line (through 0), slope
 * and offset of the upper line. See relu_lines. */
#define VOUCH_LANES_TABLE(real, suffix)                                                          \
    typedef struct vouch_relu_lines_##suffix {                                                   \
        real *low_slope, *up_slope, *up_offset; /* [count] lane vectors */                       \
    } vouch_relu_lines_##suffix;                                                                 \
                                                                                                 \
    typedef struct vouch_lanes_##suffix {                                                        \
        const char *name; /* instruction set */                                                  \
        /* C[m][n] += op(A)[m][k] B[k][n]; A(i,j) = a[i*row + j*column], op = |.| if absolute  \
         */ \
        void (*gemm)(size_t m, size_t k, size_t n, const real *a, size_t row, size_t column,     \
                     bool absolute, const real *b, real *c);                                     \
        /* Lines around max(0, z) for z in [l, u]; valid for the numbers as stored: the upper  \
         * offset is rounded up until  slope*z + offset >= max(0,z)  on all of [l, u]. */ \
        void (*relu_lines)(size_t count, const real *l, const real *u,                           \
                           vouch_relu_lines_##suffix out);                                       \
        /* One ReLU layer of a backward pass for lower bounds. mu[count][rows]: in the         \
         * coefficients of max(0,z), out those of z (the lower line where mu >= 0, else the    \
         * upper one). constant[rows] gains the offsets; error[rows] gains |out| * q[k].       \
         * low_rows: 1 if low_slope is shared by the rows ([count]), rows if it is             \
         * [count][rows]. */ \
        void (*relax)(size_t count, size_t rows, real *mu, vouch_relu_lines_##suffix lines,      \
                      size_t low_rows, const real *q, real *constant, real *error);              \
        /* low[r] = constant[r] + sum_d min(nu[d][r] lo[d], nu[d][r] hi[d]) - error[r], then   \
         * lowered by one more rounding. */ \
        void (*concretise)(size_t inputs, size_t rows, const real *nu, const real *lo,           \
                           const real *hi, const real *constant, const real *error,              \
                           real *low);                                                           \
        /* Interval bounds of a layer's forms C -+ D with error E, intersected into l and u:   \
         * c, d: [count][columns], columns = inputs + 1, the last one constant. */ \
        void (*forward_bounds)(size_t count, size_t inputs, const real *c, const real *d,        \
                               const real *e, const real *lo, const real *hi, real *l,           \
                               real *u);                                                         \
        /* Pushes forms C -+ D, error E, size S of a layer through its ReLU lines, in place.   \
         * magnitude[columns]: largest |x_d| of the box (1 for the constant), lane vectors. */ \
        void (*forward_relu)(size_t count, size_t columns, vouch_relu_lines_##suffix lines,      \
                             const real *magnitude, real *c, real *d, real *e, real *s);         \
        /* h = relaxed ReLU of z as the backward pass chose it: lower line where lambda >= 0.  \
         * In place on z[count][rows]; then low_slope[count][rows] += step z / max(u, -l),     \
         * kept in [0, 1], where the lower line was used and the neuron is unstable. */ \
        void (*slope_step)(size_t count, size_t rows, real step, const real *lambda,             \
                           const real *l, const real *u, const real *up_slope,                   \
                           const real *up_offset, real *low_slope, real *z);                     \
        /* gap[k] += sum over rows of weight[r] |mu| x (largest distance of the line taken     \
         * from max(0,z) on [l,u]); mu as before relax. */ \
        void (*gap)(size_t count, size_t rows, const real *mu,                                   \
                    vouch_relu_lines_##suffix lines, size_t low_rows, const real *l,             \
                    const real *u, const real *weight, real *gap);                               \
        /* Interval coefficients centre -+ radius of max(0,z) into those of z, the derivative  \
         * being 1, 0 or anything between: in place on [count][rows]. Not rounded outward. */ \
        void (*smear)(size_t count, size_t rows, const real *l, const real *u, real *centre,     \
                      real *radius);                                                             \
    } vouch_lanes_##suffix;                                                                      \
                                                                                                 \
    /* The fastest table this processor can run; and all of them, NULL-terminated. */            \
    const vouch_lanes_##suffix *vouch_lanes_best_##suffix(void);                                 \
    const vouch_lanes_##suffix *const *vouch_lanes_all_##suffix(void);                           \
    bool vouch_lanes_runs_##suffix(const vouch_lanes_##suffix *table);

VOUCH_LANES_TABLE(float, f32)
VOUCH_LANES_TABLE(double, f64)

#endif
