/* Finding the schema of a table: one pass over the file, in memory for a record and for the
 * different words of each column.
 *
 * A column of numbers is integer or real. One of words is a category if it has few different
 * ones, and else (names, dates, free text) is ignored. The target is a category always. The
 * order of categories is that of numbers or of the alphabet, so it does not depend on the order
 * of rows. A missing value will be filled with the mean (integers: rounded), or with the most
 * frequent word.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/table.h"

enum { WORDS_MAX = 128, CLASSES_MAX = 1000 };

typedef struct word {
    const char *text;
    double number; /* where the column has numbers alone */
    int64_t count;
} word;

/* What is known of a column so far. */
typedef struct summary {
    int64_t values, missing;
    bool numbers, integers; /* all values are */
    double low, high, sum;
    word *word; /* different values, while there are few */
    int words, limit;
    bool crowded; /* there are more */
} summary;

bool vouch_table_is_missing(const vouch_csv_field *field)
{
    static const char *const texts[] = {"", "?", "NA", "N/A", "NaN", "nan", "null"};

    for (size_t i = 0; !field->quoted && i < sizeof texts / sizeof *texts; i++)
        if (strcmp(field->text, texts[i]) == 0)
            return true;
    return false;
}

vouch_status vouch_table_field(const vouch_data_stream *s, const vouch_table *t,
                               const char *text, int *field)
{
    char *end = NULL;

    if (strcmp(text, "last") == 0) {
        *field = t->fields - 1;
        return VOUCH_OK;
    }
    for (*field = 0; *field < t->fields; ++*field)
        if (strcmp(t->name[*field], text) == 0)
            return VOUCH_OK;
    const long number = strtol(text, &end, 10);
    if (*text && !*end && number >= 0 && number < t->fields) {
        *field = (int)number;
        return VOUCH_OK;
    }
    return vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT, "%s: there is no column '%s'", s->place.text,
                      text);
}

/* ---- the pass ----------------------------------------------------------------------------- */

static vouch_status see_word(vouch_arena *arena, summary *c, const vouch_csv_field *f,
                             double number)
{
    for (int i = 0; i < c->words; i++) {
        if (strcmp(c->word[i].text, f->text) != 0)
            continue;
        c->word[i].count++;
        return VOUCH_OK;
    }
    c->crowded = c->words == c->limit;
    if (c->crowded)
        return VOUCH_OK;
    if (!c->word)
        c->word = VOUCH_NEW_ARRAY(arena, word, c->limit);
    const char *text = c->word ? vouch_arena_text_n(arena, f->text, f->length) : NULL;
    if (!text)
        return VOUCH_ERR_MEMORY;
    c->word[c->words++] = (word){text, number, 1};
    return VOUCH_OK;
}

static vouch_status see(vouch_arena *arena, summary *c, const vouch_csv_field *f)
{
    double v = 0;

    if (vouch_table_is_missing(f)) {
        c->missing++;
        return VOUCH_OK;
    }
    c->values++;
    if (c->numbers && vouch_csv_number(f, &v)) {
        c->integers = c->integers && v == floor(v) && fabs(v) < 1e15 && !strchr(f->text, '.');
        c->low = v < c->low ? v : c->low;
        c->high = v > c->high ? v : c->high;
        c->sum += v;
    } else {
        c->numbers = false;
    }
    return c->crowded ? VOUCH_OK : see_word(arena, c, f, v);
}

static vouch_status check_width(const vouch_data_stream *s, const vouch_table *t,
                                const vouch_csv_record *r)
{
    if (r->count == t->fields)
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s:%zu: %d fields instead of %d",
                      vouch_csv_name(t->csv), r->line, r->count, t->fields);
}

static vouch_status see_all(vouch_data_stream *s, vouch_table *t, summary *columns)
{
    vouch_csv_record r = {0};

    VOUCH_TRY(vouch_csv_rewind(t->csv));
    if (t->has_header)
        VOUCH_TRY(vouch_csv_next(t->csv, &r));
    for (t->rows = 0;; t->rows++) {
        VOUCH_TRY(vouch_csv_next(t->csv, &r));
        if (!r.count)
            break;
        VOUCH_TRY(check_width(s, t, &r));
        for (int i = 0; i < t->fields; i++)
            VOUCH_TRY(see(s->arena, &columns[i], &r.field[i]));
    }
    if (t->rows)
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: the table has no rows",
                      vouch_csv_name(t->csv));
}

/* ---- what follows from it ----------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(((const word *)a)->text, ((const word *)b)->text);
}

static int by_number(const void *a, const void *b)
{
    const double x = ((const word *)a)->number, y = ((const word *)b)->number;

    return x != y ? (x > y) - (x < y) : by_text(a, b);
}

static vouch_status to_category(vouch_arena *arena, summary *c, vouch_column *column)
{
    const char **names = VOUCH_NEW_ARRAY(arena, const char *, c->words);
    int64_t most = 0;

    if (!names)
        return VOUCH_ERR_MEMORY;
    qsort(c->word, (size_t)c->words, sizeof *c->word, c->numbers ? by_number : by_text);
    for (int i = 0; i < c->words; i++) {
        names[i] = c->word[i].text;
        if (c->word[i].count > most) {
            most = c->word[i].count;
            column->fill = i;
        }
    }
    column->type = VOUCH_COLUMN_CATEGORY;
    column->categories = c->words;
    column->category = names;
    return VOUCH_OK;
}

static vouch_status describe(vouch_arena *arena, summary *c, vouch_column *column)
{
    column->may_miss = c->missing > 0;
    if (c->values == 0 || (!c->numbers && c->crowded)) {
        column->type = VOUCH_COLUMN_IGNORED;
        return VOUCH_OK;
    }
    if (!c->numbers)
        return to_category(arena, c, column);
    column->type = c->integers ? VOUCH_COLUMN_INTEGER : VOUCH_COLUMN_REAL;
    column->low = c->low;
    column->high = c->high;
    column->fill = c->sum / (double)c->values;
    if (c->integers)
        column->fill = floor(column->fill + .5);
    return VOUCH_OK;
}

static vouch_status set_target(vouch_data_stream *s, const vouch_table *t, summary *c)
{
    const int target = t->schema->target;

    if (target < 0)
        return VOUCH_OK;
    if (c[target].values == 0)
        return vouch_fail(s->ctx, VOUCH_ERR_VALUE, "%s: the target column '%s' has no values",
                          s->place.text, t->name[target]);
    if (c[target].crowded)
        return vouch_fail(s->ctx, VOUCH_ERR_VALUE,
                          "%s: the target column '%s' has over %d different values and is no "
                          "class: name another with target=, or target=none",
                          s->place.text, t->name[target], CLASSES_MAX);
    return to_category(s->arena, &c[target], &t->schema->column[target]);
}

/* "a,b" -> those columns are ignored. */
static vouch_status drop(vouch_data_stream *s, const vouch_table *t)
{
    char *names =
        s->place.settings.drop ? vouch_arena_text(s->arena, s->place.settings.drop) : NULL;

    if (s->place.settings.drop && !names)
        return VOUCH_ERR_MEMORY;
    while (names && *names) {
        int field = 0;
        char *comma = strchr(names, ',');
        if (comma)
            *comma = '\0';
        VOUCH_TRY(vouch_table_field(s, t, names, &field));
        t->schema->column[field].type = VOUCH_COLUMN_IGNORED;
        names = comma ? comma + 1 : NULL;
    }
    return VOUCH_OK;
}

static vouch_status find_target(vouch_data_stream *s, const vouch_table *t, int *target)
{
    const char *text = s->place.settings.target;

    *target = -1;
    if (text && strcmp(text, "none") == 0)
        return VOUCH_OK;
    return vouch_table_field(s, t, text ? text : "last", target);
}

vouch_status vouch_table_infer(vouch_data_stream *s, vouch_table *t)
{
    summary *c = VOUCH_NEW_ARRAY(s->arena, summary, t->fields);

    t->schema = VOUCH_NEW(s->arena, vouch_schema);
    if (!c || !t->schema)
        return VOUCH_ERR_MEMORY;
    t->schema->columns = t->fields;
    t->schema->column = VOUCH_NEW_ARRAY(s->arena, vouch_column, t->fields);
    if (!t->schema->column)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(find_target(s, t, &t->schema->target));
    for (int i = 0; i < t->fields; i++)
        c[i] = (summary){.numbers = true,
                         .integers = true,
                         .low = (double)INFINITY,
                         .high = -(double)INFINITY,
                         .limit = i == t->schema->target ? CLASSES_MAX : WORDS_MAX};
    VOUCH_TRY(see_all(s, t, c));
    for (int i = 0; i < t->fields; i++) {
        t->schema->column[i].name = t->name[i];
        if (i != t->schema->target)
            VOUCH_TRY(describe(s->arena, &c[i], &t->schema->column[i]));
    }
    VOUCH_TRY(drop(s, t));
    return set_target(s, t, c);
}
