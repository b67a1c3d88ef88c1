/* Writing data sets, from memory or from a stream.
 *
 * A stream is read twice: headers say how many samples there are, and IDX whether all are bytes.
 * All files of a set are written side by side, a batch at a time, and appear together when the
 * last batch is there.
 */
#include <string.h>

#include "data/classes.h"
#include "data/write.h"
#include "io/io.h"

enum { BATCH = 256, BATCH_NUMBERS = 1 << 16 };

/* Where samples come from: a set, or a stream if there is one. */
typedef struct source {
    vouch_data_stream *stream;
    const vouch_data *set;
    vouch_data batch; /* a view of the set, or room */
    int64_t at, most; /* samples of the set passed; of a batch */
} source;

/* ---- sources ------------------------------------------------------------------------------ */

static vouch_status open_source(vouch_arena *arena, source *from)
{
    const vouch_data_info *info = from->stream ? &from->stream->info : &from->set->info;
    const int64_t fits = BATCH_NUMBERS / (info->size ? info->size : 1);

    from->most = fits < 1 ? 1 : fits < BATCH ? fits : BATCH;
    from->batch = (vouch_data){.info = *info, .ctx = vouch_arena_context(arena)};
    if (!from->stream)
        return VOUCH_OK;
    from->batch.x = VOUCH_NEW_ARRAY(arena, float, from->most * info->size);
    from->batch.label = VOUCH_NEW_ARRAY(arena, int32_t, from->most);
    return from->batch.x && from->batch.label ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* The next batch; its count is 0 at the end. */
static vouch_status next_batch(source *from)
{
    vouch_data *b = &from->batch;

    if (from->stream)
        return vouch_data_next(from->stream, from->most, b->x, b->label, &b->info.count);
    const int64_t left = from->set->info.count - from->at;
    b->info.count = left < from->most ? left : from->most;
    b->x = from->set->x + from->at * b->info.size;
    b->label = from->set->label + from->at;
    from->at += b->info.count;
    return VOUCH_OK;
}

static vouch_status rewind_source(source *from)
{
    from->at = 0;
    return from->stream ? vouch_data_rewind(from->stream) : VOUCH_OK;
}

static vouch_status survey(source *from, vouch_data_piece *whole)
{
    *whole = (vouch_data_piece){.set = &from->batch, .bytes = true, .top = -1};
    do {
        VOUCH_TRY(next_batch(from));
        const vouch_data *b = &from->batch;
        whole->total += b->info.count;
        whole->bytes = whole->bytes && vouch_data_is_bytes(b);
        for (int64_t i = 0; i < b->info.count; i++)
            whole->top = b->label[i] > whole->top ? b->label[i] : whole->top;
    } while (from->batch.info.count);
    if (!whole->total)
        return vouch_fail(from->batch.ctx, VOUCH_ERR_VALUE, "%s: holds no sample",
                          from->batch.info.place);
    return rewind_source(from);
}

/* ---- files -------------------------------------------------------------------------------- */

typedef vouch_status put_fn(const vouch_data_piece *piece, vouch_pack *pack);

static vouch_status put(vouch_out *out, put_fn *fill, const vouch_data_piece *piece)
{
    vouch_pack pack = {.ctx = out->ctx};
    vouch_status status = fill(piece, &pack);

    if (!status)
        status = vouch_out_put(out, pack.data, pack.size);
    vouch_pack_free(&pack);
    return status;
}

static vouch_status put_all(source *from, const vouch_data_piece *piece,
                            const vouch_data_file *file, vouch_out *out)
{
    for (int k = 0; k < VOUCH_DATA_FILES && file[k].path; k++) {
        VOUCH_TRY(vouch_out_open(from->batch.ctx, file[k].path, &out[k]));
        VOUCH_TRY(put(&out[k], file[k].head, piece));
    }
    do {
        VOUCH_TRY(next_batch(from));
        for (int k = 0; k < VOUCH_DATA_FILES && file[k].path; k++)
            VOUCH_TRY(put(&out[k], file[k].body, piece));
    } while (from->batch.info.count);
    for (int k = 0; k < VOUCH_DATA_FILES && file[k].path; k++)
        VOUCH_TRY(vouch_out_commit(&out[k]));
    return VOUCH_OK;
}

static vouch_status write_pieces(vouch_arena *arena, const vouch_data_format *f, source *from,
                                 const char *path)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_data_file file[VOUCH_DATA_FILES] = {{0}};
    vouch_out out[VOUCH_DATA_FILES] = {{.ctx = ctx, .fd = -1}, {.ctx = ctx, .fd = -1}};
    vouch_data_piece piece;

    VOUCH_TRY(open_source(arena, from));
    VOUCH_TRY(f->files(arena, &from->batch.info, path, file));
    VOUCH_TRY(survey(from, &piece));
    vouch_status status = put_all(from, &piece, file, out);
    for (int k = 0; k < VOUCH_DATA_FILES; k++)
        vouch_out_discard(&out[k]);
    return status ? status : vouch_classes_write(ctx, &from->batch.info, piece.top, path);
}

/* ---- sets --------------------------------------------------------------------------------- */

static bool is_written(const vouch_data_format *f) { return f->files || f->write; }

static vouch_status find(vouch_context *ctx, const char *path, const char *format,
                         const vouch_data_format **f)
{
    const vouch_data_format *const *table = vouch_data_format_table();

    while (*table && !(is_written(*table) && (*table)->suffix &&
                       vouch_data_path_ends(path, (*table)->suffix)))
        table++;
    *f = format ? vouch_data_format_find(format) : *table;
    if (!*f)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "%s: the name does not tell a format that can be written", path);
    return is_written(*f) ? VOUCH_OK
                          : vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                                       "%s: vouch does not write %s", path, (*f)->name);
}

static vouch_status write_whole(const vouch_data *set, const vouch_data_format *f,
                                const char *path)
{
    int top = -1;

    VOUCH_TRY(f->write(set, path));
    for (int64_t i = 0; i < set->info.count; i++)
        top = set->label[i] > top ? set->label[i] : top;
    return vouch_data_path_ends(path, ".png") /* a grid, which is not read */
               ? VOUCH_OK
               : vouch_classes_write(set->ctx, &set->info, top, path);
}

static vouch_status write_from(vouch_context *ctx, const vouch_data_format *f, source *from,
                               const char *path)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    const vouch_status status = arena ? write_pieces(arena, f, from, path) : VOUCH_ERR_MEMORY;

    vouch_arena_free(arena);
    return status;
}

vouch_status vouch_data_write(const vouch_data *set, const char *path, const char *format)
{
    const vouch_data_format *f = NULL;
    source from = {.set = set};

    const vouch_status found = find(set->ctx, path, format, &f);
    if (found || !f)
        return found;
    return f->files ? write_from(set->ctx, f, &from, path) : write_whole(set, f, path);
}

vouch_status vouch_data_convert(vouch_data_stream *stream, const char *path, const char *format)
{
    const vouch_data_format *f = NULL;
    source from = {.stream = stream};
    vouch_data *set = NULL;

    const vouch_status found = find(stream->ctx, path, format, &f);
    if (found || !f)
        return found;
    if (f->files)
        return write_from(stream->ctx, f, &from, path);
    VOUCH_TRY(vouch_data_load(stream->ctx, stream->info.place, &set));
    const vouch_status status = write_whole(set, f, path);
    vouch_data_free(set);
    return status;
}
