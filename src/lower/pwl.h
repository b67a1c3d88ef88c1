/* Piecewise-linear form: a network as explicit affine rows and ReLUs.
 *
 * Any graph of affine operators and piecewise-linear curves equals, on a box,
 *
 *     v = (x_0 .. x_{n-1}, 1, h_0 .. h_{U-1})
 *     z_k = row_k . v  +- radius_k,      h_k = max(0, z_k),       k = 0 .. U-1
 *     y_o = row_{U+o} . v  +- radius_{U+o}
 *
 * where row_k uses only x, the constant and neurons of earlier layers. The rows are computed in
 * double; radius bounds what rounding lost, for all x of the box the form was made for. A curve
 * with several pieces is a sum of ReLUs:  f(x) = p_0(x) + sum_b (s_{b+1} - s_b) max(0, x -
 * t_b).
 *
 * Small networks become a few dense matrices, which is what the batched engine (bounds/pwl)
 * searches on. Networks with other curves, or too large for dense rows, have no such form.
 */
#ifndef VOUCH_LOWER_PWL_H
#define VOUCH_LOWER_PWL_H

#include "op/op.h"

typedef struct vouch_pwl {
    int input_count, neuron_count, output_count, layer_count;
    int pitch; /* doubles from row to row: input_count + 1 + neuron_count, rounded up to 8 */
    int *layer_start;  /* [layer_count + 1] neuron indices; neurons of a layer are neighbours */
    double *row;       /* [neuron_count + output_count][pitch], 64-byte aligned */
    double *radius;    /* [neuron_count + output_count] */
    double *size;      /* [neuron_count + output_count]: >= sum_j |row_j| magnitude_j */
    double *magnitude; /* [pitch]: |v_j| <= magnitude[j] on the box */
    int *identity; /* [neuron_count + output_count]: neuron and row numbers of the first form */
} vouch_pwl;

/* One zeroed block, freed by vouch_pwl_free (any context with the same allocator). */
vouch_pwl *vouch_pwl_new(vouch_context *ctx, int inputs, int neurons, int outputs, int layers);
void vouch_pwl_free(vouch_context *ctx, vouch_pwl *pwl);

static inline double *vouch_pwl_row(const vouch_pwl *pwl, int k)
{
    return pwl->row + (size_t)k * (size_t)pwl->pitch;
}

typedef struct vouch_pwl_limits {
    int neurons;         /* give up above this many ReLUs that are not stable */
    int64_t row_scalars; /* and above this many entries in all rows of any one value */
} vouch_pwl_limits;

/* The form of graph on the box, without the neurons that are found stable there; *pwl is NULL
 * where the graph has none within the limits (that is no error). */
vouch_status vouch_pwl_lower(vouch_context *ctx, const vouch_graph *graph, const double *low,
                             const double *high, const vouch_pwl_limits *limits,
                             vouch_pwl **pwl);

/* With at most so many inputs neurons are bounded by linear forms while lowering, which folds
 * nearly all that are stable. */
enum { VOUCH_PWL_FEW_INPUTS = 8 };

/* Has the graph a form, of whatever size? Where its inputs are few, one that is beyond the limits
 * may well be within them on a smaller box. */
vouch_status vouch_pwl_has_form(vouch_context *ctx, const vouch_graph *graph, bool *has);

/* What is known of the neurons on a smaller box. */
typedef struct vouch_pwl_bounds {
    const double *input_low, *input_high; /* [input_count] */
    const double *low, *high;             /* [neuron_count] of z */
    const bool *keep_output;              /* [output_count] */
} vouch_pwl_bounds;

/* The same network on the smaller box with every stable neuron folded away: an inactive one
 * (high <= 0) is dropped, an active one (low >= 0) is replaced by its row, so that later layers
 * come to depend on all earlier unstable ones. Outputs not kept are dropped. The radii cover
 * the rounding of the folding. */
vouch_status vouch_pwl_compress(vouch_context *ctx, vouch_arena *scratch, const vouch_pwl *from,
                                const vouch_pwl_bounds *bounds, vouch_pwl **to);

#endif
