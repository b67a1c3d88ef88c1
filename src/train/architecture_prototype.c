/* protoP: P prototypes, and the greatest similarity that any component of the map has to each
 * (grad/prototype.h). A dense layer after it starts as in Chen et al. 2019: where P is a multiple of
 * its outputs each output has as many prototypes of its own, which speak for it with weight 1 and
 * against every other output with -1/2. Prototypes are drawn from [0, 1], where a sigmoid before
 * them puts the components. */
#include <stdio.h>
#include <stdlib.h>

#include "train/architecture_priv.h"

typedef architecture_building building;

static const double epsilon = 1e-4; /* of the similarity */

/* A constant, all of one value, named by a letter and the layer's number. */
static vouch_status add_real(const building *m, char letter, double value, char *name)
{
    vouch_tensor *t = vouch_tensor_new(m->arena, VOUCH_F32, &(vouch_shape){0});
    snprintf(name, ARCHITECTURE_WORD, "%c%d", letter, m->layers);
    if (t)
        t->f32[0] = (float)value;
    return vouch_architecture_add_constant(m, name, t);
}

static vouch_status add_ints(const building *m, char letter, const int64_t *values,
                             int64_t count, char *name)
{
    vouch_tensor *t = vouch_tensor_new(m->arena, VOUCH_I64, &(vouch_shape){1, {count}});
    snprintf(name, ARCHITECTURE_WORD, "%c%d", letter, m->layers);
    for (int64_t i = 0; t && i < count; i++)
        t->i64[i] = values[i];
    return vouch_architecture_add_constant(m, name, t);
}

static vouch_status add_vectors(const building *m, int64_t count, char *name)
{
    vouch_tensor *t =
        vouch_tensor_new(m->arena, VOUCH_F32, &(vouch_shape){3, {count, m->end.shape[0], 1}});
    vouch_random r = vouch_random_stream(m->a->seed, "weights", (uint64_t)m->layers);
    snprintf(name, ARCHITECTURE_WORD, "p%d", m->layers);
    for (int64_t i = 0; t && i < t->count; i++)
        t->f32[i] = (float)vouch_random_unit(&r);
    return vouch_architecture_add_constant(m, name, t);
}

/* A node on the last value; constant: NULL or one; other: NULL or a second value. */
static vouch_status put(building *m, const char *type, const char *constant, const char *other)
{
    return vouch_architecture_add_node(
        m, &(architecture_node){.type = type, .other = other, .constant = {constant}});
}

/* Squared distances [1, P, 1, components]. */
static vouch_status add_distances(building *m, int64_t count, int64_t components)
{
    const int64_t shape[] = {-1, 1, m->end.shape[0], components}, axis = 2;
    char name[3][ARCHITECTURE_WORD], value[ARCHITECTURE_WORD];
    VOUCH_TRY(add_ints(m, 's', shape, 4, name[0]));
    VOUCH_TRY(add_vectors(m, count, name[1]));
    VOUCH_TRY(add_ints(m, 'a', &axis, 1, name[2]));
    VOUCH_TRY(put(m, "Reshape", name[0], NULL));
    VOUCH_TRY(put(m, "Sub", name[1], NULL));
    snprintf(value, sizeof value, "%s", m->end.value);
    VOUCH_TRY(put(m, "Mul", NULL, value));
    return put(m, "ReduceSum", name[2], NULL);
}

static vouch_status add_similarities(building *m)
{
    char name[3][ARCHITECTURE_WORD];
    VOUCH_TRY(add_real(m, 'e', epsilon, name[0]));
    VOUCH_TRY(add_real(m, 'f', 1 - epsilon, name[1]));
    VOUCH_TRY(add_real(m, 'o', 1, name[2]));
    VOUCH_TRY(put(m, "Add", name[0], NULL));
    VOUCH_TRY(put(m, "Reciprocal", NULL, NULL));
    VOUCH_TRY(put(m, "Mul", name[1], NULL));
    VOUCH_TRY(put(m, "Add", name[2], NULL));
    return put(m, "Log", NULL, NULL);
}

static vouch_status add_greatest(building *m, int64_t components)
{
    int64_t *kernel = VOUCH_NEW_ARRAY(m->arena, int64_t, 2);
    vouch_attr *attr = VOUCH_NEW(m->arena, vouch_attr);
    if (!kernel || !attr)
        return vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
    kernel[0] = 1;
    kernel[1] = components;
    *attr = (vouch_attr){"kernel_shape", VOUCH_ATTR_INTS, 2, {.ints = kernel}};
    return vouch_architecture_add_node(
        m, &(architecture_node){.type = "MaxPool", .attr = attr, .attr_count = 1});
}

vouch_status vouch_architecture_add_prototypes(building *m, int64_t count)
{
    const int64_t components = m->end.shape[1] * m->end.shape[2];
    VOUCH_TRY(add_distances(m, count, components));
    VOUCH_TRY(add_similarities(m));
    VOUCH_TRY(add_greatest(m, components));
    m->end.shape[0] = m->prototypes = count;
    m->end.shape[1] = m->end.shape[2] = 1;
    m->end.flat = false;
    m->layers++;
    return VOUCH_OK;
}

void vouch_architecture_judge(building *m, int64_t outputs)
{
    const int64_t inputs = m->weight->count / outputs;
    if (inputs != m->prototypes || inputs % outputs != 0)
        return;
    for (int64_t i = 0; i < m->weight->count; i++)
        m->weight->f32[i] = i % inputs / (inputs / outputs) == i / inputs ? 1 : -0.5F;
    for (int64_t i = 0; i < outputs; i++)
        m->bias->f32[i] = 0;
}
