/* What the columns of a table mean: their types, ranges and categories, which of them an attack
 * may change and which are protected, and which one is to be predicted.
 *
 * A column is one of the table; a feature is one number of what a network sees. A category
 * becomes as many features as it has values, one of them 1 and the others 0 (a group); every
 * other column becomes one feature. docs/howto/data.md describes the JSON form.
 */
#ifndef VOUCH_SPEC_SCHEMA_H
#define VOUCH_SPEC_SCHEMA_H

#include <math.h>
#include <stdint.h>

#include "base/arena.h"

typedef enum vouch_column_type {
    VOUCH_COLUMN_REAL,
    VOUCH_COLUMN_INTEGER,
    VOUCH_COLUMN_CATEGORY,
    VOUCH_COLUMN_IGNORED /* free text, dates, identifiers: no feature */
} vouch_column_type;

typedef struct vouch_column {
    const char *name;
    double low, high;            /* inclusive; of REAL and INTEGER */
    double fill;                 /* stands for a missing value; an index where CATEGORY */
    const char *const *category; /* [categories]; of CATEGORY */
    vouch_column_type type;
    int categories;
    bool immutable;    /* no attack and no advice may change it */
    bool is_protected; /* must not influence decisions: sex, age ... */
    bool may_miss;     /* values were missing where the schema was made */
} vouch_column;

typedef struct vouch_schema {
    int columns;
    vouch_column *column;
    int target; /* a CATEGORY column; -1: none */
} vouch_schema;

/* One number of what a network sees. */
typedef struct vouch_feature {
    float low, high; /* valid values, inclusive */
    int column;      /* of the schema; -1: there is none (images) */
    int group;       /* features of one group hold exactly one 1; -1: of none */
    bool is_integer; /* where unscaled; true in groups */
    bool immutable;
} vouch_feature;

/* Does the data say what is valid? What it does not say reaches about as far as float32, so that
 * the length of the range is beyond it. */
static inline bool vouch_range_is_known(float low, float high) { return isfinite(high - low); }

/* How the numbers of a table become those of features: as they are, divided by 255, or each
 * column's range mapped to [0,1]. Categories are 0 and 1 always. */
typedef enum vouch_scaling {
    VOUCH_SCALING_NONE,
    VOUCH_SCALING_BYTE,
    VOUCH_SCALING_UNIT
} vouch_scaling;

const char *vouch_column_type_name(vouch_column_type type);
/* The column of that name, or -1. */
int vouch_schema_find(const vouch_schema *schema, const char *name);
/* How many features the columns but the target become. */
int64_t vouch_schema_features(const vouch_schema *schema);
/* Fills feature[vouch_schema_features]: in the order of the columns. */
void vouch_schema_expand(const vouch_schema *schema, vouch_scaling scaling,
                         vouch_feature *feature);
/* Writes the features of one column with that value (a number, the index of a category, NaN
 * where missing: the column's fill) and returns the place behind them. */
float *vouch_column_encode(const vouch_column *column, vouch_scaling scaling, double value,
                           float *x);
/* The value that features of a column stand for: a number, or the index of a category. */
double vouch_column_decode(const vouch_column *column, vouch_scaling scaling, const float *x);

/* JSON in and out; source is for messages. The text is freed by vouch_release. */
vouch_status vouch_schema_parse(vouch_arena *arena, const char *source, const char *text,
                                size_t size, vouch_schema **schema);
vouch_status vouch_schema_dump(vouch_context *ctx, const vouch_schema *schema, char **text,
                               size_t *size);

#endif
