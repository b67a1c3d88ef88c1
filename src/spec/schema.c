/* Tables: from columns to the features of a network.
 *
 * A feature is what an attack or a proof moves. Groups (one feature per category, exactly one
 * of them 1) keep the features of a category together; their number is the column's.
 */
#include "spec/schema.h"

#include <math.h>
#include <string.h>

static const char *const type_names[] = {"real", "integer", "category", "ignored"};

const char *vouch_column_type_name(vouch_column_type type) { return type_names[type]; }

int vouch_schema_find(const vouch_schema *schema, const char *name)
{
    for (int i = 0; i < schema->columns; i++)
        if (strcmp(schema->column[i].name, name) == 0)
            return i;
    return -1;
}

static int64_t width(const vouch_schema *schema, int i)
{
    const vouch_column *column = &schema->column[i];

    if (i == schema->target || column->type == VOUCH_COLUMN_IGNORED)
        return 0;
    return column->type == VOUCH_COLUMN_CATEGORY ? column->categories : 1;
}

int64_t vouch_schema_features(const vouch_schema *schema)
{
    int64_t count = 0;

    for (int i = 0; i < schema->columns; i++)
        count += width(schema, i);
    return count;
}

void vouch_schema_expand(const vouch_schema *schema, vouch_feature *feature)
{
    for (int i = 0; i < schema->columns; i++) {
        const vouch_column *column = &schema->column[i];
        const bool grouped = column->type == VOUCH_COLUMN_CATEGORY;
        for (int64_t k = width(schema, i); k > 0; k--)
            *feature++ = (vouch_feature){.low = grouped ? 0.0f : (float)column->low,
                                         .high = grouped ? 1.0f : (float)column->high,
                                         .column = i,
                                         .group = grouped ? i : -1,
                                         .is_integer = column->type != VOUCH_COLUMN_REAL,
                                         .immutable = column->immutable};
    }
}
