/* Compression: the piecewise-linear form on a smaller box, stable neurons folded away.
 *
 * On the smaller box a neuron with z >= 0 is the identity and one with z <= 0 is zero. Going
 * through the rows in order, with w the old row of k over old variables,
 *
 *     new_k = w_k restricted to inputs, constant and unstable neurons
 *             + sum over active j of  w_kj new_j
 *
 * The last sum is one matrix product per layer. Rounding: new_k differs from the exact
 * substitution by at most gamma_n (sum of magnitudes), and inherits |w_kj| radius_j of every
 * folded neuron, so  radius'_k = radius_k + sum_j |w_kj| radius'_j + gamma_n size~_k, where
 * size~_k = kept part's size + sum_j |w_kj| size'_j.
 */
#include <math.h>
#include <string.h>

#include "lower/pwl.h"
#include "num/lanes.h"
#include "num/round.h"
#include "num/sum.h"

enum { INACTIVE = -1, ACTIVE = -2 }; /* else: the neuron's new index */

typedef struct folding {
    const vouch_pwl *from;
    const vouch_pwl_bounds *bounds;
    vouch_pwl *to;
    int *place;       /* [old neurons]: new index, ACTIVE or INACTIVE */
    double underflow; /* what products that underflow may cost a row */

    double *fold, *fold_radius, *fold_size; /* rows of active neurons over the new variables */
    double *packed; /* [layer rows][active] coefficients of the product */
    int *active;    /* the active neurons so far */
    int active_count;
    const vouch_lanes_f64 *kernels;
} folding;

static int count_kept(const vouch_pwl *from, const vouch_pwl_bounds *b, int *place, int *active)
{
    int kept = 0;
    for (int k = 0; k < from->neuron_count; k++) {
        place[k] = b->high[k] <= 0 ? INACTIVE : b->low[k] >= 0 ? ACTIVE : kept++;
        *active += place[k] == ACTIVE;
    }
    return kept;
}

static int count_layers(const vouch_pwl *from, const int *place)
{
    int layers = 0;
    for (int layer = 0; layer < from->layer_count; layer++) {
        int any = 0;
        for (int k = from->layer_start[layer]; k < from->layer_start[layer + 1]; k++)
            any |= place[k] >= 0;
        layers += any;
    }
    return layers;
}

/* Magnitudes of the new variables: the smaller box, and the neurons' upper bounds. */
static void set_magnitudes(folding *f)
{
    int n = f->from->input_count;
    for (int d = 0; d < n; d++)
        f->to->magnitude[d] =
            fmax(fabs(f->bounds->input_low[d]), fabs(f->bounds->input_high[d]));
    f->to->magnitude[n] = 1;
    for (int k = 0; k < f->from->neuron_count; k++)
        if (f->place[k] >= 0)
            f->to->magnitude[n + 1 + f->place[k]] = f->bounds->high[k];
    double sum = 2;
    for (int v = 0; v < f->to->pitch; v++)
        sum += f->to->magnitude[v];
    f->underflow = 4.0 * (f->from->pitch + 1) * DBL_MIN * sum;
}

/* The part of old row k that needs no folding, into `row`. */
static void copy_kept(const folding *f, int k, double *row)
{
    const double *old = vouch_pwl_row(f->from, k);
    int n = f->from->input_count;
    memcpy(row, old, (size_t)(n + 1) * sizeof *row);
    for (int j = 0; j < f->from->neuron_count; j++)
        if (f->place[j] >= 0)
            row[n + 1 + f->place[j]] = old[n + 1 + j];
}

/* Adds the folded neurons' share to radius and size of old row k, and packs its coefficients.
 */
static void pack_folded(const folding *f, int k, double *packed, double *radius, double *size)
{
    const double *old = vouch_pwl_row(f->from, k) + f->from->input_count + 1;
    for (int a = 0; a < f->active_count; a++) {
        double w = old[f->active[a]];
        packed[a] = w;
        if (VOUCH_SOUND) {
            *radius += fabs(w) * f->fold_radius[a];
            *size += fabs(w) * f->fold_size[a];
        }
    }
}

/* An upper bound of the size of a finished row. */
static double row_size(const folding *f, const double *row)
{
    double size = vouch_sum_magnitudes((size_t)f->to->pitch, row, f->to->magnitude);
    return vouch_up(size * (1 + vouch_gamma64(2 * (int64_t)f->to->pitch)));
}

/* New rows of the old rows first..last-1, `rows[i]` being where row first + i goes (its radius
 * and size at radius[i], size[i]); all of them depend on folded neurons of earlier layers only.
 */
static void fold_rows(folding *f, const int *old, int count, double *rows, double *radius,
                      double *size)
{
    size_t pitch = (size_t)f->to->pitch;
    double rounding = vouch_gamma64(2 * (int64_t)(f->from->pitch + f->to->pitch) + 16);
    for (int i = 0; i < count; i++) {
        double *row = rows + (size_t)i * pitch;
        copy_kept(f, old[i], row);
        double rough = VOUCH_SOUND ? row_size(f, row) : 0;
        radius[i] = f->from->radius[old[i]];
        pack_folded(f, old[i], f->packed + (size_t)i * (size_t)f->active_count, &radius[i],
                    &rough);
        radius[i] = vouch_up((radius[i] + rounding * rough) * (1 + rounding) + f->underflow);
    }
    if (f->active_count && count)
        f->kernels->gemm((size_t)count, (size_t)f->active_count, pitch / VOUCH_LANES_F64,
                         f->packed, (size_t)f->active_count, 1, false, f->fold, rows);
    for (int i = 0; VOUCH_SOUND && i < count; i++)
        size[i] = row_size(f, rows + (size_t)i * pitch);
}

/* Folds one old layer: unstable neurons into the new form, then active ones onto the pile. */
static void fold_layer(folding *f, int layer, int *list, int *new_layer)
{
    vouch_pwl *to = f->to;
    int kept = 0, first = f->from->layer_start[layer], last = f->from->layer_start[layer + 1];
    int start = to->layer_start[*new_layer];
    for (int k = first; k < last; k++)
        if (f->place[k] >= 0)
            list[kept++] = k;
    fold_rows(f, list, kept, vouch_pwl_row(to, start), to->radius + start, to->size + start);
    for (int i = 0; i < kept; i++)
        to->identity[start + i] = f->from->identity[list[i]];
    if (kept)
        to->layer_start[++*new_layer] = start + kept;
    int folded = 0, before = f->active_count;
    for (int k = first; k < last; k++)
        if (f->place[k] == ACTIVE)
            list[folded++] = k;
    fold_rows(f, list, folded, f->fold + (size_t)before * (size_t)to->pitch,
              f->fold_radius + before, f->fold_size + before);
    for (int i = 0; i < folded; i++)
        f->active[f->active_count++] = list[i];
}

static void fold_outputs(folding *f, int *list)
{
    vouch_pwl *to = f->to;
    int kept = 0, first = to->neuron_count;
    for (int o = 0; o < f->from->output_count; o++)
        if (f->bounds->keep_output[o])
            list[kept++] = f->from->neuron_count + o;
    fold_rows(f, list, kept, vouch_pwl_row(to, first), to->radius + first, to->size + first);
    for (int i = 0; i < kept; i++)
        to->identity[first + i] = f->from->identity[list[i]];
}

static vouch_status fold_all(vouch_context *ctx, vouch_arena *arena, folding *f)
{
    const vouch_pwl *from = f->from;
    int active = 0, rows = from->neuron_count + from->output_count, outputs = 0;
    f->place = VOUCH_NEW_ARRAY(arena, int, from->neuron_count + 1);
    int *list = VOUCH_NEW_ARRAY(arena, int, rows);
    if (!f->place || !list)
        return VOUCH_ERR_MEMORY;
    int kept = count_kept(from, f->bounds, f->place, &active);
    for (int o = 0; o < from->output_count; o++)
        outputs += f->bounds->keep_output[o];
    f->to = vouch_pwl_new(ctx, from->input_count, kept, outputs, count_layers(from, f->place));
    if (!f->to)
        return VOUCH_ERR_MEMORY;
    f->active = VOUCH_NEW_ARRAY(arena, int, active + 1);
    f->fold = VOUCH_NEW_ARRAY(arena, double, (active + 1) * f->to->pitch);
    f->fold_radius = VOUCH_NEW_ARRAY(arena, double, active + 1);
    f->fold_size = VOUCH_NEW_ARRAY(arena, double, active + 1);
    f->packed = VOUCH_NEW_ARRAY(arena, double, (int64_t)rows *(active + 1));
    if (!f->active || !f->fold || !f->fold_radius || !f->fold_size || !f->packed)
        return VOUCH_ERR_MEMORY;
    set_magnitudes(f);
    int new_layer = 0;
    for (int layer = 0; layer < from->layer_count; layer++)
        fold_layer(f, layer, list, &new_layer);
    fold_outputs(f, list);
    return VOUCH_OK;
}

vouch_status vouch_pwl_compress(vouch_context *ctx, vouch_arena *scratch, const vouch_pwl *from,
                                const vouch_pwl_bounds *bounds, vouch_pwl **to)
{
    folding f = {.from = from, .bounds = bounds, .kernels = vouch_lanes_best_f64()};
    vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    vouch_status status = fold_all(ctx, scratch, &f);
    vouch_arena_reset(scratch, mark);
    if (status)
        vouch_pwl_free(ctx, f.to);
    *to = status ? NULL : f.to;
    return status;
}
