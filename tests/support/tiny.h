/* Tiny piecewise-linear networks whose every value is known exactly, for tests of soundness.
 *
 * Dense layers, each hidden one followed by Relu, LeakyRelu, Abs or Clip. Values are rationals,
 * computed straight from the definition; no code of the library takes part.
 */
#ifndef VOUCH_TESTS_TINY_H
#define VOUCH_TESTS_TINY_H

#include <gmp.h>

#include "op/op.h"
#include "spec/spec.h"
#include "support/support.h"

enum { VOUCH_TINY_LAYERS = 4, VOUCH_TINY_WIDTH = 8, VOUCH_TINY_PIECES = 3 };

typedef enum vouch_tiny_curve {
    VOUCH_TINY_RELU,
    VOUCH_TINY_LEAKY,
    VOUCH_TINY_ABS,
    VOUCH_TINY_CLIP,
    VOUCH_TINY_CURVES
} vouch_tiny_curve;

/* Piece p of a curve: slope z + offset where at[p-1] <= z <= at[p]. */
typedef struct vouch_tiny_pieces {
    int count;
    double at[VOUCH_TINY_PIECES - 1], slope[VOUCH_TINY_PIECES], offset[VOUCH_TINY_PIECES];
} vouch_tiny_pieces;

typedef struct vouch_tiny {
    int layers, size[VOUCH_TINY_LAYERS + 1];
    double weight[VOUCH_TINY_LAYERS][VOUCH_TINY_WIDTH][VOUCH_TINY_WIDTH]; /* [from][to] */
    double bias[VOUCH_TINY_LAYERS][VOUCH_TINY_WIDTH];
    vouch_tiny_curve curve[VOUCH_TINY_LAYERS];
    vouch_tiny_pieces pieces[VOUCH_TINY_LAYERS]; /* of every layer but the last */
    vouch_graph *graph;
} vouch_tiny;

/* How its numbers are drawn. */
typedef enum vouch_tiny_style {
    VOUCH_TINY_EIGHTHS, /* multiples of 1/8: boundaries can be met exactly */
    VOUCH_TINY_FLOATS,  /* about [-1, 1] */
    VOUCH_TINY_LARGE,   /* first layer times 1e6 */
    VOUCH_TINY_SMALL,   /* first layer times 1e-6 */
    VOUCH_TINY_STYLES
} vouch_tiny_style;

typedef struct vouch_tiny_shape {
    int inputs, outputs, hidden; /* hidden layers */
    int width;                   /* at most, of a hidden layer */
    bool relu_only;
    bool extrema; /* curves are written as Max and Min of two values */
    vouch_tiny_style style;
    vouch_dtype dtype;
} vouch_tiny_shape;

void vouch_tiny_random(vouch_context *ctx, const vouch_tiny_shape *shape, vouch_random *r,
                       vouch_tiny *net);
void vouch_tiny_free(vouch_tiny *net);

/* Rationals: arrays of initialised ones. */
mpq_t *vouch_tiny_rationals(int count);
void vouch_tiny_rationals_free(mpq_t *q, int count);
/* total += a * b */
void vouch_tiny_add(mpq_t total, const mpq_t a, double b);
int vouch_tiny_compare(const mpq_t x, double d); /* d may be infinite */

/* z[layer][i] (before the curve, in order, one after the other) and y = f(x). z may be NULL. */
void vouch_tiny_values(const vouch_tiny *net, mpq_t *x, mpq_t *z, mpq_t *y);
int vouch_tiny_hidden(const vouch_tiny *net); /* how many z there are */

/* From z the neurons of the piecewise-linear form (lower/pwl.h): layer by layer, break by break,
 * z - break. Returns how many; neuron may be NULL. */
int vouch_tiny_neurons(const vouch_tiny *net, mpq_t *z, mpq_t *neuron);

/* row(x) = a.y + c.x - bound, from the property's exact numbers. */
void vouch_tiny_row(const vouch_row *row, mpq_t *x, mpq_t *y, mpq_t value);
/* Do all rows of case k hold at x (the box left out)? */
bool vouch_tiny_rows_hold(const vouch_tiny *net, const vouch_spec *spec, int k, mpq_t *x);
/* Is x in the exact box of case k and do its rows hold? */
bool vouch_tiny_case_holds(const vouch_tiny *net, const vouch_spec *spec, int k, mpq_t *x);

/* A number with denominator 2^k as an exact decimal, VNN-LIB style. Returns text. */
enum { VOUCH_TINY_TEXT = 1200 };
const char *vouch_tiny_decimal(const mpq_t x, char text[VOUCH_TINY_TEXT]);

/* The oracle: is there a real x with low <= x <= high (a box inside case k's) for which case k
 * holds? Enumerates the pieces of all curves that can be met together and decides each by
 * Fourier-Motzkin elimination over the rationals, strictness included. x gets a solution if it
 * is not NULL. low, high: [inputs]. */
bool vouch_tiny_solvable(const vouch_tiny *net, const vouch_spec *spec, int k, mpq_t *low,
                         mpq_t *high, mpq_t *x);
/* The same on the whole exact box of case k. */
bool vouch_tiny_case_solvable(const vouch_tiny *net, const vouch_spec *spec, int k, mpq_t *x);

#endif
