/* The CSV reader: any bytes give records or one error that names a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vouch_status read_all(vouch_arena *arena, const uint8_t *data, size_t size)
{
    vouch_stream *stream = NULL;
    vouch_csv *csv = NULL;
    vouch_csv_record r = {0};
    vouch_status status = vouch_stream_from_memory(arena, "t.csv", data, size, &stream);

    if (!status)
        status = vouch_csv_open(arena, stream, 0, 0, &csv);
    do {
        if (!status)
            status = vouch_csv_next(csv, &r);
        for (int i = 0; !status && i < r.count; i++)
            if (strlen(r.field[i].text) != r.field[i].length)
                abort();
    } while (!status && r.count);
    vouch_csv_close(csv);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_status status = read_all(arena, data, size);

    if (status != vouch_context_status(ctx) ||
        (status && strncmp(vouch_context_error(ctx), "t.csv:", 6) != 0))
        abort();
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return 0;
}
