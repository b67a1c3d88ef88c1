/* Memory of a piecewise-linear form: one block, carved. Forms are passed between threads and
 * outlive the context of the worker that made them, so they live in no arena. */
#include <stdint.h>

#include "lower/pwl.h"

enum { ALIGN = 64 };

/* Takes `bytes` off the block at *at, aligned. */
static void *carve(uintptr_t *at, size_t bytes)
{
    uintptr_t start = (*at + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
    *at = start + bytes;
    return (void *)start; /* NOLINT(performance-no-int-to-ptr) */
}

vouch_pwl *vouch_pwl_new(vouch_context *ctx, int inputs, int neurons, int outputs, int layers)
{
    size_t pitch = ((size_t)inputs + 1 + (size_t)neurons + 7) & ~(size_t)7;
    size_t rows = (size_t)neurons + (size_t)outputs;
    size_t bytes = sizeof(vouch_pwl) + (rows * pitch + 2 * rows + pitch) * sizeof(double) +
                   (rows + (size_t)layers + 1) * sizeof(int) + 8 * ALIGN;
    vouch_pwl *pwl = vouch_alloc(ctx, bytes);
    if (!pwl)
        return NULL;
    uintptr_t at = (uintptr_t)(pwl + 1);
    pwl->input_count = inputs;
    pwl->neuron_count = neurons;
    pwl->output_count = outputs;
    pwl->layer_count = layers;
    pwl->pitch = (int)pitch;
    pwl->row = carve(&at, rows * pitch * sizeof(double));
    pwl->radius = carve(&at, rows * sizeof(double));
    pwl->size = carve(&at, rows * sizeof(double));
    pwl->magnitude = carve(&at, pitch * sizeof(double));
    pwl->identity = carve(&at, rows * sizeof(int));
    pwl->layer_start = carve(&at, ((size_t)layers + 1) * sizeof(int));
    return pwl;
}

void vouch_pwl_free(vouch_context *ctx, vouch_pwl *pwl) { vouch_release(ctx, pwl); }
