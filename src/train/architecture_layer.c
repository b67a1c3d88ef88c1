/* What each word of an architecture adds to the graph: the table `words` at the end. Words are
 * read from left to right; the shape so far decides what the next one needs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "train/architecture_priv.h"

enum { SIZE_MAX_WORD = 1 << 20 };

typedef architecture_building building;

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

static int64_t width(const building *m, int64_t n)
{
    return n >= m->narrower ? n / m->narrower : 1;
}

/* ---- weights --------------------------------------------------------------------------------- */

/* Weights of the shape, output first, and a bias: named wN and bN. */
static vouch_status add_weights(building *m, const vouch_shape *shape,
                                char name[2][ARCHITECTURE_WORD])
{
    const vouch_shape row = {1, {shape->dim[0]}};
    vouch_tensor *w = vouch_tensor_new(m->arena, VOUCH_F32, shape);
    vouch_tensor *bias = vouch_tensor_new(m->arena, VOUCH_F32, &row);
    vouch_random r = vouch_random_stream(m->a->seed, "weights", (uint64_t)m->layers);
    snprintf(name[0], ARCHITECTURE_WORD, "w%d", m->layers);
    snprintf(name[1], ARCHITECTURE_WORD, "b%d", m->layers++);
    if (!w || !bias)
        return vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
    m->weight = w;
    m->bias = bias;
    m->before = r;
    (m->a->initial ? m->a->initial : &vouch_initial_uniform)
        ->draw(&r, w->count / shape->dim[0], w, bias);
    VOUCH_TRY(vouch_architecture_add_constant(m, name[0], w));
    return vouch_architecture_add_constant(m, name[1], bias);
}

/* Numbers that are all alike, named by a letter and the word's number. */
static vouch_status add_constant(building *m, char letter, float value,
                                 const vouch_shape *shape, char *name)
{
    vouch_tensor *t = vouch_tensor_new(m->arena, VOUCH_F32, shape);
    snprintf(name, ARCHITECTURE_WORD, "%c%d", letter, m->layers);
    for (int64_t i = 0; t && i < t->count; i++)
        t->f32[i] = value;
    return vouch_architecture_add_constant(m, name, t);
}

/* Scale 1 and shift 0 for each element, over all of a sample. */
static vouch_status add_layer_norm(building *m, const char *rest)
{
    const int64_t *s = m->end.shape;
    const vouch_shape row =
        m->end.flat ? (vouch_shape){1, {s[0]}} : (vouch_shape){3, {s[0], s[1], s[2]}};
    char name[2][ARCHITECTURE_WORD];
    vouch_attr *axis = VOUCH_NEW(m->arena, vouch_attr);
    (void)rest;
    if (!axis)
        return vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
    *axis = (vouch_attr){.name = "axis", .kind = VOUCH_ATTR_INT, .count = 1, .i = 1};
    VOUCH_TRY(add_constant(m, 'g', 1, &row, name[0]));
    VOUCH_TRY(add_constant(m, 'b', 0, &row, name[1]));
    m->layers++;
    m->opset = m->opset > 17 ? m->opset : 17;
    return vouch_architecture_add_node(m, &(architecture_node){.type = "LayerNormalization",
                                                               .constant = {name[0], name[1]},
                                                               .attr = axis,
                                                               .attr_count = 1});
}

/* dropout50: half of the elements. */
static vouch_status add_dropout(building *m, const char *rest)
{
    int64_t share = 0;
    char name[ARCHITECTURE_WORD];
    if (!number_after(&rest, "", 1, &share) || *rest || share > 99)
        return vouch_architecture_bad(m, "dropout looks like dropout50, in per cent");
    VOUCH_TRY(add_constant(m, 'd', (float)share / 100, &(vouch_shape){0}, name));
    m->layers++;
    return vouch_architecture_add_node(
        m, &(architecture_node){.type = "Dropout", .constant = {name}});
}

/* ---- windows --------------------------------------------------------------------------------- */

/* kernel, stride, padding, the same both ways. */
typedef struct window {
    int64_t kernel, stride, pad;
} window;

/* What follows a word: [kK][sS][pP]. */
static bool read_window(const char *rest, window *w)
{
    return (*rest != 'k' || number_after(&rest, "k", 1, &w->kernel)) &&
           (*rest != 's' || number_after(&rest, "s", 1, &w->stride)) &&
           (*rest != 'p' || number_after(&rest, "p", 0, &w->pad)) && !*rest;
}

/* Attributes of the window; the shape becomes that of its positions. */
static vouch_status slide(building *m, const window *w, bool kernel, architecture_node *n)
{
    int64_t *ints = VOUCH_NEW_ARRAY(m->arena, int64_t, 8);
    vouch_attr *attr = VOUCH_NEW_ARRAY(m->arena, vouch_attr, 3);
    if (!ints || !attr)
        return vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
    for (int i = 0; i < 8; i++)
        ints[i] = i < 2 ? w->stride : i < 6 ? w->pad : w->kernel;
    attr[0] = (vouch_attr){"strides", VOUCH_ATTR_INTS, 2, {.ints = ints}};
    attr[1] = (vouch_attr){"pads", VOUCH_ATTR_INTS, 4, {.ints = ints + 2}};
    attr[2] = (vouch_attr){"kernel_shape", VOUCH_ATTR_INTS, 2, {.ints = ints + 6}};
    n->attr = attr;
    n->attr_count = kernel ? 3 : 2;
    for (int i = 1; i < 3; i++) {
        const int64_t room = m->end.shape[i] + 2 * w->pad - w->kernel;
        if (room < 0)
            return vouch_architecture_bad(m, "the kernel is larger than what is left of the "
                                             "image");
        m->end.shape[i] = room / w->stride + 1;
    }
    return VOUCH_OK;
}

/* ---- layers ---------------------------------------------------------------------------------- */

static vouch_status add_conv(building *m, const char *rest)
{
    int64_t out = 0;
    window w = {.kernel = 3, .stride = 1};
    char name[2][ARCHITECTURE_WORD];
    architecture_node n = {.type = "Conv", .constant = {name[0], name[1]}};
    const bool fine = number_after(&rest, "", 1, &out) && read_window(rest, &w);
    if (!fine || m->end.flat)
        return vouch_architecture_bad(m, m->end.flat ? "a convolution after flattening"
                                                     : "convolutions look like conv16k4s2p1");
    out = width(m, out);
    VOUCH_TRY(
        add_weights(m, &(vouch_shape){4, {out, m->end.shape[0], w.kernel, w.kernel}}, name));
    VOUCH_TRY(slide(m, &w, false, &n));
    m->end.shape[0] = out;
    return vouch_architecture_add_node(m, &n);
}

static vouch_status flatten(building *m)
{
    m->end.shape[0] *= m->end.shape[1] * m->end.shape[2];
    m->end.shape[1] = m->end.shape[2] = 1;
    m->end.flat = true;
    return vouch_architecture_add_node(m, &(architecture_node){.type = "Flatten"});
}

static vouch_status add_flatten(building *m, const char *rest)
{
    (void)rest;
    return m->end.flat ? vouch_architecture_bad(m, "flattened already") : flatten(m);
}

static vouch_status add_dense(building *m, const char *rest)
{
    int64_t out = 0;
    char name[2][ARCHITECTURE_WORD];
    if (!number_after(&rest, "", 1, &out) || *rest)
        return vouch_architecture_bad(m, "dense layers look like fc100");
    if (!m->end.flat)
        VOUCH_TRY(flatten(m));
    vouch_attr *attr = VOUCH_NEW(m->arena, vouch_attr);
    if (!attr)
        return vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
    *attr = (vouch_attr){.name = "transB", .kind = VOUCH_ATTR_INT, .count = 1, .i = 1};
    out = width(m, out);
    VOUCH_TRY(add_weights(m, &(vouch_shape){2, {out, m->end.shape[0]}}, name));
    vouch_architecture_judge(m, out);
    m->prototypes = 0;
    m->end.shape[0] = out;
    return vouch_architecture_add_node(
        m, &(architecture_node){
               .type = "Gemm", .constant = {name[0], name[1]}, .attr = attr, .attr_count = 1});
}

static vouch_status add_batch_norm(building *m, const char *rest)
{
    const vouch_shape row = {1, {m->end.shape[0]}};
    char name[4][ARCHITECTURE_WORD];
    (void)rest;
    VOUCH_TRY(add_constant(m, 'g', 1, &row, name[0]));
    VOUCH_TRY(add_constant(m, 'b', 0, &row, name[1]));
    VOUCH_TRY(add_constant(m, 'm', 0, &row, name[2]));
    VOUCH_TRY(add_constant(m, 'v', 1, &row, name[3]));
    m->layers++;
    return vouch_architecture_add_node(
        m, &(architecture_node){.type = "BatchNormalization",
                                .constant = {name[0], name[1], name[2], name[3]}});
}

/* Words that are one node without a setting: name, operator, and the operators' version that has
 * it. */
static const struct {
    const char *name, *type;
    int64_t opset;
} plain[] = {{"relu", "Relu", 0}, {"leakyrelu", "LeakyRelu", 0},
             {"elu", "Elu", 0},   {"sigmoid", "Sigmoid", 0},
             {"tanh", "Tanh", 0}, {"softplus", "Softplus", 0},
             {"gelu", "Gelu", 20}};
enum { PLAIN = sizeof plain / sizeof *plain };

static vouch_status add_plain(building *m, int i)
{
    if (m->layers == 0)
        return vouch_architecture_bad(m, "a layer must come first");
    m->opset = m->opset > plain[i].opset ? m->opset : plain[i].opset;
    return vouch_architecture_add_node(m, &(architecture_node){.type = plain[i].type});
}

/* x sigmoid(x) */
static vouch_status add_silu(building *m, const char *rest)
{
    const architecture_end start = m->end;
    (void)rest;
    if (m->layers == 0)
        return vouch_architecture_bad(m, "a layer must come first");
    VOUCH_TRY(vouch_architecture_add_node(m, &(architecture_node){.type = "Sigmoid"}));
    return vouch_architecture_add_node(
        m, &(architecture_node){.type = "Mul", .other = start.value});
}

static vouch_status add_pool(building *m, const char *type, const char *rest)
{
    window w = {.kernel = 2};
    architecture_node n = {.type = type};
    const bool fine = (*rest < '0' || *rest > '9' || number_after(&rest, "", 1, &w.kernel)) &&
                      read_window(rest, &w) && w.pad < w.kernel;
    if (!fine || m->end.flat || m->layers == 0)
        return vouch_architecture_bad(m, m->layers == 0 ? "a layer must come first"
                                         : m->end.flat  ? "pooling after flattening"
                                                        : "pooling looks like maxpool3s2p1");
    w.stride = w.stride ? w.stride : w.kernel;
    VOUCH_TRY(slide(m, &w, true, &n));
    return vouch_architecture_add_node(m, &n);
}

static vouch_status add_max(building *m, const char *rest)
{
    return add_pool(m, "MaxPool", rest);
}

static vouch_status add_average(building *m, const char *rest)
{
    return add_pool(m, "AveragePool", rest);
}

static vouch_status add_global(building *m, const char *rest)
{
    (void)rest;
    if (m->end.flat || m->layers == 0)
        return vouch_architecture_bad(m, "no image is there to be averaged");
    m->end.shape[1] = m->end.shape[2] = 1;
    return vouch_architecture_add_node(m, &(architecture_node){.type = "GlobalAveragePool"});
}

/* proto30: thirty of them. */
static vouch_status add_prototypes(building *m, const char *rest)
{
    int64_t count = 0;
    if (!number_after(&rest, "", 1, &count) || *rest)
        return vouch_architecture_bad(m, "prototypes look like proto30");
    if (m->layers == 0)
        return vouch_architecture_bad(m, "a layer must come first");
    return vouch_architecture_add_prototypes(m, count);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool alone; /* nothing follows the letters */
    vouch_status (*add)(building *m, const char *rest);
} words[] = {
    {"conv", false, add_conv},        {"fc", false, add_dense},
    {"bn", true, add_batch_norm},     {"silu", true, add_silu},
    {"ln", true, add_layer_norm},     {"dropout", false, add_dropout},
    {"maxpool", false, add_max},      {"avgpool", false, add_average},
    {"gap", true, add_global},        {"flatten", true, add_flatten},
    {"proto", false, add_prototypes},
};
enum { WORDS = sizeof words / sizeof *words };

vouch_status vouch_architecture_add_layer(building *m)
{
    const size_t letters = strspn(m->word, "abcdefghijklmnopqrstuvwxyz");
    for (int i = 0; i < WORDS; i++)
        if (strlen(words[i].name) == letters && memcmp(m->word, words[i].name, letters) == 0 &&
            (!words[i].alone || !m->word[letters]))
            return words[i].add(m, m->word + letters);
    for (int i = 0; i < PLAIN; i++)
        if (strcmp(m->word, plain[i].name) == 0)
            return add_plain(m, i);
    char known[320] = "no such layer; known are res( ... | ... ), gate( ... | ... )";
    for (int i = 0; i < WORDS; i++) {
        const size_t at = strlen(known);
        snprintf(known + at, sizeof known - at, ", %s", words[i].name);
    }
    for (int i = 0; i < PLAIN; i++) {
        const size_t at = strlen(known);
        snprintf(known + at, sizeof known - at, ", %s", plain[i].name);
    }
    return vouch_architecture_bad(m, known);
}
