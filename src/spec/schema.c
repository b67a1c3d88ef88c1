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

static float scaled(const vouch_column *column, vouch_scaling scaling, double value)
{
    const double range = column->high - column->low;

    if (scaling == VOUCH_SCALING_UNIT)
        return range > 0 && isfinite(range) ? (float)((value - column->low) / range) : 0.0f;
    return scaling == VOUCH_SCALING_BYTE ? (float)value / 255.0f : (float)value;
}

static vouch_feature describe(const vouch_column *column, int index, vouch_scaling scaling)
{
    const bool grouped = column->type == VOUCH_COLUMN_CATEGORY;
    const bool unit = grouped || scaling == VOUCH_SCALING_UNIT;

    return (vouch_feature){.low = unit ? 0.0f : scaled(column, scaling, column->low),
                           .high = unit ? 1.0f : scaled(column, scaling, column->high),
                           .column = index,
                           .group = grouped ? index : -1,
                           .is_integer = grouped || (column->type == VOUCH_COLUMN_INTEGER &&
                                                     scaling == VOUCH_SCALING_NONE),
                           .immutable = column->immutable};
}

void vouch_schema_expand(const vouch_schema *schema, vouch_scaling scaling,
                         vouch_feature *feature)
{
    for (int i = 0; i < schema->columns; i++)
        for (int64_t k = width(schema, i); k > 0; k--)
            *feature++ = describe(&schema->column[i], i, scaling);
}

float *vouch_column_encode(const vouch_column *column, vouch_scaling scaling, double value,
                           float *x)
{
    const double known = isnan(value) ? column->fill : value;

    if (column->type != VOUCH_COLUMN_CATEGORY) {
        *x = scaled(column, scaling, known);
        return x + 1;
    }
    for (int k = 0; k < column->categories; k++)
        x[k] = k == (int)known ? 1.0f : 0.0f;
    return x + column->categories;
}

double vouch_column_decode(const vouch_column *column, vouch_scaling scaling, const float *x)
{
    int best = 0;

    for (int k = 1; column->type == VOUCH_COLUMN_CATEGORY && k < column->categories; k++)
        best = x[k] > x[best] ? k : best;
    if (column->type == VOUCH_COLUMN_CATEGORY)
        return best;
    double value = (double)x[0];
    if (scaling == VOUCH_SCALING_UNIT)
        value = column->low + value * (column->high - column->low);
    if (scaling == VOUCH_SCALING_BYTE)
        value *= 255;
    return column->type == VOUCH_COLUMN_INTEGER ? floor(value + .5) : value;
}
