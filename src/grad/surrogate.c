/* Surrogates (surrogate.h).
 *
 * Problem: a network of steps (a binarised one) has gradient zero wherever it has one, so a
 * descent learns nothing from it.
 * Method: in the backward pass alone a step counts as a curve that runs near it, the
 * straight-through estimator [Bengio, Leonard, Courville 2013; clipped: Courbariaux 2016]:
 *     Sign   as x clipped to [-1, 1], with a tail of slope 1/8 outside, so that a neuron far from
 *            its step is not lost for ever;
 *     Floor, Ceil, Round   as x.
 * The values of the forward pass stay the network's own: what a search finds is true of it.
 */
#include "grad/surrogate.h"

#include <math.h>
#include <string.h>

static double slope_of_sign(double x) { return fabs(x) <= 1 ? 1 : 0.125; }
static double slope_of_identity(double x) { return x - x + 1; }

/* d_in[0] += d_out * slope(x) */
static vouch_status through(const vouch_op_call *call, const vouch_tensor *const *d_out,
                            vouch_tensor *const *d_in, double (*slope)(double))
{
    const vouch_tensor *x = call->in[0], *dy = d_out[0];
    vouch_tensor *dx = d_in[0];
    for (int64_t i = 0; dx && dy && i < dx->count; i++) {
        if (dx->dtype == VOUCH_F32)
            dx->f32[i] += dy->f32[i] * (float)slope((double)x->f32[i]);
        else
            dx->f64[i] += dy->f64[i] * slope(x->f64[i]);
    }
    return VOUCH_OK;
}

static vouch_status sign(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    return through(call, d_out, d_in, slope_of_sign);
}

static vouch_status identity(const vouch_op_call *call, const vouch_tensor *const *d_out,
                             vouch_tensor *const *d_in)
{
    return through(call, d_out, d_in, slope_of_identity);
}

vouch_surrogate_fn *vouch_surrogate_find(const vouch_op *op)
{
    static const struct {
        const char *name;
        vouch_surrogate_fn *fn;
    } table[] = {{"Sign", sign}, {"Floor", identity}, {"Ceil", identity}, {"Round", identity}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(op->name, table[i].name) == 0)
            return table[i].fn;
    return NULL;
}
