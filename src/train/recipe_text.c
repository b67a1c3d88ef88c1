/* Recipes from and into text (recipe.h): any bytes give a recipe, or one error that names a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/recipe.h"

enum { PLACE = 512 };
#define BLANKS " \t\r"

typedef struct reading {
    vouch_arena *arena;
    const char *source;
    vouch_recipe *recipe;
    const char *section;
    bool *seen; /* [rows] */
    int line;
} reading;

static vouch_status fail(const reading *r, const char *what, const char *text)
{
    return vouch_fail(vouch_arena_context(r->arena), VOUCH_ERR_PARSE, "%s:%d: %s%s%s%s",
                      r->source, r->line, what, text ? " '" : "", text ? text : "",
                      text ? "'" : "");
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
    text += strspn(text, BLANKS);
    size_t length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

static bool begins_comment(char c) { return c == '#' || c == ';'; }

/* Ends the text where a comment begins: after a blank. */
static void cut_comment(char *text)
{
    for (char *c = text; *c; c++)
        if (strchr(BLANKS, *c) && begins_comment(c[1])) {
            *c = '\0';
            return;
        }
}

/* A value that begins with a quote: what it holds up to the next single one, in place. */
static vouch_status unquote(const reading *r, char *text)
{
    char *from = text + 1, *to = text;
    while (*from && (*from != '"' || from[1] == '"')) {
        from += *from == '"';
        *to++ = *from++;
    }
    if (!*from)
        return fail(r, "a quote that does not end", NULL);
    *to = '\0';
    cut_comment(++from);
    const char *rest = trim(from);
    return *rest ? fail(r, "words after the quote:", rest) : VOUCH_OK;
}

/* What stands after the = of a line. */
static vouch_status read_value(const reading *r, char *text, char **value)
{
    *value = text + strspn(text, BLANKS);
    if (**value == '"')
        return unquote(r, *value);
    cut_comment(text);
    *value = trim(text);
    return VOUCH_OK;
}

static vouch_status open_section(reading *r, char *line)
{
    cut_comment(line);
    line = trim(line);
    const size_t length = strlen(line);
    if (line[length - 1] != ']')
        return fail(r, "a section ends with ], not so", line);
    line[length - 1] = '\0';
    const char *name = trim(line + 1);
    for (size_t i = 0; i < vouch_recipe_row_count; i++) {
        r->section = vouch_recipe_section(&vouch_recipe_rows[i]);
        if (strcmp(r->section, name) == 0)
            return VOUCH_OK;
    }
    return fail(r,
                "sections are data, network, loss, optimiser, schedule, evaluation and run, "
                "not",
                name);
}

/* An empty text is none. */
static vouch_status set_row(vouch_context *ctx, const vouch_option *row, const char *value,
                            vouch_recipe *recipe)
{
    static const char *const none = NULL;
    if (row->type != VOUCH_OPTION_TEXT || *value)
        return vouch_option_set(ctx, row, value, recipe);
    memcpy((char *)recipe + row->offset, &none, sizeof none);
    return VOUCH_OK;
}

static vouch_status set(reading *r, const char *key, const char *value)
{
    vouch_context *ctx = vouch_arena_context(r->arena);
    const vouch_option *row = vouch_option_find(vouch_recipe_rows, vouch_recipe_row_count, key);
    char place[PLACE];
    if (!row)
        return fail(r, "no such key", key);
    if (!r->section || strcmp(r->section, vouch_recipe_section(row)) != 0)
        return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s:%d: '%s' belongs into section [%s]",
                          r->source, r->line, key, vouch_recipe_section(row));
    if (r->seen[row - vouch_recipe_rows])
        return fail(r, "a second time", key);
    r->seen[row - vouch_recipe_rows] = true;
    const vouch_status status = set_row(ctx, row, value, r->recipe);
    snprintf(place, sizeof place, "%s:%d", r->source, r->line);
    if (status)
        vouch_error_prefix(ctx, place);
    return status;
}

static vouch_status read_line(reading *r, char *line)
{
    line = trim(line);
    if (!*line || begins_comment(*line))
        return VOUCH_OK;
    if (*line == '[')
        return open_section(r, line);
    char *value = strchr(line, '=');
    if (!value)
        return fail(r, "neither a section, nor key = value, nor a comment:", line);
    *value = '\0';
    VOUCH_TRY(read_value(r, value + 1, &value));
    return set(r, trim(line), value);
}

vouch_status vouch_recipe_parse(vouch_arena *arena, const char *source, const char *text,
                                size_t size, vouch_recipe *recipe)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* some editors put it first */
    reading r = {.arena = arena, .source = source, .recipe = recipe};
    r.seen = VOUCH_NEW_ARRAY(arena, bool, vouch_recipe_row_count);
    char *copy = vouch_arena_text_n(arena, text, size);
    if (!r.seen || !copy)
        return VOUCH_ERR_MEMORY;
    char *end = copy + size;
    if (strncmp(copy, mark, strlen(mark)) == 0)
        copy += strlen(mark);
    while (copy < end) {
        char *next = memchr(copy, '\n', (size_t)(end - copy));
        char *stop = next ? next : end;
        r.line++;
        *stop = '\0';
        if (strlen(copy) != (size_t)(stop - copy))
            return fail(&r, "a byte that is zero", NULL);
        VOUCH_TRY(read_line(&r, copy));
        copy = stop + 1;
    }
    return VOUCH_OK;
}

vouch_status vouch_recipe_assign(vouch_arena *arena, const char *text, vouch_recipe *recipe)
{
    vouch_context *ctx = vouch_arena_context(arena);
    char *key = vouch_arena_text(arena, text), *value = key ? strchr(key, '=') : NULL;
    if (!key)
        return VOUCH_ERR_MEMORY;
    if (!value)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "'%s' is not KEY=VALUE", text);
    *value++ = '\0';
    char *dot = strchr(key, '.');
    const char *name = dot ? dot + 1 : key;
    const vouch_option *row =
        vouch_option_find(vouch_recipe_rows, vouch_recipe_row_count, name);
    if (dot)
        *dot = '\0';
    if (!row || (dot && strcmp(key, vouch_recipe_section(row)) != 0))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "'%s': a recipe has no such key", text);
    return set_row(ctx, row, value, recipe);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The fewest digits that give the number back. */
static char *real_text(vouch_arena *arena, double x)
{
    char text[40] = "";
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    return vouch_arena_text(arena, text);
}

static char *value_text(vouch_arena *arena, const vouch_option *row, const void *at)
{
    const char *text = NULL;
    int64_t whole = 0;
    double real = 0;
    switch (row->type) {
    case VOUCH_OPTION_FLAG:
        return vouch_arena_text(arena, *(const bool *)at ? "true" : "");
    case VOUCH_OPTION_INT:
        memcpy(&whole, at, sizeof whole);
        return vouch_arena_print(arena, "%lld", (long long)whole);
    case VOUCH_OPTION_REAL:
        memcpy(&real, at, sizeof real);
        return real_text(arena, real);
    case VOUCH_OPTION_TEXT:
    case VOUCH_OPTION_CHOICE:
        memcpy(&text, at, sizeof text);
        return vouch_arena_text(arena, text ? text : "");
    }
    return NULL;
}

/* May an empty value be left out? Not a text whose default, which would take its place, is not
 * empty. Of names none is empty. */
static bool is_empty_unsaid(const vouch_option *row)
{
    return row->type != VOUCH_OPTION_TEXT || !row->text;
}

/* The value as it reads back: in quotes where it would not as it is. */
static const char *quoted(vouch_arena *arena, const char *value)
{
    const size_t length = strlen(value);
    bool plain = length > 0 && !begins_comment(*value) && *value != '"' &&
                 !strchr(BLANKS, *value) && !strchr(BLANKS, value[length - 1]);
    for (size_t i = 0; i < length; i++)
        plain = plain && !(strchr(BLANKS, value[i]) && begins_comment(value[i + 1]));
    char *text = plain ? NULL : VOUCH_NEW_ARRAY(arena, char, 2 * length + 3), *to = text;
    if (!text)
        return plain ? value : NULL;
    *to++ = '"';
    for (const char *c = value; *c; c++) {
        if (*c == '"')
            *to++ = '"';
        *to++ = *c;
    }
    *to++ = '"';
    *to = '\0';
    return text;
}

vouch_status vouch_recipe_write(vouch_arena *arena, const vouch_recipe *recipe, char **text)
{
    const char *section = NULL;
    *text = vouch_arena_text(arena, "");
    for (size_t i = 0; *text && i < vouch_recipe_row_count; i++) {
        const vouch_option *row = &vouch_recipe_rows[i];
        const char *value = value_text(arena, row, (const char *)recipe + row->offset);
        if (!value)
            return VOUCH_ERR_MEMORY;
        if (section != vouch_recipe_section(row)) {
            section = vouch_recipe_section(row);
            *text = vouch_arena_print(arena, "%s[%s]\n", *text, section);
        }
        if (!*text || (!*value && is_empty_unsaid(row)))
            continue;
        value = quoted(arena, value);
        if (!value)
            return VOUCH_ERR_MEMORY;
        *text = vouch_arena_print(arena, "%s%s = %s\n", *text, row->name, value);
    }
    return *text ? VOUCH_OK : VOUCH_ERR_MEMORY;
}
