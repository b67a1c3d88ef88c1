/* Data sets as CSV: a table with the columns of its schema, anything else with one column for
 * each number. Numbers have the nine digits that give a float32 back; what was missing is
 * written as what it was filled with.
 */
#include <string.h>

#include "data/table.h"
#include "data/write.h"
#include "io/io.h"

/* A field in quotes where it needs them, and where it would else read as missing or a number. */
static vouch_status put_text(vouch_pack *pack, const char *text)
{
    const size_t length = strlen(text);
    const vouch_csv_field field = {.text = text, .length = length};
    const bool blanks = length && (strchr(" \t", text[0]) || strchr(" \t", text[length - 1]));

    if (!blanks && !strpbrk(text, ",\"\r\n") && !vouch_table_is_missing(&field))
        return vouch_pack_bytes(pack, text, length);
    VOUCH_TRY(vouch_pack_bytes(pack, "\"", 1));
    for (const char *at = text; *at; at++)
        VOUCH_TRY(vouch_pack_bytes(pack, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1));
    return vouch_pack_bytes(pack, "\"", 1);
}

static vouch_status put_end(vouch_pack *pack, bool last)
{
    return vouch_pack_bytes(pack, last ? "\n" : ",", 1);
}

/* ---- tables ------------------------------------------------------------------------------- */

static bool is_written(const vouch_schema *schema, int i)
{
    return schema->column[i].type != VOUCH_COLUMN_IGNORED;
}

static int last_written(const vouch_schema *schema)
{
    int last = 0;

    for (int i = 0; i < schema->columns; i++)
        last = is_written(schema, i) ? i : last;
    return last;
}

static vouch_status put_names(const vouch_schema *schema, vouch_pack *pack)
{
    for (int i = 0; i < schema->columns; i++) {
        if (!is_written(schema, i))
            continue;
        VOUCH_TRY(put_text(pack, schema->column[i].name));
        VOUCH_TRY(put_end(pack, i == last_written(schema)));
    }
    return VOUCH_OK;
}

static vouch_status put_value(const vouch_data *set, const vouch_column *column, const float *x,
                              vouch_pack *pack)
{
    const double value = vouch_column_decode(column, set->info.scaling, x);

    if (column->type == VOUCH_COLUMN_CATEGORY)
        return put_text(pack, column->category[(int)value]);
    return vouch_pack_print(pack, column->type == VOUCH_COLUMN_INTEGER ? "%.0f" : "%.9g",
                            value);
}

static vouch_status put_row(const vouch_data *set, int64_t row, vouch_pack *pack)
{
    const vouch_schema *schema = set->info.schema;
    const float *x = vouch_data_x(set, row);
    const int32_t label = set->label[row];

    for (int i = 0; i < schema->columns; i++) {
        const vouch_column *column = &schema->column[i];
        if (!is_written(schema, i))
            continue;
        if (i != schema->target) {
            VOUCH_TRY(put_value(set, column, x, pack));
            x += column->type == VOUCH_COLUMN_CATEGORY ? column->categories : 1;
        } else if (label >= 0) {
            VOUCH_TRY(put_text(pack, column->category[label]));
        }
        VOUCH_TRY(put_end(pack, i == last_written(schema)));
    }
    return VOUCH_OK;
}

/* ---- anything else ------------------------------------------------------------------------ */

static vouch_status put_plain_names(const vouch_data *set, vouch_pack *pack)
{
    for (int64_t k = 0; k < set->info.size; k++)
        VOUCH_TRY(vouch_pack_print(pack, "p%lld,", (long long)k));
    return vouch_pack_print(pack, "label\n");
}

static vouch_status put_plain_row(const vouch_data *set, int64_t row, vouch_pack *pack)
{
    const float *x = vouch_data_x(set, row);

    for (int64_t k = 0; k < set->info.size; k++)
        VOUCH_TRY(vouch_pack_print(pack, "%.9g,", (double)x[k]));
    if (set->label[row] >= 0)
        VOUCH_TRY(vouch_pack_print(pack, "%d", set->label[row]));
    return put_end(pack, true);
}

static vouch_status put_all(const vouch_data *set, vouch_pack *pack)
{
    const bool table = set->info.schema != NULL;

    VOUCH_TRY(table ? put_names(set->info.schema, pack) : put_plain_names(set, pack));
    for (int64_t i = 0; i < set->info.count; i++)
        VOUCH_TRY(table ? put_row(set, i, pack) : put_plain_row(set, i, pack));
    return VOUCH_OK;
}

vouch_status vouch_table_write(const vouch_data *set, const char *path)
{
    vouch_pack pack = {.ctx = set->ctx};
    vouch_status status = put_all(set, &pack);

    if (!status)
        status = vouch_file_write(set->ctx, path, pack.data, pack.size);
    vouch_pack_free(&pack);
    return status;
}
