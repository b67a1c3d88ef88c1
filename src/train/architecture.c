/* Building a network from words (architecture.h).
 *
 *   convC[kK][sS][pP]   C channels, kernel K x K (3), stride S (1), padding P (0)
 *   fcN                 N outputs
 *   relu, flatten
 *
 * Words are read from left to right; the shape so far decides what the next one needs. A dense
 * layer after an image flattens it.
 */
#include "train/architecture.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { WORD = 32, SIZE_MAX_WORD = 1 << 20 };

typedef struct building {
    vouch_context *ctx;
    const vouch_architecture *a;
    vouch_graph_builder *b;
    vouch_arena *arena;
    int64_t shape[3];
    bool flat;
    int layers, nodes;
    char word[WORD];
    char value[WORD]; /* the name of what the last node gives */
} building;

static vouch_status bad(const building *m, const char *why)
{
    return vouch_fail(m->ctx, VOUCH_ERR_ARGUMENT, "architecture: '%s': %s", m->word, why);
}

/* ---- pieces of graphs ------------------------------------------------------------------------ */

static vouch_status add_constant(const building *m, const char *name, vouch_tensor *t)
{
    return t ? vouch_graph_add_constant(m->b, name, t)
             : vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
}

/* A node that takes the last value and, named, up to two constants. */
static vouch_status add_node(building *m, const char *type, const char *second,
                             const char *third, const vouch_attr *attr, int attr_count)
{
    const char *names[] = {m->value, second, third};
    int *input = VOUCH_NEW_ARRAY(m->arena, int, 3), *output = VOUCH_NEW(m->arena, int);
    vouch_node node = {.type = type, .name = "", .domain = "", .output_count = 1};
    if (!input || !output)
        return VOUCH_ERR_MEMORY;
    for (; node.input_count < 3 && names[node.input_count]; node.input_count++)
        input[node.input_count] = vouch_graph_value(m->b, names[node.input_count]);
    snprintf(m->value, sizeof m->value, "v%d", ++m->nodes);
    *output = vouch_graph_value(m->b, m->value);
    node.input = input;
    node.output = output;
    node.attr = attr;
    node.attr_count = attr_count;
    return vouch_graph_add_node(m->b, &node);
}

static vouch_status normalise(building *m, const char *type, const char *name, double x)
{
    vouch_tensor *t = vouch_tensor_new(m->arena, VOUCH_F32, &(vouch_shape){0});
    if (t)
        t->f32[0] = (float)x;
    VOUCH_TRY(add_constant(m, name, t));
    return add_node(m, type, name, NULL, NULL, 0);
}

/* Weights of the shape, output first, and a bias: named wN and bN. */
static vouch_status add_weights(building *m, const vouch_shape *shape, char name[2][WORD])
{
    const vouch_shape row = {1, {shape->dim[0]}};
    vouch_tensor *w = vouch_tensor_new(m->arena, VOUCH_F32, shape);
    vouch_tensor *bias = vouch_tensor_new(m->arena, VOUCH_F32, &row);
    vouch_random r = vouch_random_stream(m->a->seed, "weights", (uint64_t)m->layers);
    snprintf(name[0], WORD, "w%d", m->layers);
    snprintf(name[1], WORD, "b%d", m->layers++);
    if (!w || !bias)
        return vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
    const double reach = sqrt((double)shape->dim[0] / (double)w->count);
    for (int64_t i = 0; i < w->count; i++)
        w->f32[i] = (float)(reach * (2 * vouch_random_unit(&r) - 1));
    for (int64_t i = 0; i < bias->count; i++)
        bias->f32[i] = (float)(reach * (2 * vouch_random_unit(&r) - 1));
    VOUCH_TRY(add_constant(m, name[0], w));
    return add_constant(m, name[1], bias);
}

/* ---- words ----------------------------------------------------------------------------------- */

/* A number after the letters `key`, in the rest of the word; moves past it. */
static bool number_after(const char **text, const char *key, int64_t least, int64_t *out)
{
    const size_t length = strlen(key);
    char *end = NULL;
    if (strncmp(*text, key, length) != 0 || (*text)[length] < '0' || (*text)[length] > '9')
        return false;
    *out = strtoll(*text + length, &end, 10);
    *text = end;
    return *out >= least && *out <= SIZE_MAX_WORD;
}

static vouch_status add_conv(building *m)
{
    const char *rest = m->word;
    int64_t out = 0, kernel = 3, stride = 1, pad = 0;
    char name[2][WORD];
    const bool fine = number_after(&rest, "conv", 1, &out) &&
                      (*rest != 'k' || number_after(&rest, "k", 1, &kernel)) &&
                      (*rest != 's' || number_after(&rest, "s", 1, &stride)) &&
                      (*rest != 'p' || number_after(&rest, "p", 0, &pad)) && !*rest;
    if (!fine || m->flat)
        return bad(m, m->flat ? "a convolution after flattening"
                              : "convolutions look like conv16k4s2p1");
    int64_t *strides = VOUCH_NEW_ARRAY(m->arena, int64_t, 2);
    int64_t *pads = VOUCH_NEW_ARRAY(m->arena, int64_t, 4);
    vouch_attr *attr = VOUCH_NEW_ARRAY(m->arena, vouch_attr, 2);
    if (!strides || !pads || !attr)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(add_weights(m, &(vouch_shape){4, {out, m->shape[0], kernel, kernel}}, name));
    strides[0] = strides[1] = stride;
    pads[0] = pads[1] = pads[2] = pads[3] = pad;
    attr[0] =
        (vouch_attr){.name = "strides", .kind = VOUCH_ATTR_INTS, .count = 2, .ints = strides};
    attr[1] = (vouch_attr){.name = "pads", .kind = VOUCH_ATTR_INTS, .count = 4, .ints = pads};
    for (int i = 1; i < 3; i++) {
        const int64_t room = m->shape[i] + 2 * pad - kernel;
        if (room < 0)
            return bad(m, "the kernel is larger than what is left of the image");
        m->shape[i] = room / stride + 1;
    }
    m->shape[0] = out;
    return add_node(m, "Conv", name[0], name[1], attr, 2);
}

static vouch_status flatten(building *m)
{
    m->shape[0] *= m->shape[1] * m->shape[2];
    m->shape[1] = m->shape[2] = 1;
    m->flat = true;
    return add_node(m, "Flatten", NULL, NULL, NULL, 0);
}

static vouch_status add_dense(building *m)
{
    const char *rest = m->word;
    int64_t out = 0;
    char name[2][WORD];
    if (!number_after(&rest, "fc", 1, &out) || *rest)
        return bad(m, "dense layers look like fc100");
    if (!m->flat)
        VOUCH_TRY(flatten(m));
    vouch_attr *attr = VOUCH_NEW(m->arena, vouch_attr);
    if (!attr)
        return VOUCH_ERR_MEMORY;
    *attr = (vouch_attr){.name = "transB", .kind = VOUCH_ATTR_INT, .count = 1, .i = 1};
    VOUCH_TRY(add_weights(m, &(vouch_shape){2, {out, m->shape[0]}}, name));
    m->shape[0] = out;
    return add_node(m, "Gemm", name[0], name[1], attr, 1);
}

static vouch_status add_word(building *m)
{
    if (strcmp(m->word, "relu") == 0)
        return m->layers > 0 ? add_node(m, "Relu", NULL, NULL, NULL, 0)
                             : bad(m, "a layer must come first");
    if (strcmp(m->word, "flatten") == 0)
        return m->flat ? bad(m, "flattened already") : flatten(m);
    if (strncmp(m->word, "conv", 4) == 0)
        return add_conv(m);
    if (strncmp(m->word, "fc", 2) == 0)
        return add_dense(m);
    return bad(m, "no such layer; known are conv, fc, relu, flatten");
}

static vouch_status add_words(building *m)
{
    const char *at = m->a->text;
    for (at += strspn(at, " \t"); *at; at += strspn(at, " \t")) {
        const size_t length = strcspn(at, " \t");
        snprintf(m->word, sizeof m->word, "%.*s", (int)(length < WORD ? length : WORD - 1), at);
        if (length >= WORD)
            return bad(m, "too long a word");
        VOUCH_TRY(add_word(m));
        at += length;
    }
    if (m->layers == 0)
        return vouch_fail(m->ctx, VOUCH_ERR_ARGUMENT, "architecture: no layer in '%s'",
                          m->a->text);
    return VOUCH_OK;
}

static vouch_status build(building *m)
{
    const vouch_architecture *a = m->a;
    const vouch_shape shape = {4, {1, a->channels, a->height, a->width}};
    memcpy(m->value, "x", 2);
    m->shape[0] = a->channels;
    m->shape[1] = a->height;
    m->shape[2] = a->width;
    VOUCH_TRY(vouch_graph_add_input(m->b, "x", VOUCH_F32, &shape));
    if (a->mean != 0)
        VOUCH_TRY(normalise(m, "Sub", "mean", a->mean));
    if (a->deviation != 1)
        VOUCH_TRY(normalise(m, "Div", "deviation", a->deviation));
    VOUCH_TRY(add_words(m));
    return vouch_graph_add_output(m->b, m->value);
}

vouch_status vouch_architecture_build(vouch_context *ctx, const vouch_architecture *a,
                                      vouch_graph **graph)
{
    building m = {.ctx = ctx, .a = a};
    *graph = NULL;
    m.b = vouch_graph_builder_new(ctx, a->text, 13);
    if (!m.b)
        return VOUCH_ERR_MEMORY;
    m.arena = vouch_graph_builder_arena(m.b);
    const vouch_status status = build(&m);
    if (status == VOUCH_OK)
        return vouch_graph_finish(m.b, graph);
    vouch_graph_builder_free(m.b);
    return status;
}
