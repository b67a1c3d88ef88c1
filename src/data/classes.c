/* Lists of classes, and their order where no list says it. */
#include "data/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/table.h"
#include "io/io.h"

enum { LIST_MAX = 10000, NUMBERS_MAX = 1000 };

static bool number(const char *text, double *value)
{
    const vouch_csv_field field = {.text = text, .length = strlen(text)};

    return vouch_csv_number(&field, value);
}

int vouch_classes_find(const char *const *name, int count, const char *text)
{
    double wanted = 0, value = 0;

    for (int i = 0; i < count; i++)
        if (strcmp(name[i], text) == 0)
            return i;
    if (!number(text, &wanted))
        return -1;
    for (int i = 0; i < count; i++)
        if (number(name[i], &value) && value == wanted)
            return i;
    return -1;
}

void vouch_classes_use(vouch_data_stream *s, const vouch_classes *classes)
{
    s->info.classes = classes->count;
    s->info.class_name = classes->name;
    s->info.class_order = classes->order;
}

/* ---- order -------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_number(const void *a, const void *b)
{
    double x = 0, y = 0;

    (void)number(*(const char *const *)a, &x);
    (void)number(*(const char *const *)b, &y);
    return x != y ? (x > y) - (x < y) : by_text(a, b);
}

/* What the words have in common: the largest, where all are integers that can be labels; else
 * -1. */
static int largest_label(const char *const *word, int words, bool *numbers)
{
    int largest = 0;
    bool labels = true;

    *numbers = true;
    for (int i = 0; i < words; i++) {
        double v = 0;
        *numbers = *numbers && number(word[i], &v);
        labels = labels && *numbers && v >= 0 && v < NUMBERS_MAX && v == floor(v);
        largest = labels && (int)v > largest ? (int)v : largest;
    }
    return labels ? largest : -1;
}

vouch_status vouch_classes_sorted(vouch_arena *arena, const char **word, int words,
                                  vouch_classes *classes)
{
    bool numbers = false;
    const int largest = largest_label(word, words, &numbers);

    if (largest < 0) {
        qsort(word, (size_t)words, sizeof *word, numbers ? by_number : by_text);
        *classes = (vouch_classes){
            words, word, "sorted: ?classes=a,b,... or a file of names orders them", false};
        return VOUCH_OK;
    }
    const char **name = VOUCH_NEW_ARRAY(arena, const char *, largest + 1);
    if (!name)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i <= largest; i++) {
        name[i] = vouch_arena_print(arena, "%d", i);
        if (!name[i])
            return VOUCH_ERR_MEMORY;
    }
    *classes = (vouch_classes){largest + 1, name, "integers, kept as they are", false};
    return VOUCH_OK;
}

/* ---- lists -------------------------------------------------------------------------------- */

/* x.csv.gz -> x.csv.classes; folder -> folder/classes.txt */
static const char *beside(vouch_arena *arena, const char *path, bool is_folder)
{
    const size_t length = strlen(path);
    const bool packed = length > 3 && strcmp(path + length - 3, ".gz") == 0;

    return is_folder ? vouch_arena_print(arena, "%s/classes.txt", path)
                     : vouch_arena_print(arena, "%.*s.classes",
                                         (int)(packed ? length - 3 : length), path);
}

static vouch_status add_name(vouch_csv *csv, const vouch_csv_record *r, const char *text,
                             vouch_arena *arena, const char **name, int *count)
{
    vouch_context *ctx = vouch_arena_context(arena);

    for (int i = 0; i < *count; i++)
        if (strcmp(name[i], text) == 0)
            return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s:%zu: the class '%.60s' comes twice",
                              vouch_csv_name(csv), r->line, text);
    if (*count == LIST_MAX)
        return vouch_fail(ctx, VOUCH_ERR_LIMIT, "%s:%zu: more than %d classes",
                          vouch_csv_name(csv), r->line, LIST_MAX);
    name[*count] = vouch_arena_text(arena, text);
    return name[(*count)++] ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status read_names(vouch_arena *arena, vouch_csv *csv, vouch_classes *classes)
{
    const char **name = VOUCH_NEW_ARRAY(arena, const char *, LIST_MAX);
    vouch_csv_record r = {.count = 1};

    if (!name)
        return VOUCH_ERR_MEMORY;
    while (r.count) {
        VOUCH_TRY(vouch_csv_next(csv, &r));
        for (int i = 0; i < r.count; i++)
            VOUCH_TRY(add_name(csv, &r, r.field[i].text, arena, name, &classes->count));
    }
    classes->name = name;
    if (classes->count)
        return VOUCH_OK;
    return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_PARSE, "%s: names no class",
                      vouch_csv_name(csv));
}

vouch_status vouch_classes_read(vouch_arena *arena, const char *given, vouch_classes *classes)
{
    const bool inlined = strchr(given, ',') && access(given, F_OK) != 0;
    vouch_stream *stream = NULL;
    vouch_csv *csv = NULL;

    if (inlined)
        VOUCH_TRY(vouch_stream_from_memory(arena, "classes=", given, strlen(given), &stream));
    else
        VOUCH_TRY(vouch_stream_open(arena, given, &stream));
    VOUCH_TRY(vouch_csv_open(arena, stream, ',', 0, &csv));
    vouch_status status = read_names(arena, csv, classes);
    vouch_csv_close(csv);
    classes->order = inlined ? "as ?classes= lists them"
                             : vouch_arena_print(arena, "as %s lists them", given);
    return !status && !classes->order ? VOUCH_ERR_MEMORY : status;
}

vouch_status vouch_classes_listed(vouch_data_stream *s, vouch_classes *classes)
{
    const char *given = s->place.settings.classes;

    *classes = (vouch_classes){.is_beside = !given};
    if (given)
        return vouch_classes_read(s->arena, given, classes);
    given = beside(s->arena, s->place.path, s->place.is_folder);
    if (!given)
        return VOUCH_ERR_MEMORY;
    return access(given, F_OK) == 0 ? vouch_classes_read(s->arena, given, classes) : VOUCH_OK;
}

/* ---- writing ------------------------------------------------------------------------------ */

static bool is_plain(const vouch_data_info *info, int top)
{
    double v = 0;

    for (int i = 0; i < info->classes; i++)
        if (!number(info->class_name[i], &v) || v != i)
            return false;
    return top + 1 == info->classes || info->classes > LIST_MAX;
}

static vouch_status write_list(vouch_context *ctx, const vouch_data_info *info,
                               const char *path)
{
    vouch_pack pack = {.ctx = ctx};
    vouch_status status = VOUCH_OK;

    for (int i = 0; !status && i < info->classes; i++) {
        status = vouch_table_put_text(&pack, info->class_name[i]);
        if (!status)
            status = vouch_pack_bytes(&pack, "\n", 1);
    }
    if (!status)
        status = vouch_file_write(ctx, path, pack.data, pack.size);
    vouch_pack_free(&pack);
    return status;
}

vouch_status vouch_classes_write(vouch_context *ctx, const vouch_data_info *info, int top,
                                 const char *path)
{
    struct stat there;

    if (stat(path, &there) != 0 || !(S_ISREG(there.st_mode) || S_ISDIR(there.st_mode)))
        return VOUCH_OK; /* a pipe has nothing beside it */
    vouch_arena *arena = vouch_arena_new(ctx);
    const char *list = arena ? beside(arena, path, S_ISDIR(there.st_mode)) : NULL;
    vouch_status status = list ? VOUCH_OK : VOUCH_ERR_MEMORY;
    if (!status && is_plain(info, top))
        (void)unlink(list);
    else if (!status)
        status = write_list(ctx, info, list);
    vouch_arena_free(arena);
    return status;
}
