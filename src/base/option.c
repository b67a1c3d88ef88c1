/* Option rows: defaults, lookup and parsing of one value.
 *
 * A field is reached as settings + offset; the row's type says what lies there. Fields are read
 * and written by memcpy, so a settings struct may be laid out as it likes.
 */
#include "base/option.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void store(const vouch_option *row, void *settings, const void *value, size_t size)
{
    memcpy((char *)settings + row->offset, value, size);
}

static void store_default(const vouch_option *row, void *settings)
{
    const bool flag = row->number != 0;
    const int64_t integer = (int64_t)row->number;
    switch (row->type) {
    case VOUCH_OPTION_FLAG:
        store(row, settings, &flag, sizeof flag);
        break;
    case VOUCH_OPTION_INT:
        store(row, settings, &integer, sizeof integer);
        break;
    case VOUCH_OPTION_REAL:
        store(row, settings, &row->number, sizeof row->number);
        break;
    case VOUCH_OPTION_TEXT:
    case VOUCH_OPTION_CHOICE:
        store(row, settings, &row->text, sizeof row->text);
        break;
    }
}

void vouch_options_default(const vouch_option *rows, size_t count, void *settings)
{
    for (size_t i = 0; i < count; i++)
        store_default(&rows[i], settings);
}

static size_t field_size(vouch_option_type type)
{
    switch (type) {
    case VOUCH_OPTION_FLAG:
        return sizeof(bool);
    case VOUCH_OPTION_INT:
        return sizeof(int64_t);
    case VOUCH_OPTION_REAL:
        return sizeof(double);
    case VOUCH_OPTION_TEXT:
    case VOUCH_OPTION_CHOICE:
        return sizeof(const char *);
    }
    return 0;
}

bool vouch_option_untouched(const vouch_option *row, const void *settings)
{
    vouch_option alone = *row;
    unsigned char plain[sizeof(int64_t) + sizeof(double) + sizeof(char *)] = {0};
    alone.offset = 0;
    store_default(&alone, plain);
    return memcmp(plain, (const char *)settings + row->offset, field_size(row->type)) == 0;
}

void vouch_option_copy(const vouch_option *row, const void *from, void *to)
{
    store(row, to, (const char *)from + row->offset, field_size(row->type));
}

const vouch_option *vouch_option_find(const vouch_option *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

/* "a number from 0 to 5", "a number of at least 0", "a whole number" */
static vouch_status fail_range(vouch_context *ctx, const vouch_option *row, const char *text)
{
    const char *kind = row->type == VOUCH_OPTION_INT ? "a whole number" : "a number";
    char range[96] = "";
    const bool open = row->high > (row->type == VOUCH_OPTION_INT ? 0x1p62 : DBL_MAX);
    if (!open)
        (void)snprintf(range, sizeof range, " from %.15g to %.15g", row->low, row->high);
    else if (isfinite(row->low))
        (void)snprintf(range, sizeof range, " of at least %.15g", row->low);
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "option '%s': '%s' is not %s%s", row->name, text,
                      kind, range);
}

static vouch_status set_int(vouch_context *ctx, const vouch_option *row, const char *text,
                            void *settings)
{
    char *end = NULL;
    errno = 0;
    const long long n = strtoll(text, &end, 10);
    const int64_t value = n;
    if (end == text || *end || errno || (double)n < row->low || (double)n > row->high)
        return fail_range(ctx, row, text);
    store(row, settings, &value, sizeof value);
    return VOUCH_OK;
}

bool vouch_option_number(const char *text, double *number)
{
    char *end = NULL;
    *number = strtod(text, &end);
    if (end == text)
        return false;
    if (*end == '/') {
        const char *below = end + 1;
        *number /= strtod(below, &end);
        if (end == below)
            return false;
    }
    return *end == '\0';
}

static vouch_status set_real(vouch_context *ctx, const vouch_option *row, const char *text,
                             void *settings)
{
    double value;
    if (!vouch_option_number(text, &value) || !(value >= row->low && value <= row->high))
        return fail_range(ctx, row, text);
    store(row, settings, &value, sizeof value);
    return VOUCH_OK;
}

static vouch_status set_flag(vouch_context *ctx, const vouch_option *row, const char *text,
                             void *settings)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            const bool value = i % 2 == 1;
            store(row, settings, &value, sizeof value);
            return VOUCH_OK;
        }
    }
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "option '%s': '%s' is neither true nor false",
                      row->name, text);
}

static vouch_status fail_choice(vouch_context *ctx, const vouch_option *row, const char *text)
{
    char list[512] = "";
    size_t used = 0;
    const char *name = NULL;
    for (size_t i = 0; row->choices(i, &name) && used < sizeof list; i++) {
        const int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", name);
        used += n > 0 ? (size_t)n : 0;
    }
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "option '%s': '%s' is not one of %s", row->name,
                      text, list);
}

static vouch_status set_choice(vouch_context *ctx, const vouch_option *row, const char *text,
                               void *settings)
{
    const char *name = NULL;
    for (size_t i = 0; row->choices(i, &name); i++) {
        if (strcmp(name, text) == 0) {
            store(row, settings, &text, sizeof text);
            return VOUCH_OK;
        }
    }
    return fail_choice(ctx, row, text);
}

vouch_status vouch_option_set(vouch_context *ctx, const vouch_option *row, const char *text,
                              void *settings)
{
    switch (row->type) {
    case VOUCH_OPTION_FLAG:
        return set_flag(ctx, row, text, settings);
    case VOUCH_OPTION_INT:
        return set_int(ctx, row, text, settings);
    case VOUCH_OPTION_REAL:
        return set_real(ctx, row, text, settings);
    case VOUCH_OPTION_CHOICE:
        return set_choice(ctx, row, text, settings);
    case VOUCH_OPTION_TEXT:
        store(row, settings, &text, sizeof text);
        return VOUCH_OK;
    }
    return vouch_fail(ctx, VOUCH_ERR_INTERNAL, "option '%s' has no type", row->name);
}
