/* The text that names a data set: a path, then settings as a web address has them.
 *
 *     PATH[?NAME=VALUE[&NAME=VALUE...]]        builtin:NAME[?...]
 *
 * One text, so that every command that takes data takes all of its settings. A file whose own
 * name holds a question mark is found under it. The settings are rows of an option table, which
 * checks them and describes them for `vouch list data`.
 */
#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/format.h"
#include "io/stream.h"

static bool pick(const char *const *names, size_t count, size_t index, const char **name)
{
    *name = index < count ? names[index] : NULL;
    return index < count;
}

static bool format_names(size_t index, const char **name)
{
    const vouch_data_format *const *table = vouch_data_format_table();
    size_t count = 0;

    while (table[count])
        count++;
    *name = index == 0 ? "auto" : index <= count ? table[index - 1]->name : NULL;
    return *name != NULL;
}

static bool header_names(size_t index, const char **name)
{
    static const char *const names[] = {"auto", "yes", "no"};
    return pick(names, sizeof names / sizeof *names, index, name);
}

static bool missing_names(size_t index, const char **name)
{
    static const char *const names[] = {"fill", "drop", "error"};
    return pick(names, sizeof names / sizeof *names, index, name);
}

static bool scale_names(size_t index, const char **name)
{
    static const char *const names[] = {"auto", "none", "255", "unit"};
    return pick(names, sizeof names / sizeof *names, index, name);
}

static bool separator_names(size_t index, const char **name)
{
    static const char *const names[] = {"auto", "comma", "semicolon", "tab", "bar", "blank"};
    return pick(names, sizeof names / sizeof *names, index, name);
}

#define FIELD(member) .offset = offsetof(vouch_data_settings, member)

const vouch_option vouch_data_options[] = {
    {.name = "format",
     .argument = "NAME",
     .help = "format of the file",
     FIELD(format),
     .type = VOUCH_OPTION_CHOICE,
     .text = "auto",
     .choices = format_names},
    {.name = "first",
     .argument = "N",
     .help = "begin with sample N, counted from 0",
     FIELD(first),
     .type = VOUCH_OPTION_INT,
     .high = 1e15},
    {.name = "count",
     .argument = "N",
     .help = "at most N samples; 0: all (built-in sets: 1000)",
     FIELD(count),
     .type = VOUCH_OPTION_INT,
     .high = 1e15},
    {.name = "labels",
     .argument = "FILE|NAME",
     .help =
         "file of labels (IDX, .npy, folder of pictures), array of labels (.npz), 'fine' or "
         "'coarse' (CIFAR-100), or 'none'",
     FIELD(labels),
     .type = VOUCH_OPTION_TEXT},
    {.name = "classes",
     .argument = "FILE|A,B,...",
     .help =
         "names of the classes in their order, one a line in a file; without, a list beside "
         "the data, or integers as they are, or sorted names",
     FIELD(classes),
     .type = VOUCH_OPTION_TEXT},
    {.name = "array",
     .argument = "NAME",
     .help = "array of features in an .npz",
     FIELD(array),
     .type = VOUCH_OPTION_TEXT},
    {.name = "shape",
     .argument = "CxHxW",
     .help = "shape of a sample, of as many numbers",
     FIELD(shape),
     .type = VOUCH_OPTION_TEXT},
    {.name = "scale",
     .argument = "HOW",
     .help = "divide by 255, or map each column's range to [0,1] (unit); auto: bytes of images "
             "by 255",
     FIELD(scale),
     .type = VOUCH_OPTION_CHOICE,
     .text = "auto",
     .choices = scale_names},
    {.name = "schema",
     .argument = "FILE",
     .help = "schema of a table (JSON); without, inferred",
     FIELD(schema),
     .type = VOUCH_OPTION_TEXT},
    {.name = "target",
     .argument = "COLUMN",
     .help = "column to be predicted: a name, a number from 0, 'last' or 'none'; else the "
             "schema's, or the last",
     FIELD(target),
     .type = VOUCH_OPTION_TEXT},
    {.name = "drop",
     .argument = "COLUMNS",
     .help = "columns to leave out, separated by commas",
     FIELD(drop),
     .type = VOUCH_OPTION_TEXT},
    {.name = "header",
     .argument = "WHETHER",
     .help = "does a table's first line name columns",
     FIELD(header),
     .type = VOUCH_OPTION_CHOICE,
     .text = "auto",
     .choices = header_names},
    {.name = "separator",
     .argument = "WHICH",
     .help = "what separates a table's fields",
     FIELD(separator),
     .type = VOUCH_OPTION_CHOICE,
     .text = "auto",
     .choices = separator_names},
    {.name = "skip",
     .argument = "N",
     .help = "pass over the first N lines of a table",
     FIELD(skip),
     .type = VOUCH_OPTION_INT,
     .high = 1e6},
    {.name = "missing",
     .argument = "HOW",
     .help = "rows of a table with missing values",
     FIELD(missing),
     .type = VOUCH_OPTION_CHOICE,
     .text = "fill",
     .choices = missing_names},
    {.name = "seed",
     .argument = "N",
     .help = "of a built-in set",
     FIELD(seed),
     .type = VOUCH_OPTION_INT,
     .high = 9e15},
};
const size_t vouch_data_option_count = sizeof vouch_data_options / sizeof *vouch_data_options;

/* ---- text --------------------------------------------------------------------------------- */

static vouch_status set_one(vouch_context *ctx, const char *name, const char *value,
                            vouch_data_settings *settings)
{
    const vouch_option *row =
        vouch_option_find(vouch_data_options, vouch_data_option_count, name);

    if (!row)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "'%s' is not a setting of data: see vouch list data", name);
    if (!value)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "the setting '%s' has no value", name);
    return vouch_option_set(ctx, row, value, settings);
}

/* text holds "a=1&b=2" and is cut apart. */
static vouch_status set_all(vouch_context *ctx, char *text, vouch_data_settings *settings)
{
    while (text && *text) {
        char *end = strchr(text, '&');
        if (end)
            *end = '\0';
        char *value = strchr(text, '=');
        if (value)
            *value++ = '\0';
        VOUCH_TRY(set_one(ctx, text, value, settings));
        text = end ? end + 1 : NULL;
    }
    return VOUCH_OK;
}

static bool exists(const char *path) { return access(path, F_OK) == 0; }

/* Cuts the settings off *path. */
static vouch_status split(vouch_arena *arena, const char *text, char **path,
                          vouch_data_settings *settings)
{
    vouch_context *ctx = vouch_arena_context(arena);

    vouch_options_default(vouch_data_options, vouch_data_option_count, settings);
    *path = vouch_arena_text(arena, text);
    if (!*path)
        return VOUCH_ERR_MEMORY;
    char *question = exists(text) ? NULL : strchr(*path, '?');
    if (!question)
        return VOUCH_OK;
    *question = '\0';
    vouch_status status = set_all(ctx, question + 1, settings);
    if (status)
        vouch_error_prefix(ctx, text);
    return status;
}

/* ---- file --------------------------------------------------------------------------------- */

/* A packed file of records without a header can be told by its size alone: it is read once. */
static vouch_status measure(vouch_stream *stream, vouch_data_place *place)
{
    unsigned char passed[4096];
    size_t got = 1;

    place->file_size = vouch_stream_size(stream);
    if (place->file_size != SIZE_MAX || !vouch_data_place_ends(place, ".bin"))
        return VOUCH_OK;
    while (got)
        VOUCH_TRY(vouch_stream_read(stream, passed, sizeof passed, &got));
    place->file_size = vouch_stream_offset(stream);
    return VOUCH_OK;
}

static vouch_status look(vouch_arena *arena, vouch_data_place *place)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(arena);
    vouch_stream *stream = NULL;

    VOUCH_TRY(vouch_stream_open(arena, place->path, &stream));
    vouch_status status =
        vouch_stream_read(stream, place->head, sizeof place->head, &place->head_size);
    if (!status && !place->head_size)
        status = vouch_fail(vouch_arena_context(arena), VOUCH_ERR_PARSE,
                            "%s: the file is empty", place->path);
    if (!status)
        status = measure(stream, place);
    vouch_stream_close(stream);
    vouch_arena_reset(arena, mark);
    return status;
}

vouch_status vouch_data_place_parse(vouch_arena *arena, const char *text,
                                    vouch_data_place *place)
{
    static const char builtin[] = "builtin:";
    struct stat info;
    char *path = NULL;

    *place = (vouch_data_place){.file_size = SIZE_MAX};
    place->text = vouch_arena_text(arena, text);
    if (!place->text)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(split(arena, text, &path, &place->settings));
    place->path = path;
    if (strncmp(path, builtin, sizeof builtin - 1) == 0) {
        place->is_builtin = true;
        place->path = path + sizeof builtin - 1;
        return VOUCH_OK;
    }
    place->is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (!place->is_folder)
        return look(arena, place);
    const char *table = vouch_arena_print(arena, "%s/labels.csv", path);
    place->has_table = table && exists(table);
    return table ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

bool vouch_data_place_ends(const vouch_data_place *place, const char *suffix)
{
    size_t length = strlen(place->path);
    const size_t wanted = strlen(suffix);

    if (length > 3 && strcasecmp(place->path + length - 3, ".gz") == 0)
        length -= 3;
    return length >= wanted && strncasecmp(place->path + length - wanted, suffix, wanted) == 0;
}

vouch_status vouch_data_shape_parse(vouch_context *ctx, const char *text, vouch_shape *shape)
{
    const char *at = text;
    int64_t dim = 0;

    *shape = (vouch_shape){0};
    for (;; at++) {
        const bool digit = *at >= '0' && *at <= '9';
        if (digit && dim < INT32_MAX) {
            dim = 10 * dim + (*at - '0');
            continue;
        }
        if (digit || dim == 0 || shape->rank == VOUCH_RANK_MAX || (*at != 'x' && *at != '\0'))
            return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "'%s' is not a shape such as 1x28x28",
                              text);
        shape->dim[shape->rank++] = dim;
        dim = 0;
        if (*at == '\0')
            return VOUCH_OK;
    }
}
