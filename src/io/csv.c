/* Tables in text, record by record, in memory for one record.
 *
 * SPEC: RFC 4180: a field may be in quotes, and then hold separators, line ends and doubled
 * quotes. Beyond it: any line end, a byte order mark, blanks around fields, other separators.
 * The text of a record is gathered field after field in one block; fields keep offsets while it
 * grows and become pointers when the record is complete.
 */
#include "io/csv.h"

#include <string.h>

#include "io/io_priv.h"

enum { FIELDS_MAX = 1 << 20, RECORD_MAX = 64 << 20, END = -1 };

struct vouch_csv {
    vouch_context *ctx;
    vouch_stream *stream;
    char separator;
    int skip;
    unsigned char *chunk;
    size_t used, size; /* of the chunk */
    size_t line;       /* of the next byte */
    char *text;        /* of the record, NULs between fields */
    size_t length, capacity;
    vouch_csv_field *field;
    size_t *start; /* of each field in text */
    int count, room;
};

/* ---- bytes -------------------------------------------------------------------------------- */

static vouch_status fail_at(const vouch_csv *c, const char *problem)
{
    return vouch_fail(c->ctx, VOUCH_ERR_PARSE, "%s:%zu: %s", vouch_stream_name(c->stream),
                      c->line, problem);
}

/* The next byte, not taken; END at the end. */
static vouch_status peek(vouch_csv *c, int *byte)
{
    if (c->used == c->size) {
        VOUCH_TRY(vouch_stream_read(c->stream, c->chunk, VOUCH_CHUNK, &c->size));
        c->used = 0;
    }
    *byte = c->used < c->size ? c->chunk[c->used] : END;
    return *byte ? VOUCH_OK : fail_at(c, "a byte is 0: this is not text");
}

static void take(vouch_csv *c)
{
    if (c->chunk[c->used++] == '\n')
        c->line++;
}

static bool is_end(int byte) { return byte == END || byte == '\n' || byte == '\r'; }
static bool is_blank(int byte) { return byte == ' ' || byte == '\t'; }

static bool is_separator(const vouch_csv *c, int byte)
{
    return c->separator == ' ' ? is_blank(byte) : byte == (unsigned char)c->separator;
}

/* Takes "\n", "\r\n" or "\r". */
static vouch_status take_line_end(vouch_csv *c)
{
    int byte = 0;

    VOUCH_TRY(peek(c, &byte));
    if (byte == END)
        return VOUCH_OK;
    const bool carriage = byte == '\r';
    take(c);
    if (!carriage)
        return VOUCH_OK;
    VOUCH_TRY(peek(c, &byte));
    if (byte == '\n')
        take(c);
    else
        c->line++;
    return VOUCH_OK;
}

/* ---- fields ------------------------------------------------------------------------------- */

static vouch_status put(vouch_csv *c, int byte)
{
    if (c->length == c->capacity) {
        const size_t wanted = c->capacity ? 2 * c->capacity : 4096;
        if (wanted > RECORD_MAX)
            return vouch_fail(c->ctx, VOUCH_ERR_LIMIT, "%s:%zu: a record of more than %d MiB",
                              vouch_stream_name(c->stream), c->line, RECORD_MAX >> 20);
        char *grown = vouch_resize(c->ctx, c->text, wanted);
        if (!grown)
            return VOUCH_ERR_MEMORY;
        c->text = grown;
        c->capacity = wanted;
    }
    c->text[c->length++] = (char)byte;
    return VOUCH_OK;
}

static vouch_status grow_fields(vouch_csv *c)
{
    const int wanted = c->room ? 2 * c->room : 64;

    if (wanted > FIELDS_MAX)
        return vouch_fail(c->ctx, VOUCH_ERR_LIMIT, "%s:%zu: a record of more than %d fields",
                          vouch_stream_name(c->stream), c->line, c->room);
    vouch_csv_field *field = vouch_resize(c->ctx, c->field, (size_t)wanted * sizeof *field);
    if (!field)
        return VOUCH_ERR_MEMORY;
    c->field = field;
    size_t *start = vouch_resize(c->ctx, c->start, (size_t)wanted * sizeof *start);
    if (!start)
        return VOUCH_ERR_MEMORY;
    c->start = start;
    c->room = wanted;
    return VOUCH_OK;
}

/* Ends the field that began at start. */
static vouch_status add_field(vouch_csv *c, size_t start, bool quoted)
{
    if (c->count == c->room)
        VOUCH_TRY(grow_fields(c));
    while (!quoted && c->length > start && is_blank((unsigned char)c->text[c->length - 1]))
        c->length--;
    c->field[c->count] = (vouch_csv_field){.length = c->length - start, .quoted = quoted};
    c->start[c->count++] = start;
    return put(c, '\0');
}

/* What stands between quotes; the first one is taken already. */
static vouch_status read_quoted(vouch_csv *c)
{
    const size_t line = c->line;
    int byte = 0;

    for (;;) {
        VOUCH_TRY(peek(c, &byte));
        if (byte == END)
            return vouch_fail(c->ctx, VOUCH_ERR_PARSE, "%s:%zu: a quote is not closed",
                              vouch_stream_name(c->stream), line);
        take(c);
        if (byte == '"') {
            VOUCH_TRY(peek(c, &byte));
            if (byte != '"')
                return VOUCH_OK;
            take(c);
        }
        VOUCH_TRY(put(c, byte));
    }
}

static vouch_status skip_blanks(vouch_csv *c, int *byte)
{
    VOUCH_TRY(peek(c, byte));
    while (is_blank(*byte) && (c->separator == ' ' || !is_separator(c, *byte))) {
        take(c);
        VOUCH_TRY(peek(c, byte));
    }
    return VOUCH_OK;
}

static vouch_status read_field(vouch_csv *c)
{
    const size_t start = c->length;
    int byte = 0;

    VOUCH_TRY(skip_blanks(c, &byte));
    if (byte == '"') {
        take(c);
        VOUCH_TRY(read_quoted(c));
        VOUCH_TRY(add_field(c, start, true));
        VOUCH_TRY(skip_blanks(c, &byte));
        if (is_end(byte) || c->separator == ' ' || is_separator(c, byte))
            return VOUCH_OK;
        return fail_at(c, "text after a closing quote");
    }
    while (!is_end(byte) && !is_separator(c, byte)) {
        VOUCH_TRY(put(c, byte));
        take(c);
        VOUCH_TRY(peek(c, &byte));
    }
    return add_field(c, start, false);
}

/* ---- records ------------------------------------------------------------------------------ */

static vouch_status read_record(vouch_csv *c)
{
    int byte = 0;

    for (;;) {
        VOUCH_TRY(read_field(c));
        VOUCH_TRY(peek(c, &byte));
        if (c->separator == ' ')
            VOUCH_TRY(skip_blanks(c, &byte));
        if (is_end(byte))
            return take_line_end(c);
        if (c->separator != ' ')
            take(c);
    }
}

vouch_status vouch_csv_next(vouch_csv *c, vouch_csv_record *record)
{
    int byte = 0;

    *record = (vouch_csv_record){0};
    do {
        c->count = 0;
        c->length = 0;
        VOUCH_TRY(peek(c, &byte));
        if (byte == END)
            return VOUCH_OK;
        record->line = c->line;
        VOUCH_TRY(read_record(c));
    } while (c->count == 1 && c->field[0].length == 0 && !c->field[0].quoted);
    for (int i = 0; i < c->count; i++)
        c->field[i].text = c->text + c->start[i];
    record->count = c->count;
    record->field = c->field;
    return VOUCH_OK;
}

bool vouch_csv_number(const vouch_csv_field *field, double *value)
{
    return vouch_io_double(field->text, field->length, value);
}

/* ---- opening ------------------------------------------------------------------------------ */

static vouch_status skip_line(vouch_csv *c)
{
    int byte = 0;

    VOUCH_TRY(peek(c, &byte));
    while (!is_end(byte)) {
        take(c);
        VOUCH_TRY(peek(c, &byte));
    }
    return take_line_end(c);
}

/* The separator of which the first line has most outside of quotes; of none, the blanks'. */
static char guess(const unsigned char *text, size_t size)
{
    static const char candidates[] = ",;\t|";
    size_t count[sizeof candidates] = {0}, best = 0, blanks = 0;
    bool quoted = false;

    for (size_t i = 0; i < size && (quoted || !is_end(text[i])); i++) {
        const char *hit = quoted || !text[i] ? NULL : strchr(candidates, text[i]);
        quoted ^= text[i] == '"';
        blanks += !quoted && text[i] == ' ';
        if (hit)
            count[hit - candidates]++;
    }
    for (size_t i = 1; i + 1 < sizeof candidates; i++)
        best = count[i] > count[best] ? i : best;
    if (!count[best])
        return blanks ? ' ' : ',';
    return candidates[best];
}

/* Goes to the first record: past the mark of byte order, the lines to be skipped and empty
 * ones. */
static vouch_status begin(vouch_csv *c)
{
    int byte = 0;

    c->line = 1;
    c->used = c->size = 0;
    VOUCH_TRY(peek(c, &byte));
    if (c->size >= 3 && memcmp(c->chunk, "\xef\xbb\xbf", 3) == 0)
        c->used = 3;
    for (int i = 0; i < c->skip; i++)
        VOUCH_TRY(skip_line(c));
    VOUCH_TRY(peek(c, &byte));
    while (byte == '\n' || byte == '\r') {
        VOUCH_TRY(take_line_end(c));
        VOUCH_TRY(peek(c, &byte));
    }
    if (!c->separator)
        c->separator = guess(c->chunk + c->used, c->size - c->used);
    return VOUCH_OK;
}

vouch_status vouch_csv_open(vouch_arena *arena, vouch_stream *stream, char separator, int skip,
                            vouch_csv **csv)
{
    vouch_csv *c = VOUCH_NEW(arena, vouch_csv);
    unsigned char *chunk = vouch_arena_alloc(arena, VOUCH_CHUNK);

    *csv = NULL;
    if (!c || !chunk) {
        vouch_stream_close(stream);
        return VOUCH_ERR_MEMORY;
    }
    *c = (vouch_csv){.ctx = vouch_arena_context(arena),
                     .stream = stream,
                     .separator = separator,
                     .skip = skip,
                     .chunk = chunk};
    vouch_status status = begin(c);
    if (status) {
        vouch_csv_close(c);
        return status;
    }
    *csv = c;
    return VOUCH_OK;
}

vouch_status vouch_csv_rewind(vouch_csv *c)
{
    VOUCH_TRY(vouch_stream_rewind(c->stream));
    return begin(c);
}

char vouch_csv_separator(const vouch_csv *c) { return c->separator; }
const char *vouch_csv_name(const vouch_csv *c) { return vouch_stream_name(c->stream); }

void vouch_csv_close(vouch_csv *c)
{
    if (!c)
        return;
    vouch_stream_close(c->stream);
    vouch_release(c->ctx, c->text);
    vouch_release(c->ctx, c->field);
    vouch_release(c->ctx, c->start);
    c->text = NULL;
    c->field = NULL;
    c->start = NULL;
}
