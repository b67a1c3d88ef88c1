/* Declarations and uses of variables, and whether they fit the network.
 *
 * 1.0 names scalars X_i and Y_i, numbered through all inputs and outputs of the network. 2.0
 * declares tensors, matched to the network's inputs and outputs by order, or by name where a
 * declaration gives the ONNX name; X[i,j] is flattened in row-major order. What counts is the
 * number of elements: a batch axis of 1 may be there or not.
 */
#include "spec/parser.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *network_source(const vouch_parser *p)
{
    return p->graph->source ? p->graph->source : "";
}

/* ---- VNN-LIB 1.0 --------------------------------------------------------------------- */

/* Splits "X_12" into kind and index. false: no name of that form. */
static bool split_name(const vouch_token *token, bool *is_output, int64_t *index)
{
    if (token->kind != VOUCH_TOKEN_WORD || token->length < 3 || token->text[1] != '_' ||
        (token->text[0] != 'X' && token->text[0] != 'Y'))
        return false;
    *is_output = token->text[0] == 'Y';
    return vouch_digits_value(token->text + 2, token->length - 2, index);
}

static vouch_status declare_scalar(vouch_parser *p, const vouch_token *name)
{
    bool is_output;
    int64_t index, size;
    char text[VOUCH_TOKEN_TEXT];
    unsigned char *mark;

    if (!split_name(name, &is_output, &index))
        return vouch_parser_fail(p, VOUCH_ERR_PARSE,
                                 "unknown variable %s: expected a name X_i or Y_i",
                                 vouch_token_show(name, text));
    size = is_output ? p->spec->output_size : p->spec->input_size;
    if (index >= size)
        return vouch_parser_fail(p, VOUCH_ERR_SHAPE,
                                 "%s is declared, but the network '%s' has %" PRId64 " %s",
                                 vouch_token_show(name, text), network_source(p), size,
                                 is_output ? "outputs" : "inputs");
    mark = &p->declared[index + (is_output ? p->spec->input_size : 0)];
    if (*mark)
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "%s is declared twice",
                                 vouch_token_show(name, text));
    *mark = 1;
    p->declared_line = name->line;
    if (is_output)
        p->declared_outputs++;
    else
        p->declared_inputs++;
    return VOUCH_OK;
}

vouch_status vouch_parser_declare_constant(vouch_parser *p, bool is_function)
{
    VOUCH_TRY(p->token.kind == VOUCH_TOKEN_WORD ? declare_scalar(p, &p->token)
                                                : vouch_parser_unexpected(p, "a variable"));
    vouch_parser_next(p);
    if (is_function) {
        VOUCH_TRY(vouch_parser_expect(p, VOUCH_TOKEN_OPEN, "'()'"));
        VOUCH_TRY(vouch_parser_expect(p, VOUCH_TOKEN_CLOSE, "'()'"));
    }
    if (!vouch_token_is(&p->token, "Real"))
        return vouch_parser_unexpected(p, "the type Real");
    vouch_parser_next(p);
    return VOUCH_OK;
}

static vouch_status use_scalar(vouch_parser *p, int64_t *variable)
{
    bool is_output;
    int64_t index;
    char text[VOUCH_TOKEN_TEXT];

    if (!split_name(&p->token, &is_output, &index))
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "unknown variable %s",
                                 vouch_token_show(&p->token, text));
    *variable = index + (is_output ? p->spec->input_size : 0);
    if (index >= (is_output ? p->spec->output_size : p->spec->input_size) ||
        !p->declared[*variable])
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "unknown variable %s: not declared",
                                 vouch_token_show(&p->token, text));
    vouch_parser_next(p);
    return VOUCH_OK;
}

static vouch_status check_scalars(vouch_parser *p)
{
    const vouch_spec *spec = p->spec;
    bool inputs = p->declared_inputs != spec->input_size;

    if (!inputs && p->declared_outputs == spec->output_size)
        return VOUCH_OK;
    return vouch_spec_fail(
        p->ctx, spec->source, p->declared_line ? p->declared_line : 1, VOUCH_ERR_SHAPE,
        "a property for %" PRId64 " %s, but the network '%s' has %" PRId64,
        inputs ? p->declared_inputs : p->declared_outputs, inputs ? "inputs" : "outputs",
        network_source(p), inputs ? spec->input_size : spec->output_size);
}

/* ---- VNN-LIB 2.0: tensors ------------------------------------------------------------ */

/* Element types that stand for reals here; the others are named as unsupported. */
static bool is_real_type(const vouch_token *t)
{
    static const char *const names[] = {
        "Real",         "float16",    "float32",        "float64",        "bfloat16",
        "float8e4m3fn", "float8e5m2", "float8e4m3fnuz", "float8e5m2fnuz", "float4e2m1"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (vouch_token_is(t, names[i]))
            return true;
    return false;
}

static bool is_other_type(const vouch_token *t)
{
    static const char *const names[] = {"int4",   "int8",  "int16",     "int32",      "int64",
                                        "uint4",  "uint8", "uint16",    "uint32",     "uint64",
                                        "string", "bool",  "complex64", "complex128", "Int"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (vouch_token_is(t, names[i]))
            return true;
    return false;
}

static vouch_status read_type(vouch_parser *p)
{
    char text[VOUCH_TOKEN_TEXT];

    if (is_other_type(&p->token))
        return vouch_parser_fail(p, VOUCH_ERR_UNSUPPORTED, "element type %s is not supported",
                                 vouch_token_show(&p->token, text));
    if (!is_real_type(&p->token))
        return vouch_parser_unexpected(p, "an element type (Real, float32 ...)");
    vouch_parser_next(p);
    return VOUCH_OK;
}

/* "[2,3]": dimensions or indices. */
static vouch_status read_numbers(vouch_parser *p, const char *what, vouch_shape *shape)
{
    *shape = (vouch_shape){0};
    VOUCH_TRY(vouch_parser_expect(p, VOUCH_TOKEN_BRACKET, "'['"));
    if (p->token.kind == VOUCH_TOKEN_BRACKET_END) {
        vouch_parser_next(p);
        return VOUCH_OK;
    }
    for (;;) {
        if (shape->rank == VOUCH_RANK_MAX)
            return vouch_parser_fail(p, VOUCH_ERR_UNSUPPORTED,
                                     "tensors of more than %d axes are not supported",
                                     VOUCH_RANK_MAX);
        VOUCH_TRY(vouch_parser_whole(p, what, &shape->dim[shape->rank++]));
        if (p->token.kind != VOUCH_TOKEN_COMMA)
            return vouch_parser_expect(p, VOUCH_TOKEN_BRACKET_END, "',' or ']'");
        vouch_parser_next(p);
    }
}

static const vouch_spec_tensor *find_tensor(const vouch_parser *p, const vouch_token *name)
{
    for (int i = 0; i < p->spec->tensor_count; i++)
        if (vouch_token_is(name, p->tensor[i].name))
            return &p->tensor[i];
    return NULL;
}

/* Reads a new name of a network or tensor. */
static vouch_status read_name(vouch_parser *p, const char *what, const char **name)
{
    char text[VOUCH_TOKEN_TEXT];
    char c = p->token.length ? p->token.text[0] : '0';

    if (p->token.kind != VOUCH_TOKEN_WORD ||
        !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'))
        return vouch_parser_unexpected(p, what);
    if (find_tensor(p, &p->token))
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "%s is declared twice",
                                 vouch_token_show(&p->token, text));
    *name = vouch_arena_text_n(p->spec->arena, p->token.text, p->token.length);
    if (!*name)
        return VOUCH_ERR_MEMORY;
    vouch_parser_next(p);
    return VOUCH_OK;
}

/* How many inputs or outputs are declared already. */
static int declared_tensors(const vouch_parser *p, bool is_output)
{
    int count = 0;

    for (int i = 0; i < p->spec->tensor_count; i++)
        count += p->tensor[i].is_output == is_output;
    return count;
}

/* Which of the network's inputs or outputs a declaration means: by its ONNX name, else by
 * order. */
static vouch_status find_position(vouch_parser *p, bool is_output, int *position)
{
    const vouch_graph *g = p->graph;
    const int *value = is_output ? g->output : g->input;
    int count = is_output ? g->output_count : g->input_count;
    char text[VOUCH_TOKEN_TEXT];

    *position = declared_tensors(p, is_output);
    if (p->token.kind == VOUCH_TOKEN_STRING) {
        p->token.kind = VOUCH_TOKEN_WORD; /* to compare it */
        for (*position = 0; *position < count; ++*position)
            if (vouch_token_is(&p->token, g->value[value[*position]].name))
                break;
        if (*position == count)
            return vouch_parser_fail(p, VOUCH_ERR_SHAPE, "the network '%s' has no %s %s",
                                     network_source(p), is_output ? "output" : "input",
                                     vouch_token_show(&p->token, text));
        vouch_parser_next(p);
    } else if (*position >= count) {
        return vouch_parser_fail(p, VOUCH_ERR_SHAPE,
                                 "more %s are declared than the network '%s' has (%d)",
                                 is_output ? "outputs" : "inputs", network_source(p), count);
    }
    return VOUCH_OK;
}

/* Fits the tensor to that input or output of the network, and places it. */
static vouch_status place_tensor(vouch_parser *p, vouch_spec_tensor *t, int position)
{
    const vouch_graph *g = p->graph;
    const int *value = t->is_output ? g->output : g->input;
    const vouch_value *v = &g->value[value[position]];
    int64_t wanted = vouch_shape_count(&v->shape);
    char declared[VOUCH_SHAPE_TEXT], has[VOUCH_SHAPE_TEXT];

    t->count = vouch_shape_count(&t->shape);
    if (t->count != wanted)
        return vouch_parser_fail(
            p, VOUCH_ERR_SHAPE, "'%s' is declared as %s, but %s '%s' of the network '%s' is %s",
            t->name, vouch_shape_print(&t->shape, declared, sizeof declared),
            t->is_output ? "output" : "input", v->name, network_source(p),
            vouch_shape_print(&v->shape, has, sizeof has));
    t->offset = 0;
    for (int i = 0; i < position; i++)
        t->offset += vouch_shape_count(&g->value[value[i]].shape);
    for (int i = 0; i < p->spec->tensor_count; i++)
        if (p->tensor[i].is_output == t->is_output && p->tensor[i].offset == t->offset &&
            p->tensor[i].count > 0)
            return vouch_parser_fail(
                p, VOUCH_ERR_PARSE, "'%s' and '%s' stand for the same %s of the network",
                p->tensor[i].name, t->name, t->is_output ? "output" : "input");
    return VOUCH_OK;
}

static vouch_status add_tensor(vouch_parser *p, const vouch_spec_tensor *t)
{
    vouch_spec *spec = p->spec;

    if (spec->tensor_count == p->tensor_capacity) {
        int capacity = p->tensor_capacity ? 2 * p->tensor_capacity : 4;
        vouch_spec_tensor *grown = VOUCH_NEW_ARRAY(spec->arena, vouch_spec_tensor, capacity);

        if (!grown)
            return VOUCH_ERR_MEMORY;
        if (spec->tensor_count)
            memcpy(grown, p->tensor, (size_t)spec->tensor_count * sizeof *grown);
        p->tensor = grown;
        p->tensor_capacity = capacity;
    }
    p->tensor[spec->tensor_count++] = *t;
    spec->tensor = p->tensor;
    return VOUCH_OK;
}

/* "NAME TYPE [SHAPE] ["onnx name"])" after declare-input or declare-output. */
static vouch_status declare_tensor(vouch_parser *p, bool is_output)
{
    vouch_spec_tensor t = {.is_output = is_output};
    int position;

    VOUCH_TRY(read_name(p, "a tensor's name", &t.name));
    VOUCH_TRY(read_type(p));
    VOUCH_TRY(read_numbers(p, "a dimension", &t.shape));
    if (vouch_token_is(&p->token, "initialized"))
        return vouch_parser_fail(p, VOUCH_ERR_UNSUPPORTED,
                                 "initialized input '%s': not supported yet", t.name);
    VOUCH_TRY(find_position(p, is_output, &position));
    VOUCH_TRY(place_tensor(p, &t, position));
    VOUCH_TRY(add_tensor(p, &t));
    return vouch_parser_expect(p, VOUCH_TOKEN_CLOSE, "')'");
}

/* ---- VNN-LIB 2.0: networks ----------------------------------------------------------- */

/* One item of declare-network, from its "(". */
static vouch_status declare_item(vouch_parser *p)
{
    vouch_token word;
    char text[VOUCH_TOKEN_TEXT];

    VOUCH_TRY(vouch_parser_expect(p, VOUCH_TOKEN_OPEN, "a declaration in parentheses"));
    word = p->token;
    VOUCH_TRY(vouch_parser_expect(p, VOUCH_TOKEN_WORD, "a declaration"));
    if (vouch_token_is(&word, "declare-input"))
        return declare_tensor(p, false);
    if (vouch_token_is(&word, "declare-output"))
        return declare_tensor(p, true);
    if (vouch_token_is(&word, "declare-hidden"))
        return vouch_spec_fail(p->ctx, p->spec->source, word.line, VOUCH_ERR_UNSUPPORTED,
                               "hidden tensors (declare-hidden) are not supported yet");
    if (vouch_token_is(&word, "equal-to") || vouch_token_is(&word, "isomorphic-to"))
        return vouch_spec_fail(p->ctx, p->spec->source, word.line, VOUCH_ERR_UNSUPPORTED,
                               "several networks (%.*s) are not supported yet",
                               (int)word.length, word.text);
    return vouch_spec_fail(p->ctx, p->spec->source, word.line, VOUCH_ERR_PARSE,
                           "expected declare-input, declare-hidden or declare-output, found %s",
                           vouch_token_show(&word, text));
}

static vouch_status check_tensors(vouch_parser *p, int line)
{
    int inputs = declared_tensors(p, false), outputs = declared_tensors(p, true);
    const vouch_graph *g = p->graph;

    if (inputs == g->input_count && outputs == g->output_count)
        return VOUCH_OK;
    return vouch_spec_fail(p->ctx, p->spec->source, line, VOUCH_ERR_SHAPE,
                           "'%s' declares %d inputs and %d outputs, but the network '%s' has "
                           "%d inputs and %d outputs",
                           p->network, inputs, outputs, network_source(p), g->input_count,
                           g->output_count);
}

vouch_status vouch_parser_declare_network(vouch_parser *p)
{
    int line = p->line;
    const char *first = p->network;

    VOUCH_TRY(read_name(p, "a network's name", &p->network));
    if (first)
        return vouch_spec_fail(p->ctx, p->spec->source, line, VOUCH_ERR_UNSUPPORTED,
                               "several networks ('%s', '%s') are not supported yet", first,
                               p->network);
    while (p->token.kind != VOUCH_TOKEN_CLOSE) {
        if (p->token.kind == VOUCH_TOKEN_END)
            return vouch_parser_unexpected(p, "')'");
        VOUCH_TRY(declare_item(p));
    }
    return check_tensors(p, line);
}

/* ---- uses ---------------------------------------------------------------------------- */

static vouch_status use_element(vouch_parser *p, int64_t *variable)
{
    const vouch_spec_tensor *t = find_tensor(p, &p->token);
    vouch_shape index = {0};
    int64_t flat = 0;
    char text[VOUCH_TOKEN_TEXT];

    if (!t)
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "unknown variable %s",
                                 vouch_token_show(&p->token, text));
    vouch_parser_next(p);
    if (p->token.kind == VOUCH_TOKEN_BRACKET)
        VOUCH_TRY(read_numbers(p, "an index", &index));
    if (index.rank != t->shape.rank)
        return vouch_parser_fail(p, VOUCH_ERR_SHAPE,
                                 "'%s' has %d axes, but %d indices are given", t->name,
                                 t->shape.rank, index.rank);
    for (int i = 0; i < index.rank; i++) {
        if (index.dim[i] >= t->shape.dim[i])
            return vouch_parser_fail(p, VOUCH_ERR_SHAPE,
                                     "index %" PRId64 " is outside axis %d of '%s' (%" PRId64
                                     " elements)",
                                     index.dim[i], i, t->name, t->shape.dim[i]);
        flat = flat * t->shape.dim[i] + index.dim[i];
    }
    *variable = t->offset + flat + (t->is_output ? p->spec->input_size : 0);
    return VOUCH_OK;
}

vouch_status vouch_parser_variable(vouch_parser *p, int64_t *variable)
{
    return p->spec->version == 2 ? use_element(p, variable) : use_scalar(p, variable);
}

vouch_status vouch_parser_check_declarations(vouch_parser *p)
{
    if (!p->spec->version)
        p->spec->version = 1;
    if (p->spec->version == 1)
        return check_scalars(p);
    if (!p->network)
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "no network is declared");
    return VOUCH_OK;
}
