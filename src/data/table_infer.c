/* Finding the schema of a table: one pass over the file, in memory for a record and for the
 * different words of each column.
 *
 * A column of numbers is integer or real. One of words is a category if it has few different
 * ones, and else (names, dates, free text) is ignored; but a column of numbers with a few words
 * among them is a mistake that is named with its line. The target is a category always, its
 * order that of data/classes.h. The order of categories is that of numbers or of the alphabet,
 * so it does not depend on the order of rows. A missing value will be filled with the mean (integers: rounded), or with the most
 * frequent word.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/classes.h"
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
    bool crowded;       /* there are more */
    int64_t numerals;   /* values that are numbers */
    size_t line;        /* of the first that is none, or of infinity; 0: all are */
    const char *odd;    /* that value */
    bool odd_is_number; /* to IEEE 754: inf, NaN, 1e400 */
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

/* Keeps the first value that is no finite number, one such as inf before any word. */
static vouch_status see_odd(vouch_arena *arena, summary *c, const vouch_csv_field *f,
                            size_t line)
{
    char *end = NULL;
    const double v = strtod(f->text, &end);
    const bool number = end != f->text && !*end && !isfinite(v);

    if (c->odd_is_number || (c->line && !number))
        return VOUCH_OK;
    c->line = line;
    c->odd_is_number = number;
    c->odd = vouch_arena_text_n(arena, f->text, f->length);
    return c->odd ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status see(vouch_arena *arena, summary *c, const vouch_csv_field *f, size_t line)
{
    double v = 0;

    if (vouch_table_is_missing(f)) {
        c->missing++;
        return VOUCH_OK;
    }
    c->values++;
    const bool is_number = vouch_csv_number(f, &v);
    c->numerals += is_number;
    if (!is_number && !f->quoted)
        VOUCH_TRY(see_odd(arena, c, f, line));
    if (c->numbers && is_number) {
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
            VOUCH_TRY(see(s->arena, &columns[i], &r.field[i], r.line));
    }
    if (t->counted && t->rows != t->counted)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s:1: counts %lld rows, but there are %lld",
                          vouch_csv_name(t->csv), (long long)t->counted, (long long)t->rows);
    if (t->rows)
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: the table has no rows",
                      vouch_csv_name(t->csv));
}

/* ---- what follows from it ----------------------------------------------------------------- */

/* Numbers with a value among them that is none: infinity, or a word in a list too long to be one
 * of categories. */
static vouch_status check_odd(const vouch_data_stream *s, const vouch_table *t,
                              const summary *c, const char *name)
{
    enum { FEW = 20 }; /* one value in so many */

    const bool few = c->crowded && c->numerals >= c->values - c->values / FEW;
    if (!c->line || !c->numerals || !(few || c->odd_is_number))
        return VOUCH_OK;
    return vouch_fail(
        s->ctx, VOUCH_ERR_VALUE,
        "%s:%zu: column '%s': '%.60s' is not a finite number, as others in it are "
        "(drop= leaves the column out)",
        vouch_csv_name(t->csv), c->line, name, c->odd);
}

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

static bool holds_all(const vouch_classes *list, const summary *c)
{
    for (int i = 0; i < c->words; i++)
        if (vouch_classes_find(list->name, list->count, c->word[i].text) < 0)
            return false;
    return true;
}

static vouch_status sort_classes(vouch_data_stream *s, const vouch_table *t, const summary *c,
                                 const char *name, vouch_classes *classes)
{
    const char **text = VOUCH_NEW_ARRAY(s->arena, const char *, c->words);

    if (!text)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < c->words; i++)
        text[i] = c->word[i].text;
    if (c->crowded)
        return vouch_fail(s->ctx, VOUCH_ERR_VALUE,
                          "%s: the target column '%s' has over %d different values and is no "
                          "class: name another with target=, or target=none",
                          s->place.text, name, CLASSES_MAX);
    if (!t->words)
        return vouch_classes_sorted(s->arena, text, c->words, classes);
    *classes = (vouch_classes){t->words, t->word, "as the first line lists them", false};
    return VOUCH_OK;
}

static vouch_status set_target(vouch_data_stream *s, vouch_table *t, const summary *c)
{
    const int target = t->schema->target;
    vouch_classes classes;

    if (target < 0)
        return VOUCH_OK;
    if (c[target].values == 0)
        return vouch_fail(s->ctx, VOUCH_ERR_VALUE, "%s: the target column '%s' has no values",
                          s->place.text, t->name[target]);
    VOUCH_TRY(vouch_classes_listed(s, &classes));
    /* A list that lies beside the table is of the column that was its target then. */
    const bool other =
        classes.is_beside && s->place.settings.target && !holds_all(&classes, &c[target]);
    if (!classes.count || other)
        VOUCH_TRY(sort_classes(s, t, &c[target], t->name[target], &classes));
    t->schema->column[target].type = VOUCH_COLUMN_CATEGORY;
    t->schema->column[target].categories = classes.count;
    t->schema->column[target].category = classes.name;
    t->order = classes.order;
    return VOUCH_OK;
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
    for (int i = 0; i < t->fields; i++)
        t->schema->column[i].name = t->name[i];
    VOUCH_TRY(drop(s, t));
    for (int i = 0; i < t->fields; i++) {
        if (i == t->schema->target || t->schema->column[i].type == VOUCH_COLUMN_IGNORED)
            continue;
        VOUCH_TRY(check_odd(s, t, &c[i], t->name[i]));
        VOUCH_TRY(describe(s->arena, &c[i], &t->schema->column[i]));
    }
    return set_target(s, t, c);
}
