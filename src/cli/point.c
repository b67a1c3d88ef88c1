/* Reading a point: numbers on the command line, a file of numbers, or a witness file.
 *
 * The text is cut into words at everything that separates numbers. A word X_i or Y_i names
 * the value that follows it; without such words the values are the inputs in their order.
 */
#include "cli/point.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/text.h"
#include "io/io.h"

enum { POINT_LIMIT = 1 << 28, WORD_MAX = 64 };

typedef struct reader {
    vouch_context *ctx;
    const char *source; /* file name, or "point" */
    const char *at;
    int line;
    int64_t size[2]; /* inputs, outputs */
    double *value[2];
    bool *known[2];
    int64_t named[2]; /* how many X_i, Y_i were named */
    int64_t unnamed;  /* how many inputs came without a name */
    bool takes_infinity;
} reader;

static bool next_word(reader *r, char word[WORD_MAX])
{
    size_t k = 0;
    for (; *r->at != '\0' && strchr(" \t\r\n,;()[]", *r->at) != NULL; r->at++)
        r->line += *r->at == '\n';
    for (; *r->at != '\0' && strchr(" \t\r\n,;()[]", *r->at) == NULL; r->at++) {
        if (k + 1 < WORD_MAX)
            word[k++] = *r->at;
    }
    word[k] = '\0';
    return k > 0;
}

static vouch_status read_value(reader *r, const char *word, double *value)
{
    char *end = NULL;
    *value = strtod(word, &end);
    if (end == word || *end != '\0')
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s:%d: '%s' is not a number", r->source,
                          r->line, word);
    if (!isfinite(*value) && !(r->takes_infinity && *value > 0))
        return vouch_fail(r->ctx, VOUCH_ERR_VALUE, "%s:%d: '%s' is not finite", r->source,
                          r->line, word);
    return VOUCH_OK;
}

static vouch_status put_value(reader *r, int which, int64_t index, double value)
{
    const char *kind = which == 0 ? "input" : "output";
    if (index < 0 || index >= r->size[which])
        return vouch_fail(r->ctx, VOUCH_ERR_SHAPE,
                          "%s:%d: value for %s %" PRId64 ", but the network has %" PRId64,
                          r->source, r->line, kind, index, r->size[which]);
    if (r->known[which][index])
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s:%d: %s %" PRId64 " is given twice",
                          r->source, r->line, kind, index);
    r->known[which][index] = true;
    r->value[which][index] = value;
    return VOUCH_OK;
}

/* The word X_i or Y_i: its value follows. */
static vouch_status take_named(reader *r, const char *name)
{
    char word[WORD_MAX], *end = NULL;
    double value = 0;
    const int which = name[0] == 'Y';
    const long long index = strtoll(name + 2, &end, 10);
    if (!isdigit((unsigned char)name[2]) || *end != '\0')
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s:%d: '%s' names no variable", r->source,
                          r->line, name);
    if (!next_word(r, word))
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s:%d: %s has no value", r->source, r->line,
                          name);
    VOUCH_TRY(read_value(r, word, &value));
    r->named[which]++;
    return put_value(r, which, index, value);
}

static vouch_status read_words(reader *r)
{
    char word[WORD_MAX];
    double value = 0;
    for (bool first = true; next_word(r, word); first = false) {
        if ((word[0] == 'X' || word[0] == 'Y') && word[1] == '_') {
            VOUCH_TRY(take_named(r, word));
        } else if (!first || strcmp(word, "sat") != 0) { /* a result file begins with it */
            VOUCH_TRY(read_value(r, word, &value));
            VOUCH_TRY(put_value(r, 0, r->unnamed++, value));
        }
    }
    return VOUCH_OK;
}

static vouch_status check_complete(const reader *r)
{
    const int64_t inputs = r->named[0] + r->unnamed;
    if (inputs != r->size[0])
        return vouch_fail(
            r->ctx, VOUCH_ERR_SHAPE,
            "%s: has %" PRId64 " input value%s, the network has %" PRId64 " input%s", r->source,
            inputs, vouch_cli_plural(inputs), r->size[0], vouch_cli_plural(r->size[0]));
    if (r->named[1] != 0 && r->named[1] != r->size[1])
        return vouch_fail(r->ctx, VOUCH_ERR_SHAPE,
                          "%s: has %" PRId64 " output value%s, the network has %" PRId64
                          " output%s",
                          r->source, r->named[1], vouch_cli_plural(r->named[1]), r->size[1],
                          vouch_cli_plural(r->size[1]));
    return VOUCH_OK;
}

static bool is_file(const char *text)
{
    struct stat there;
    return stat(text, &there) == 0 && !S_ISDIR(there.st_mode);
}

bool vouch_cli_point_is_list(const char *text)
{
    reader r = {.at = text};
    char word[WORD_MAX], *end = NULL;
    while (next_word(&r, word)) {
        (void)strtod(word, &end);
        if (*end != '\0')
            return false;
    }
    return end != NULL;
}

/* A word that no number can be is a file name that was mistyped. */
static bool looks_like_name(const char *text)
{
    if (vouch_cli_point_is_list(text))
        return false;
    return strpbrk(text, "0123456789") == NULL || strchr(text, '/') != NULL;
}

static vouch_status read_text(vouch_arena *arena, const char *text, reader r,
                              vouch_cli_point *point)
{
    r.ctx = vouch_arena_context(arena);
    r.source = "point";
    r.at = text;
    r.line = 1;
    if (is_file(text) || looks_like_name(text)) {
        vouch_file file;
        VOUCH_TRY(vouch_file_read(arena, text, POINT_LIMIT, &file));
        r.source = text;
        r.at = file.data;
    }
    for (int i = 0; i < 2; i++) {
        r.value[i] = VOUCH_NEW_ARRAY(arena, double, r.size[i]);
        r.known[i] = VOUCH_NEW_ARRAY(arena, bool, r.size[i]);
        if (r.value[i] == NULL || r.known[i] == NULL)
            return VOUCH_ERR_MEMORY;
    }
    VOUCH_TRY(read_words(&r));
    VOUCH_TRY(check_complete(&r));
    *point = (vouch_cli_point){r.value[0], r.named[1] > 0 ? r.value[1] : NULL};
    return VOUCH_OK;
}

vouch_status vouch_cli_point_read(vouch_arena *arena, const char *text, int64_t inputs,
                                  int64_t outputs, vouch_cli_point *point)
{
    return read_text(arena, text, (reader){.size = {inputs, outputs}}, point);
}

vouch_status vouch_cli_radii_read(vouch_arena *arena, const char *text, int64_t count,
                                  double **radius)
{
    vouch_cli_point list;
    VOUCH_TRY(
        read_text(arena, text, (reader){.size = {count, 0}, .takes_infinity = true}, &list));
    *radius = list.input;
    return VOUCH_OK;
}
