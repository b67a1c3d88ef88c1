/* Networks by the definitions of their operators, node by node, in numbers that remember
 * (support/trace.h): at points, on boxes, and as linear forms of margins. What the float32 engine
 * of training (grad/net.h, grad/box.h, grad/form.h) is held against.
 *
 * A value of the graph is an array [samples][elements].
 */
#ifndef VOUCH_TESTS_TRACED_NET_H
#define VOUCH_TESTS_TRACED_NET_H

#include "grad/net.h"
#include "support/trace.h"

typedef struct traced_net {
    vouch_trace *t;
    vouch_arena *arena;
    vouch_graph *graph;
    int64_t samples, inputs, outputs;
    bool training;             /* normalisations take the statistics of the samples */
    traced **constant;         /* [values] elements of float constants; NULL */
    traced **size;             /* [values] their sizes */
    traced **moment;           /* [nodes] means and variances that a normalisation took */
    const float **factor;      /* [nodes] what dropouts multiply by; NULL: by 1 */
    traced **value;            /* [values] at points */
    traced **centre, **radius; /* [values] of boxes */
} traced_net;

/* A network at `samples` samples, its parameters as the graph's constants are now. */
void traced_net_begin(traced_net *n, vouch_trace *t, vouch_arena *arena, vouch_graph *graph,
                      int64_t samples);
traced *traced_net_numbers(const traced_net *n, int64_t count, const float *x);

/* The outputs [samples][outputs] at x [samples][inputs]. */
traced *traced_net_at(traced_net *n, const traced *x);
/* Bounds of z_label - z_j from below, [samples][outputs], over centre +- radius; the last layer,
 * which is dense, is elided. 0 at the label. */
traced *traced_net_margins(traced_net *n, const traced *centre, const traced *radius,
                           const int *label);
/* The same by linear forms through the boxes of the last traced_net_margins (CROWN); with
 * share < 1 only some inputs move away from x, chosen as grad/form.h says. */
traced *traced_net_forms(traced_net *n, const int *label, double share, const float *x);
/* The sum over outputs of |W_n| ... |W_1| r; r [inputs]. */
traced traced_net_spread(traced_net *n, const traced *r);

/* ---- losses ---------------------------------------------------------------------------------- */

/* What outputs are held against: a label, or shares of the classes (target not NULL). */
typedef struct traced_aim {
    int64_t classes;
    int label;
    const float *target;
} traced_aim;

/* Logarithms of the softmax of y, into log_share. */
void traced_log_softmax(vouch_trace *t, int64_t classes, const traced *y, traced *log_share);
traced traced_cross_entropy(vouch_trace *t, const traced_aim *aim, const traced *y);

/* ---- comparing ------------------------------------------------------------------------------- */

/* |g - by d| / |by d|, Euclidean, over the graph's parameters: g the engine's gradient, d from
 * trace_derive. */
double traced_net_apart(const traced_net *n, vouch_net *net, const float *g, const double *d,
                        double by);
/* The same over numbers. */
double traced_apart(int64_t count, const traced *x, const float *g, const double *d, double by);

#endif
