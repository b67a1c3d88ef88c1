/* Tables in text, record by record: CSV as of RFC 4180, and its relatives with other
 * separators. */
#ifndef VOUCH_IO_CSV_H
#define VOUCH_IO_CSV_H

#include "io/stream.h"

typedef struct vouch_csv vouch_csv;

typedef struct vouch_csv_field {
    const char *text; /* NUL-terminated; blanks around it are gone unless it was quoted */
    size_t length;
    bool quoted;
} vouch_csv_field;

/* Good until the next record is read. */
typedef struct vouch_csv_record {
    size_t line; /* where it begins, from 1 */
    int count;   /* 0: the end of the file; records that hold nothing are passed over */
    const vouch_csv_field *field;
} vouch_csv_record;

/* separator ',' ';' '\t' ...; ' ' stands for any run of blanks and tabs; 0: found in the first
 * record. skip lines are passed over at the start. The reader owns the stream from then on. */
vouch_status vouch_csv_open(vouch_arena *arena, vouch_stream *stream, char separator, int skip,
                            vouch_csv **csv);
vouch_status vouch_csv_next(vouch_csv *csv, vouch_csv_record *record);
vouch_status vouch_csv_rewind(vouch_csv *csv);
char vouch_csv_separator(const vouch_csv *csv);
const char *vouch_csv_name(const vouch_csv *csv);
void vouch_csv_close(vouch_csv *csv); /* NULL is fine */

/* The field as a finite number, if it is one. */
bool vouch_csv_number(const vouch_csv_field *field, double *value);

#endif
