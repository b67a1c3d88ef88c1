/* VNN-LIB properties: the commands of a text, and the tokens they are made of.
 *
 * Both versions of the language are a list of commands in parentheses. 1.0 declares scalars
 * (declare-const X_0 Real), 2.0 networks with tensors (declare-network ...); assertions are
 * alike. The text is read in one pass with one token of look-ahead; formulas go straight into
 * negation normal form, so a large property needs no syntax tree.
 *
 * SPEC: VNN-LIB 1.0 (Demarchi et al. 2023), VNN-LIB 2.0 grammar.
 */
#include "spec/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/normal.h"

/* ---- tokens -------------------------------------------------------------------------- */

void vouch_parser_next(vouch_parser *p) { p->token = vouch_lexer_next(&p->lexer); }

vouch_status vouch_parser_fail(vouch_parser *p, vouch_status status, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return vouch_spec_fail(p->ctx, p->spec->source, p->token.line, status, "%s", text);
}

vouch_status vouch_parser_unexpected(vouch_parser *p, const char *what)
{
    char text[VOUCH_TOKEN_TEXT];

    if (p->token.kind == VOUCH_TOKEN_END)
        return vouch_spec_fail(p->ctx, p->spec->source, p->line, VOUCH_ERR_PARSE,
                               "missing ')': the file ends within what begins here");
    if (p->token.kind == VOUCH_TOKEN_UNCLOSED)
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "a string without closing quote");
    return vouch_parser_fail(p, VOUCH_ERR_PARSE, "expected %s, found %s", what,
                             vouch_token_show(&p->token, text));
}

vouch_status vouch_parser_expect(vouch_parser *p, vouch_token_kind kind, const char *what)
{
    if (p->token.kind != kind)
        return vouch_parser_unexpected(p, what);
    vouch_parser_next(p);
    return VOUCH_OK;
}

vouch_status vouch_parser_enter(vouch_parser *p)
{
    if (p->depth >= VOUCH_SPEC_DEPTH_MAX)
        return vouch_parser_fail(p, VOUCH_ERR_LIMIT, "parentheses are nested more than %d deep",
                                 VOUCH_SPEC_DEPTH_MAX);
    p->depth++;
    return VOUCH_OK;
}

bool vouch_digits_value(const char *text, size_t length, int64_t *value)
{
    *value = 0;
    if (length == 0 || length > 15 || (length > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = 10 * *value + (text[i] - '0');
    }
    return true;
}

vouch_status vouch_parser_whole(vouch_parser *p, const char *what, int64_t *value)
{
    if (p->token.kind != VOUCH_TOKEN_WORD ||
        !vouch_digits_value(p->token.text, p->token.length, value))
        return vouch_parser_unexpected(p, what);
    vouch_parser_next(p);
    return VOUCH_OK;
}

/* ---- commands ------------------------------------------------------------------------ */

static vouch_status read_version(vouch_parser *p)
{
    const vouch_token *t = &p->token;
    char shown[VOUCH_TOKEN_TEXT];

    if (p->spec->version)
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "vnnlib-version must come first, once");
    if (t->kind != VOUCH_TOKEN_WORD)
        return vouch_parser_unexpected(p, "a version such as <2.0>");
    if (t->length < 5 || t->text[0] != '<' || t->text[2] != '.' ||
        t->text[t->length - 1] != '>' || (t->text[1] != '1' && t->text[1] != '2'))
        return vouch_parser_fail(p, VOUCH_ERR_UNSUPPORTED,
                                 "version %s is not supported (expected <1.0> or <2.0>)",
                                 vouch_token_show(t, shown));
    p->spec->version = t->text[1] - '0';
    vouch_parser_next(p);
    return VOUCH_OK;
}

/* The first command settles the language. */
static vouch_status need_version(vouch_parser *p, int version)
{
    if (!p->spec->version)
        p->spec->version = version;
    if (p->spec->version == version)
        return VOUCH_OK;
    return vouch_spec_fail(p->ctx, p->spec->source, p->line, VOUCH_ERR_PARSE,
                           "this command belongs to VNN-LIB %d.0, but the file is VNN-LIB %d.0",
                           version, p->spec->version);
}

static vouch_status read_assertion(vouch_parser *p)
{
    int node;

    VOUCH_TRY(vouch_parser_formula(p, false, &node));
    vouch_formula_append(&p->formula, p->root, node, &p->last);
    return VOUCH_OK;
}

/* SMT-LIB commands without meaning here are passed over up to their ")". */
static bool is_passed_over(const vouch_token *word)
{
    static const char *const names[] = {"set-logic", "set-info", "set-option", "check-sat",
                                        "get-model"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (vouch_token_is(word, names[i]))
            return true;
    return false;
}

static vouch_status pass_over(vouch_parser *p)
{
    for (int open = 0; p->token.kind != VOUCH_TOKEN_CLOSE || open > 0; vouch_parser_next(p)) {
        if (p->token.kind == VOUCH_TOKEN_END || p->token.kind == VOUCH_TOKEN_UNCLOSED)
            return vouch_parser_unexpected(p, "')'");
        open += (p->token.kind == VOUCH_TOKEN_OPEN) - (p->token.kind == VOUCH_TOKEN_CLOSE);
    }
    return VOUCH_OK;
}

static vouch_status read_body(vouch_parser *p, const vouch_token *word)
{
    char shown[VOUCH_TOKEN_TEXT];

    if (vouch_token_is(word, "assert"))
        return read_assertion(p);
    if (vouch_token_is(word, "vnnlib-version"))
        return read_version(p);
    if (vouch_token_is(word, "declare-const") || vouch_token_is(word, "declare-fun")) {
        VOUCH_TRY(need_version(p, 1));
        return vouch_parser_declare_constant(p, vouch_token_is(word, "declare-fun"));
    }
    if (vouch_token_is(word, "declare-network")) {
        VOUCH_TRY(need_version(p, 2));
        return vouch_parser_declare_network(p);
    }
    if (is_passed_over(word))
        return pass_over(p);
    return vouch_spec_fail(p->ctx, p->spec->source, word->line, VOUCH_ERR_PARSE,
                           "unknown command %s", vouch_token_show(word, shown));
}

static vouch_status read_command(vouch_parser *p)
{
    vouch_token word;

    p->line = p->token.line;
    if (p->token.kind == VOUCH_TOKEN_CLOSE)
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "a ')' without its '('");
    VOUCH_TRY(vouch_parser_expect(p, VOUCH_TOKEN_OPEN, "'('"));
    word = p->token;
    VOUCH_TRY(vouch_parser_expect(p, VOUCH_TOKEN_WORD, "a command"));
    VOUCH_TRY(read_body(p, &word));
    if (p->token.kind != VOUCH_TOKEN_CLOSE && p->token.kind != VOUCH_TOKEN_END) {
        char shown[VOUCH_TOKEN_TEXT];

        return vouch_parser_fail(p, VOUCH_ERR_PARSE,
                                 "missing ')': expected the end of what begins at line %d, "
                                 "found %s",
                                 p->line, vouch_token_show(&p->token, shown));
    }
    return vouch_parser_expect(p, VOUCH_TOKEN_CLOSE, "')'");
}

static vouch_status read_commands(vouch_parser *p)
{
    vouch_parser_next(p);
    if (p->token.kind == VOUCH_TOKEN_END)
        return vouch_parser_fail(p, VOUCH_ERR_PARSE, "the file is empty");
    while (p->token.kind != VOUCH_TOKEN_END) {
        VOUCH_TRY(vouch_context_poll(p->ctx));
        VOUCH_TRY(read_command(p));
    }
    return vouch_parser_check_declarations(p);
}

/* ---- the whole ----------------------------------------------------------------------- */

static vouch_status count_elements(vouch_parser *p, const char *what, const int *value,
                                   int count, int64_t *sum)
{
    *sum = 0;
    for (int i = 0; i < count; i++) {
        const vouch_value *v = &p->graph->value[value[i]];
        int64_t elements = v->shape_known ? vouch_shape_count(&v->shape) : -1;

        if (elements < 0 || elements > INT32_MAX - *sum)
            return vouch_fail(p->ctx, VOUCH_ERR_SHAPE,
                              "%s: the size of %s '%s' is unknown or too large",
                              p->graph->source, what, v->name);
        *sum += elements;
    }
    return VOUCH_OK;
}

static vouch_status parse(vouch_parser *p)
{
    vouch_spec *spec = p->spec;

    VOUCH_TRY(
        count_elements(p, "input", p->graph->input, p->graph->input_count, &spec->input_size));
    VOUCH_TRY(count_elements(p, "output", p->graph->output, p->graph->output_count,
                             &spec->output_size));
    p->formula.input_size = spec->input_size;
    p->declared = vouch_alloc(p->ctx, (size_t)(spec->input_size + spec->output_size));
    if (!p->declared)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_formula_add(&p->formula, VOUCH_FORMULA_AND, 1, &p->root));
    VOUCH_TRY(read_commands(p));
    return vouch_spec_normalise(spec, p->ctx, &p->formula, p->root);
}

static void fini(vouch_parser *p)
{
    vouch_formula_fini(&p->formula);
    vouch_linear_fini(&p->linear);
    vouch_number_pool_fini(&p->numbers);
    vouch_release(p->ctx, p->declared);
}

static vouch_spec *new_spec(vouch_context *ctx, const char *source)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_spec *spec = arena ? VOUCH_NEW(arena, vouch_spec) : NULL;

    if (spec) {
        spec->arena = arena;
        spec->source = vouch_arena_text(arena, source);
    }
    if (!spec || !spec->source) {
        vouch_arena_free(arena);
        return NULL;
    }
    return spec;
}

vouch_status vouch_spec_parse(vouch_context *ctx, const vouch_graph *graph, const char *source,
                              const char *text, size_t size, vouch_spec **spec)
{
    vouch_parser p = {.ctx = ctx, .graph = graph, .root = -1, .last = -1};
    vouch_status status;

    *spec = NULL;
    p.spec = new_spec(ctx, source);
    if (!p.spec)
        return VOUCH_ERR_MEMORY;
    vouch_lexer_init(&p.lexer, text, size);
    vouch_number_pool_init(&p.numbers, ctx, p.spec->arena);
    vouch_linear_init(&p.linear, ctx);
    vouch_formula_init(&p.formula, p.spec, ctx, &p.numbers);
    status = parse(&p);
    fini(&p);
    if (status)
        vouch_spec_free(p.spec);
    else
        *spec = p.spec;
    return status;
}
