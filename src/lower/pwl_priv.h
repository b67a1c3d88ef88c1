/* What the parts of lowering share: forms of values, and the variables so far. */
#ifndef VOUCH_LOWER_PWL_PRIV_H
#define VOUCH_LOWER_PWL_PRIV_H

#include "lower/pwl.h"

/* A value's scalars as affine forms: column v is m[v*count .. v*count+count-1]. */
typedef struct vouch_form {
    int64_t count;
    int columns;
    double *m;   /* one block with err, from the context; NULL: not made yet, or given back */
    double *err; /* [count] */
} vouch_form;

/* A neuron that stays: its row, and linear bounds of max(0, z) in the inputs. */
typedef struct vouch_neuron {
    double *row; /* [columns of its form] */
    int columns;
    double radius, size;
    int identity;          /* its number if none were stable */
    double *lower, *upper; /* [inputs + 1], the constant last; NULL with many inputs */
    double error, scale;   /* of both: how far off, and >= the sum of their magnitudes */
} vouch_neuron;

typedef struct vouch_lowering {
    vouch_context *ctx;
    vouch_arena *arena;   /* lasts as long as the lowering */
    vouch_arena *scratch; /* of one node */
    const vouch_graph *graph;
    const bool *varying;
    const double *low, *high;
    const vouch_pwl_limits *limits;
    bool too_large;
    vouch_form *value; /* [value_count] */
    int *last_use;     /* [value_count] the last node that reads it; node_count: an output */

    int inputs, capacity;                   /* variables there is room for */
    double *var_low, *var_high, *magnitude; /* [capacity] */
    vouch_neuron *neuron;                   /* [capacity - inputs - 1] */
    int neurons;
    int seen;         /* neurons if none were stable */
    int *layer_start; /* [nodes + 1] */
    int layers;
} vouch_lowering;

/* Bounds of every scalar of a form on the box; arrays in scratch. */
typedef struct vouch_enclosure {
    double *low, *high;    /* [count] */
    double *lower, *upper; /* [inputs + 1][count], or NULL */
    double *error, *scale; /* [count] */
    double *size;          /* [count]: >= sum_v |m_v| magnitude_v */
    double *rounding;      /* [count]: the part of low and high that is rounding alone */
} vouch_enclosure;

vouch_status vouch_pwl_enclose(vouch_lowering *lo, const vouch_form *f, vouch_enclosure *e);
/* Linear bounds of max(0, f_i - at), unstable on [l, u], for the neuron. */
vouch_status vouch_pwl_relax(vouch_lowering *lo, const vouch_enclosure *e, int64_t count,
                             int64_t i, double at, const double ends[2], vouch_neuron *to);

vouch_status vouch_pwl_lower_curve(vouch_lowering *lo, const vouch_node *node);

/* size_i = sum_v |m_v[i]| magnitude_v, rounded up. */
void vouch_pwl_form_size(const vouch_lowering *lo, const vouch_form *f, double *size);
/* What underflow may cost a form whose coefficients each took `terms` operations: eta for every
 * operation, times the variable the coefficient belongs to. */
double vouch_pwl_underflow(const vouch_lowering *lo, int columns, int64_t terms);
/* A form of zeros over all variables so far; sets too_large (and VOUCH_OK) beyond the limits. */
vouch_status vouch_pwl_new_form(vouch_lowering *lo, int value, vouch_form *f);

#endif
