/* What the traced network (traced_net.c) and bounds over it (traced_bounds.c) share. */
#ifndef VOUCH_TESTS_TRACED_PRIV_H
#define VOUCH_TESTS_TRACED_PRIV_H

#include "support/traced_net.h"

/* Points; radii of boxes: sizes of weights and no bias; those with normalisations by the running
 * deviation alone; one sample of a linear form, normalised as the points were. */
typedef enum traced_plane {
    TRACED_POINTS,
    TRACED_RADII,
    TRACED_SPREAD,
    TRACED_FORMS
} traced_plane;

typedef struct traced_call {
    traced_net *n;
    const vouch_node *node;
    int index; /* of the node */
    traced_plane plane;
    int64_t samples;
    const traced *in[2]; /* what varies, in the order of the node's inputs */
    traced *out;
} traced_call;

/* How intervals go through: centres and radii apart; end by end; by a function of their own. */
typedef enum traced_way {
    TRACED_AFFINE,
    TRACED_RISING,
    TRACED_TURNING,
    TRACED_PRODUCT,
    TRACED_LEVELLED,
    TRACED_FALLING
} traced_way;

int64_t traced_elements(const traced_net *n, int value);
/* Zeros. */
traced *traced_room(const traced_net *n, int64_t count);
traced **traced_tables(const traced_net *n, int count);
/* x [count] as the value of the graph's input. */
void traced_take(traced_net *n, traced **value, const traced *x, int64_t count);

traced_way traced_way_of(const vouch_node *node);
/* Node i from and into values of a plane. */
void traced_run_node(traced_net *n, int i, traced_plane on, int64_t samples, traced **value);
traced traced_curve_at(const traced_call *c, traced x);
/* The input x of x sigmoid(x), 0 or 1; -1: another product. */
int traced_silu_of(const traced_net *n, const vouch_node *node);
traced traced_inverse_deviation(const traced_call *c, traced variance);

#endif
