/* CSV tables: columns of numbers and words, described by a schema that is given or inferred.
 *
 * The first line names the columns if all of its fields are words and the second line has a
 * number, or none is there. Without names the columns are c0, c1, ...; a name that comes twice
 * gets a number. A first line "150,4,setosa,versicolor,virginica" is scikit-learn's: how many
 * rows and features there are, and the names of the classes, which the last field numbers.
 */
#include <math.h>
#include <string.h>

#include "data/classes.h"
#include "data/table.h"
#include "io/io.h"

static bool recognise(const vouch_data_place *place)
{
    static const char *const suffixes[] = {".csv", ".tsv", ".data", ".txt"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (vouch_data_place_ends(place, suffixes[i]))
            return true;
    return false;
}

/* ---- header ------------------------------------------------------------------------------- */

static int count_numbers(const vouch_csv_record *r)
{
    double ignored = 0;
    int count = 0;

    for (int i = 0; i < r->count; i++)
        count += vouch_csv_number(&r->field[i], &ignored);
    return count;
}

/* The first record as scikit-learn has it: keeps the names; *features 0 where it is none. */
static vouch_status take_counts(vouch_arena *arena, const vouch_csv_record *r, vouch_table *t,
                                int *features)
{
    double rows = 0, columns = 0, ignored = 0;

    *features = 0;
    if (r->count < 3 || !vouch_csv_number(&r->field[0], &rows) ||
        !vouch_csv_number(&r->field[1], &columns) || count_numbers(r) != 2)
        return VOUCH_OK;
    if (rows < 1 || rows != floor(rows) || rows > 1e15 || columns < 1 ||
        columns != floor(columns) || columns > INT32_MAX - 1 ||
        vouch_csv_number(&r->field[2], &ignored))
        return VOUCH_OK;
    t->word = VOUCH_NEW_ARRAY(arena, const char *, r->count - 2);
    if (!t->word)
        return VOUCH_ERR_MEMORY;
    for (t->words = 0; t->words < r->count - 2; t->words++) {
        t->word[t->words] = vouch_arena_text(arena, r->field[t->words + 2].text);
        if (!t->word[t->words])
            return VOUCH_ERR_MEMORY;
    }
    t->counted = (int64_t)rows;
    *features = (int)columns;
    return VOUCH_OK;
}

static vouch_status find_header(vouch_data_stream *s, vouch_table *t)
{
    const char *given = s->place.settings.header;
    const bool automatic = strcmp(given, "auto") == 0;
    vouch_csv_record r = {0};
    int features = 0;

    VOUCH_TRY(vouch_csv_next(t->csv, &r));
    if (!r.count)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: the table is empty",
                          vouch_csv_name(t->csv));
    t->fields = r.count;
    const bool words = count_numbers(&r) == 0;
    if (automatic)
        VOUCH_TRY(take_counts(s->arena, &r, t, &features));
    VOUCH_TRY(vouch_csv_next(t->csv, &r));
    if (features && r.count == features + 1 && count_numbers(&r) == r.count) {
        t->fields = r.count;
        t->has_header = true;
        return VOUCH_OK;
    }
    t->counted = 0;
    const bool header = words && (count_numbers(&r) > 0 || !r.count);
    t->has_header = automatic ? header : given[0] == 'y';
    return VOUCH_OK;
}

static bool names_columns(const vouch_table *t) { return t->has_header && !t->counted; }

static int count_before(const vouch_csv_record *r, int field)
{
    int count = 0;

    for (int i = 0; i < field; i++)
        count += strcmp(r->field[i].text, r->field[field].text) == 0;
    return count;
}

static vouch_status name_fields(vouch_data_stream *s, vouch_table *t)
{
    const bool names = names_columns(t);
    vouch_csv_record r = {0};

    t->name = VOUCH_NEW_ARRAY(s->arena, const char *, t->fields);
    if (!t->name)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_csv_rewind(t->csv));
    if (names)
        VOUCH_TRY(vouch_csv_next(t->csv, &r));
    for (int i = 0; i < t->fields; i++) {
        const int again = names ? count_before(&r, i) : 0;
        if (!names || !r.field[i].length)
            t->name[i] = vouch_arena_print(s->arena, "c%d", i);
        else if (again)
            t->name[i] = vouch_arena_print(s->arena, "%s.%d", r.field[i].text, again + 1);
        else
            t->name[i] = vouch_arena_text(s->arena, r.field[i].text);
        if (!t->name[i])
            return VOUCH_ERR_MEMORY;
    }
    return VOUCH_OK;
}

/* ---- schema ------------------------------------------------------------------------------- */

static vouch_status read_schema(vouch_data_stream *s, vouch_table *t)
{
    enum { LIMIT = 64 << 20 };
    const char *path = s->place.settings.schema;
    vouch_file file;

    t->rows = -1;
    VOUCH_TRY(vouch_file_read(s->arena, path, LIMIT, &file));
    return vouch_schema_parse(s->arena, path, file.data, file.size, &t->schema);
}

/* Another column is to be predicted than the schema says. */
static vouch_status move_target(vouch_data_stream *s, vouch_table *t)
{
    const char *text = s->place.settings.target;
    int field = 0;

    if (!text)
        return VOUCH_OK;
    t->schema->target = -1;
    if (strcmp(text, "none") == 0)
        return VOUCH_OK;
    VOUCH_TRY(vouch_table_field(s, t, text, &field));
    const int column = vouch_schema_find(t->schema, t->name[field]);
    if (column < 0 || t->schema->column[column].type != VOUCH_COLUMN_CATEGORY)
        return vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT,
                          "%s: the column '%s' is not a category of the schema", s->place.text,
                          t->name[field]);
    t->schema->target = column;
    return VOUCH_OK;
}

/* A list of classes that was given stands in for the schema's. */
static vouch_status replace_classes(vouch_data_stream *s, vouch_table *t)
{
    const int target = t->schema->target;
    vouch_classes list;

    if (target < 0 || !s->place.settings.classes)
        return VOUCH_OK;
    VOUCH_TRY(vouch_classes_listed(s, &list));
    t->schema->column[target].category = list.name;
    t->schema->column[target].categories = list.count;
    t->order = list.order;
    return VOUCH_OK;
}

/* Where each column of a schema lies in the records: by name, or without names by place. */
static vouch_status map_columns(vouch_data_stream *s, vouch_table *t)
{
    const vouch_schema *schema = t->schema;

    t->field = VOUCH_NEW_ARRAY(s->arena, int, schema->columns);
    if (!t->field)
        return VOUCH_ERR_MEMORY;
    if (!names_columns(t) && schema->columns != t->fields)
        return vouch_fail(s->ctx, VOUCH_ERR_SHAPE,
                          "%s: %d fields in a record, but the schema has %d columns",
                          s->place.text, t->fields, schema->columns);
    for (int i = 0; i < schema->columns; i++) {
        t->field[i] = names_columns(t) ? -1 : i;
        for (int f = 0; names_columns(t) && f < t->fields; f++)
            if (strcmp(t->name[f], schema->column[i].name) == 0)
                t->field[i] = f;
        const bool needed =
            i != schema->target && schema->column[i].type != VOUCH_COLUMN_IGNORED;
        if (needed && t->field[i] < 0)
            return vouch_fail(s->ctx, VOUCH_ERR_SHAPE,
                              "%s: the column '%s' of the schema is missing", s->place.text,
                              schema->column[i].name);
    }
    return VOUCH_OK;
}

/* ---- samples ------------------------------------------------------------------------------ */

static vouch_status begin(vouch_data_stream *s, vouch_table *t)
{
    const bool given = s->place.settings.schema != NULL;

    VOUCH_TRY(find_header(s, t));
    VOUCH_TRY(name_fields(s, t));
    VOUCH_TRY(given ? read_schema(s, t) : vouch_table_infer(s, t));
    if (given) {
        t->order = "as the schema lists them";
        VOUCH_TRY(move_target(s, t));
        VOUCH_TRY(replace_classes(s, t));
    }
    VOUCH_TRY(map_columns(s, t));
    s->info.count = s->place.settings.missing[0] == 'd' ? -1 : t->rows;
    s->info.class_order = t->schema->target >= 0 ? t->order : NULL;
    return vouch_data_use_schema(s, t->schema);
}

static vouch_status rewind_table(vouch_data_stream *s)
{
    const vouch_table *t = s->state;
    vouch_csv_record r = {0};

    VOUCH_TRY(vouch_csv_rewind(t->csv));
    return t->has_header ? vouch_csv_next(t->csv, &r) : VOUCH_OK;
}

static vouch_status open_table(vouch_data_stream *s)
{
    static const struct {
        const char *name;
        char separator;
    } separators[] = {{"auto", 0},   {"comma", ','}, {"semicolon", ';'},
                      {"tab", '\t'}, {"bar", '|'},   {"blank", ' '}};
    vouch_table *t = VOUCH_NEW(s->arena, vouch_table);
    vouch_stream *stream = NULL;
    char separator = 0;

    if (!t)
        return VOUCH_ERR_MEMORY;
    s->state = t;
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
        if (strcmp(separators[i].name, s->place.settings.separator) == 0)
            separator = separators[i].separator;
    VOUCH_TRY(vouch_stream_open(s->arena, s->place.path, &stream));
    VOUCH_TRY(
        vouch_csv_open(s->arena, stream, separator, (int)s->place.settings.skip, &t->csv));
    VOUCH_TRY(begin(s, t));
    return rewind_table(s);
}

static vouch_status next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                         int64_t *got)
{
    const vouch_table *t = s->state;
    const bool drops = s->place.settings.missing[0] == 'd';
    vouch_csv_record r = {0};

    *got = 0;
    while (*got < n) {
        bool missing = false;
        VOUCH_TRY(vouch_csv_next(t->csv, &r));
        if (!r.count)
            return VOUCH_OK;
        VOUCH_TRY(vouch_table_encode(s, &r, x + *got * s->info.size, &label[*got], &missing));
        *got += !(missing && drops);
    }
    return VOUCH_OK;
}

static void close_table(vouch_data_stream *s)
{
    const vouch_table *t = s->state;

    vouch_csv_close(t ? t->csv : NULL);
}

const vouch_data_format vouch_data_format_csv = {
    .name = "csv",
    .summary = "tables in text, with any separator; types inferred, or of a schema",
    .citation = "RFC 4180",
    .suffix = ".csv",
    .recognise = recognise,
    .open = open_table,
    .next = next,
    .rewind = rewind_table,
    .close = close_table,
    .files = vouch_table_files,
};
