/* Tables: what the schema of a CSV is, and how its rows become samples. */
#ifndef VOUCH_DATA_TABLE_H
#define VOUCH_DATA_TABLE_H

#include "data/format.h"
#include "io/array.h"
#include "io/csv.h"

/* A CSV being read as samples: the state of that format. */
typedef struct vouch_table {
    vouch_csv *csv;
    bool has_header;   /* the first record is no row: it names columns, or counts */
    int64_t counted;   /* rows, where it says how many (scikit-learn); else 0 */
    const char **word; /* the names of classes that it goes on with */
    int words;
    int fields;        /* of every record */
    const char **name; /* [fields] */
    vouch_schema *schema;
    const char *order; /* of the classes: where it comes from */
    int *field;        /* [schema columns]: where in a record; -1: nowhere (the target) */
    int64_t rows;      /* of the file, where inference counted them; else -1 */
} vouch_table;

/* Is this how files write that a value is missing? */
bool vouch_table_is_missing(const vouch_csv_field *field);
/* Reads the whole file and says what its columns are. */
vouch_status vouch_table_infer(vouch_data_stream *stream, vouch_table *table);
/* The field that a setting names (a name or a number), or an error. */
vouch_status vouch_table_field(const vouch_data_stream *stream, const vouch_table *table,
                               const char *text, int *field);

/* One record as a sample; *missing: a value was, and was filled in. */
vouch_status vouch_table_encode(const vouch_data_stream *stream, const vouch_csv_record *record,
                                float *x, int32_t *label, bool *missing);

/* A field in quotes where it needs them, and where it would else read as missing. */
vouch_status vouch_table_put_text(vouch_pack *pack, const char *text);
/* A set as a CSV with a header: its columns, or p0, p1, ... and `label` where it has none. */
vouch_status vouch_table_files(vouch_arena *arena, const vouch_data_info *info,
                               const char *path, vouch_data_file *file);

#endif
