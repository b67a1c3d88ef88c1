/* Data sets as CSV: a table with the columns of its schema, anything else with one column for
 * each number. Numbers are the shortest decimals that give the float32 back; what was missing is
 * written as what it was filled with.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/table.h"
#include "data/write.h"
#include "io/io.h"

vouch_status vouch_table_put_text(vouch_pack *pack, const char *text)
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

/* The shortest decimal that reads back as x. Any of up to six digits reads back from a normal
 * float32 as itself (FLT_DIG), so a shorter one is what %.6g prints without its zeros. */
static vouch_status put_number(vouch_pack *pack, float x)
{
    char text[32];
    double back = 0;

    for (int digits = fabsf(x) < FLT_MIN ? 1 : FLT_DIG; digits <= FLT_DECIMAL_DIG; digits++) {
        const int length = snprintf(text, sizeof text, "%.*g", digits, (double)x);
        const vouch_csv_field field = {.text = text, .length = (size_t)length};
        if (vouch_csv_number(&field, &back) && (float)back == x)
            break;
    }
    return vouch_pack_bytes(pack, text, strlen(text));
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
        VOUCH_TRY(vouch_table_put_text(pack, schema->column[i].name));
        VOUCH_TRY(put_end(pack, i == last_written(schema)));
    }
    return VOUCH_OK;
}

static vouch_status put_value(const vouch_data *set, const vouch_column *column, const float *x,
                              vouch_pack *pack)
{
    const double value = vouch_column_decode(column, set->info.scaling, x);

    if (column->type == VOUCH_COLUMN_CATEGORY)
        return vouch_table_put_text(pack, column->category[(int)value]);
    if (column->type == VOUCH_COLUMN_INTEGER)
        return vouch_pack_print(pack, "%.0f", value);
    return put_number(pack, (float)value);
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
            VOUCH_TRY(vouch_table_put_text(pack, column->category[label]));
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

    for (int64_t k = 0; k < set->info.size; k++) {
        VOUCH_TRY(put_number(pack, x[k]));
        VOUCH_TRY(vouch_pack_bytes(pack, ",", 1));
    }
    if (set->label[row] >= 0)
        VOUCH_TRY(vouch_table_put_text(pack, set->info.class_name[set->label[row]]));
    return put_end(pack, true);
}

static vouch_status put_head(const vouch_data_piece *piece, vouch_pack *pack)
{
    const vouch_schema *schema = piece->set->info.schema;

    return schema ? put_names(schema, pack) : put_plain_names(piece->set, pack);
}

static vouch_status put_rows(const vouch_data_piece *piece, vouch_pack *pack)
{
    const vouch_data *set = piece->set;

    for (int64_t i = 0; i < set->info.count; i++)
        VOUCH_TRY(set->info.schema ? put_row(set, i, pack) : put_plain_row(set, i, pack));
    return VOUCH_OK;
}

vouch_status vouch_table_files(vouch_arena *arena, const vouch_data_info *info,
                               const char *path, vouch_data_file *file)
{
    (void)arena;
    (void)info;
    file[0] = (vouch_data_file){path, put_head, put_rows};
    return VOUCH_OK;
}
