/* Rows of a table as samples: numbers as they are (or scaled to the column's range), categories
 * as one feature per value. What the schema does not know is an error with its line, never a
 * guess.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/classes.h"
#include "data/table.h"

static vouch_status fail_field(const vouch_data_stream *s, const vouch_csv_record *r,
                               const vouch_column *column, const char *problem)
{
    const vouch_table *t = s->state;

    return vouch_fail(s->ctx, VOUCH_ERR_VALUE, "%s:%zu: column '%s': %s",
                      vouch_csv_name(t->csv), r->line, column->name, problem);
}

static vouch_status category(const vouch_data_stream *s, const vouch_csv_record *r,
                             const vouch_column *column, const vouch_csv_field *f, int *index)
{
    char problem[160];

    *index = vouch_classes_find(column->category, column->categories, f->text);
    if (*index >= 0)
        return VOUCH_OK;
    (void)snprintf(problem, sizeof problem, "'%.60s' is none of its %d categories", f->text,
                   column->categories);
    return fail_field(s, r, column, problem);
}

static vouch_status value(const vouch_data_stream *s, const vouch_csv_record *r,
                          const vouch_column *column, const vouch_csv_field *f, double *v)
{
    char problem[160];

    if (!vouch_csv_number(f, v)) {
        (void)snprintf(problem, sizeof problem, "'%.60s' is not a finite number", f->text);
        return fail_field(s, r, column, problem);
    }
    if (column->type == VOUCH_COLUMN_INTEGER && *v != floor(*v)) {
        (void)snprintf(problem, sizeof problem, "'%.60s' is not an integer", f->text);
        return fail_field(s, r, column, problem);
    }
    return isfinite((float)*v) ? VOUCH_OK
                               : fail_field(s, r, column, "is too large for float32");
}

/* The features of one column, the first of them at *x, which moves past them. */
static vouch_status encode(const vouch_data_stream *s, const vouch_csv_record *r,
                           const vouch_column *column, const vouch_csv_field *f, float **x)
{
    double v = (double)NAN;
    int index = 0;

    if (!vouch_table_is_missing(f) && column->type == VOUCH_COLUMN_CATEGORY) {
        VOUCH_TRY(category(s, r, column, f, &index));
        v = index;
    } else if (!vouch_table_is_missing(f)) {
        VOUCH_TRY(value(s, r, column, f, &v));
    }
    *x = vouch_column_encode(column, s->info.scaling, v, *x);
    return VOUCH_OK;
}

static vouch_status encode_label(const vouch_data_stream *s, const vouch_csv_record *r,
                                 const vouch_column *column, const vouch_csv_field *f,
                                 int32_t *label)
{
    const vouch_table *t = s->state;
    int index = -1;
    double number = 0;

    if (t->words && vouch_csv_number(f, &number) && number >= 0 && number == floor(number) &&
        number < column->categories)
        index = (int)number; /* the first line's names are numbered by the labels */
    else if (!vouch_table_is_missing(f))
        VOUCH_TRY(category(s, r, column, f, &index));
    *label = index;
    return VOUCH_OK;
}

vouch_status vouch_table_encode(const vouch_data_stream *s, const vouch_csv_record *r, float *x,
                                int32_t *label, bool *missing)
{
    static const vouch_csv_field none = {.text = ""};
    const vouch_table *t = s->state;

    *missing = false;
    *label = -1;
    if (r->count != t->fields)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s:%zu: %d fields instead of %d",
                          vouch_csv_name(t->csv), r->line, r->count, t->fields);
    for (int i = 0; i < t->schema->columns; i++) {
        const vouch_column *column = &t->schema->column[i];
        const bool present = t->field[i] >= 0; /* only the target may be absent */
        const vouch_csv_field *f = present ? &r->field[t->field[i]] : &none;
        if (i == t->schema->target)
            VOUCH_TRY(encode_label(s, r, column, f, label));
        else if (column->type == VOUCH_COLUMN_IGNORED)
            continue;
        else
            VOUCH_TRY(encode(s, r, column, f, &x));
        if (!present || !vouch_table_is_missing(f))
            continue;
        *missing = true;
        if (s->place.settings.missing[0] == 'e')
            return fail_field(s, r, column, "the value is missing");
    }
    return VOUCH_OK;
}
