/* Terms from text (terms.h). */
#include "train/terms.h"

#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r\n"

static bool find(const vouch_term_table *table, const char *name, vouch_term_kind *kind)
{
    for (size_t i = 0; table->at(i, kind); i++)
        if (strcmp(kind->name, name) == 0)
            return true;
    return false;
}

static vouch_status fail_name(vouch_context *ctx, const vouch_term_table *table,
                              const char *name)
{
    char list[512] = "";
    size_t used = 0;
    vouch_term_kind kind;
    for (size_t i = 0; table->at(i, &kind) && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                                 kind.name);
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "%s '%s' is not one of %s", table->what, name,
                      used > 0 ? list : "(none)");
}

static vouch_status set_word(vouch_context *ctx, const char *what, const vouch_term_kind *kind,
                             char *word, void *settings)
{
    char *value = strchr(word, '=');
    if (!value)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "%s %s: '%s' is not NAME=VALUE", what,
                          kind->name, word);
    *value++ = '\0';
    const vouch_option *row = vouch_option_find(kind->options, kind->option_count, word);
    if (!row)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "%s %s has no setting '%s'", what,
                          kind->name, word);
    return vouch_option_set(ctx, row, value, settings);
}

static vouch_status parse(vouch_arena *arena, const vouch_term_table *table, char *text,
                          vouch_term *term)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_term_kind kind;
    char *rest = NULL;
    const char *name = strtok_r(text, BLANKS, &rest);
    if (!name || !find(table, name, &kind))
        return fail_name(ctx, table, name ? name : "");
    void *settings = vouch_arena_alloc(arena, kind.size + 1);
    if (!settings)
        return VOUCH_ERR_MEMORY;
    vouch_options_default(kind.options, kind.option_count, settings);
    for (char *word = strtok_r(NULL, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest))
        VOUCH_TRY(set_word(ctx, table->what, &kind, word, settings));
    *term = (vouch_term){.entry = kind.entry, .settings = settings};
    return VOUCH_OK;
}

vouch_status vouch_terms_parse(vouch_arena *arena, const vouch_term_table *table,
                               const char *text, vouch_term *term, int most, int *count)
{
    const char *at = text ? text : "";
    *count = 0;
    for (at += strspn(at, BLANKS); *at; at += strspn(at, "+" BLANKS)) {
        /* The sign of an exponent, 1e+3, has no blank before it. */
        const char *end = strstr(at, " +");
        const size_t length = end ? (size_t)(end - at) : strlen(at);
        char *copy = vouch_arena_text_n(arena, at, length);
        if (!copy)
            return VOUCH_ERR_MEMORY;
        if (*count == most)
            return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT,
                              "more than %d of kind %s", most, table->what);
        VOUCH_TRY(parse(arena, table, copy, &term[*count]));
        ++*count;
        at += length;
    }
    return VOUCH_OK;
}
