/* Building a network from words (architecture.h): blocks, presets, pieces of graphs. What a word
 * adds: architecture_layer.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/architecture_priv.h"

vouch_status vouch_architecture_bad(const architecture_building *m, const char *why)
{
    return vouch_fail(m->ctx, VOUCH_ERR_ARGUMENT, "architecture: '%s': %s", m->word, why);
}

/* ---- pieces of graphs ------------------------------------------------------------------------ */

vouch_status vouch_architecture_add_constant(const architecture_building *m, const char *name,
                                             vouch_tensor *t)
{
    return t ? vouch_graph_add_constant(m->b, name, t)
             : vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
}

vouch_status vouch_architecture_add_node(architecture_building *m, const architecture_node *n)
{
    int *input = VOUCH_NEW_ARRAY(m->arena, int, 2 + ARCHITECTURE_CONSTANTS);
    int *output = VOUCH_NEW(m->arena, int);
    vouch_node node = {.type = n->type, .name = "", .domain = "", .output_count = 1};
    if (!input || !output)
        return vouch_fail(m->ctx, VOUCH_ERR_MEMORY, "architecture: out of memory");
    input[node.input_count++] = vouch_graph_value(m->b, m->end.value);
    if (n->other)
        input[node.input_count++] = vouch_graph_value(m->b, n->other);
    for (int i = 0; i < ARCHITECTURE_CONSTANTS && n->constant[i]; i++)
        input[node.input_count++] = vouch_graph_value(m->b, n->constant[i]);
    snprintf(m->end.value, sizeof m->end.value, "y%d", ++m->nodes);
    *output = vouch_graph_value(m->b, m->end.value);
    node.input = input;
    node.output = output;
    node.attr = n->attr;
    node.attr_count = n->attr_count;
    return vouch_graph_add_node(m->b, &node);
}

static vouch_status normalise(architecture_building *m, const char *type, const char *name,
                              double x)
{
    vouch_tensor *t = vouch_tensor_new(m->arena, VOUCH_F32, &(vouch_shape){0});
    if (t)
        t->f32[0] = (float)x;
    VOUCH_TRY(vouch_architecture_add_constant(m, name, t));
    return vouch_architecture_add_node(m,
                                       &(architecture_node){.type = type, .constant = {name}});
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static vouch_status open_block(architecture_building *m, const char *type)
{
    if (m->depth == ARCHITECTURE_DEPTH)
        return vouch_architecture_bad(m, "too many blocks within each other");
    m->block[m->depth++] = (architecture_block){.start = m->end, .type = type};
    return VOUCH_OK;
}

static vouch_status next_branch(architecture_building *m)
{
    architecture_block *b = m->depth > 0 ? &m->block[m->depth - 1] : NULL;
    if (!b || b->second)
        return vouch_architecture_bad(m, "parts the two branches of a block");
    b->second = true;
    b->branch = m->end;
    m->end = b->start;
    return VOUCH_OK;
}

/* The sum or the product of both branches; a second one that is not written is what the block takes. */
static vouch_status close_block(architecture_building *m)
{
    if (m->depth == 0)
        return vouch_architecture_bad(m, "no block is open");
    const architecture_block *b = &m->block[--m->depth];
    const architecture_end *other = b->second ? &b->branch : &b->start;
    if (memcmp(other->shape, m->end.shape, sizeof other->shape) != 0 ||
        other->flat != m->end.flat)
        return vouch_fail(m->ctx, VOUCH_ERR_ARGUMENT,
                          "architecture: a block joins %" PRId64 "x%" PRId64 "x%" PRId64
                          " to %" PRId64 "x%" PRId64 "x%" PRId64,
                          m->end.shape[0], m->end.shape[1], m->end.shape[2], other->shape[0],
                          other->shape[1], other->shape[2]);
    if (strcmp(other->value, m->end.value) == 0)
        return vouch_architecture_bad(m, "the block is empty");
    return vouch_architecture_add_node(
        m, &(architecture_node){.type = b->type, .other = other->value});
}

/* ---- words ----------------------------------------------------------------------------------- */

static const struct {
    const char *name, *text;
} presets[] = {
#define VOUCH_PRESET(name, text) {name, text},
#include "train/preset.def"
#undef VOUCH_PRESET
};

/* The text of a preset, and what its widths are divided by; NULL: the word is none. */
static const char *preset(const char *word, int64_t *narrower)
{
    const size_t length = strcspn(word, "/");
    char *end = NULL;
    *narrower = word[length] ? strtoll(word + length + 1, &end, 10) : 1;
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strlen(presets[i].name) == length && memcmp(word, presets[i].name, length) == 0 &&
            *narrower > 0 && (!end || !*end))
            return presets[i].text;
    return NULL;
}

static vouch_status add_word(architecture_building *m)
{
    if (strcmp(m->word, "res(") == 0)
        return open_block(m, "Add");
    if (strcmp(m->word, "gate(") == 0)
        return open_block(m, "Mul");
    if (strcmp(m->word, "|") == 0)
        return next_branch(m);
    if (strcmp(m->word, ")") == 0)
        return close_block(m);
    return vouch_architecture_add_layer(m);
}

/* The next word of the text into m->word; false: it has ended. Too long a word is cut, and then
 * names no layer. */
static bool next_word(architecture_building *m, const char **text)
{
    *text += strspn(*text, " \t");
    const size_t length = strcspn(*text, " \t");
    const size_t most = ARCHITECTURE_WORD - 1;
    snprintf(m->word, sizeof m->word, "%.*s", (int)(length < most ? length : most), *text);
    *text += length;
    return length > 0;
}

static vouch_status add_preset(architecture_building *m, const char *text)
{
    while (next_word(m, &text))
        VOUCH_TRY(add_word(m));
    m->narrower = 1;
    return VOUCH_OK;
}

static vouch_status add_words(architecture_building *m)
{
    for (const char *text = m->a->text; next_word(m, &text);) {
        const char *inner = preset(m->word, &m->narrower);
        m->narrower = inner ? m->narrower : 1;
        VOUCH_TRY(inner ? add_preset(m, inner) : add_word(m));
    }
    if (m->depth > 0)
        return vouch_fail(m->ctx, VOUCH_ERR_ARGUMENT,
                          "architecture: a block without ')' in '%s'", m->a->text);
    if (m->layers == 0)
        return vouch_fail(m->ctx, VOUCH_ERR_ARGUMENT, "architecture: no layer in '%s'",
                          m->a->text);
    return VOUCH_OK;
}

static vouch_status build(architecture_building *m)
{
    const vouch_architecture *a = m->a;
    const vouch_shape shape = {4, {1, a->channels, a->height, a->width}};
    m->end = (architecture_end){.value = "x", .shape = {a->channels, a->height, a->width}};
    VOUCH_TRY(vouch_graph_add_input(m->b, "x", VOUCH_F32, &shape));
    if (a->mean != 0)
        VOUCH_TRY(normalise(m, "Sub", "mean", a->mean));
    if (a->deviation != 1)
        VOUCH_TRY(normalise(m, "Div", "deviation", a->deviation));
    VOUCH_TRY(add_words(m));
    if (a->initial && a->initial->but_last && m->weight)
        vouch_initial_uniform.draw(&m->before, m->weight->count / m->bias->count, m->weight,
                                   m->bias);
    return vouch_graph_add_output(m->b, m->end.value);
}

vouch_status vouch_architecture_build(vouch_context *ctx, const vouch_architecture *a,
                                      vouch_graph **graph)
{
    architecture_building m = {.ctx = ctx, .a = a, .narrower = 1, .opset = 13};
    *graph = NULL;
    m.b = vouch_graph_builder_new(ctx, a->text, m.opset);
    if (!m.b)
        return VOUCH_ERR_MEMORY;
    m.arena = vouch_graph_builder_arena(m.b);
    const vouch_status status = build(&m);
    if (status == VOUCH_OK) {
        VOUCH_TRY(vouch_graph_finish(m.b, graph));
        (*graph)->opset = m.opset;
        return VOUCH_OK;
    }
    vouch_graph_builder_free(m.b);
    return status;
}
