/* The distributions of initial.h. */
#include "train/initial.h"

#include <math.h>
#include <string.h>

/* Weights and biases uniform within 1 / sqrt(fan-in). */
static void draw_uniform(vouch_random *r, int64_t fan_in, vouch_tensor *w, vouch_tensor *bias)
{
    const double reach = sqrt(1 / (double)fan_in);
    for (int64_t i = 0; i < w->count; i++)
        w->f32[i] = (float)(reach * (2 * vouch_random_unit(r) - 1));
    for (int64_t i = 0; i < bias->count; i++)
        bias->f32[i] = (float)(reach * (2 * vouch_random_unit(r) - 1));
}

/* Normal with variance 2 pi / fan-in^2, so that E |w| fan-in = 2, and with ReLUs that cut half,
 * interval bounds keep their size from layer to layer. */
static void draw_ibp(vouch_random *r, int64_t fan_in, vouch_tensor *w, vouch_tensor *bias)
{
    const double deviation = sqrt(2 * 3.14159265358979323846) / (double)fan_in;
    for (int64_t i = 0; i < w->count; i++)
        w->f32[i] = (float)(deviation * vouch_random_normal(r));
    memset(bias->f32, 0, (size_t)bias->count * sizeof *bias->f32);
}

const vouch_initial vouch_initial_uniform = {
    .name = "uniform",
    .summary = "uniform within 1 / sqrt(fan-in), as PyTorch starts",
    .citation = "He, Zhang, Ren, Sun 2015, with slope sqrt(5)",
    .draw = draw_uniform,
};

static const vouch_initial ibp = {
    .name = "ibp",
    .summary = "normal with variance 2 pi / fan-in^2, so that interval bounds keep their size",
    .citation = "Shi, Wang, Zhang, Yi, Hsieh 2021",
    .but_last = true,
    .draw = draw_ibp,
};

static const vouch_initial *const table[] = {&vouch_initial_uniform, &ibp};
enum { COUNT = sizeof table / sizeof *table };

const vouch_initial *vouch_initial_find(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

bool vouch_initial_choices(size_t index, const char **name)
{
    *name = index < COUNT ? table[index]->name : NULL;
    return index < COUNT;
}
