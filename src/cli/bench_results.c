/* The result files of a benchmark run: rows that are on disk before the next instance starts,
 * and taking them over after a kill.
 *
 * Invariant: a row is one write(2) of a whole line at the end of the file, followed by fsync;
 * the line in the log is written before the result row. So after a kill at any moment each file
 * is complete lines and at most one torn one at the end, and the log may hold one instance more
 * than the result file; where the disk lost the end of the log, also fewer. Resuming cuts off
 * what is torn and adds the rows that are missing from the log's lines. Rows at the end that the
 * log has no line of are cut off as well, and their instances run again, since a row tells too
 * little to make the line of it. The result file is cut before the log: a kill between the two
 * leaves what the next resuming mends. Result rows are VNN-COMP's and tell no limit; the log
 * does, and where it is kept too, rows that it has under another limit are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bench.h"
#include "io/io.h"

enum { RESULT_LIMIT = 1 << 28, ROW_FIELDS = 6 };

static const char row_header[] = "category,onnx,vnnlib,prepare_time,verdict,run_time\n";

static vouch_status fail(vouch_context *ctx, const char *path, const char *what)
{
    return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

static bool is_regular(int fd)
{
    struct stat there;
    return fstat(fd, &there) == 0 && S_ISREG(there.st_mode);
}

static vouch_status open_file(vouch_context *ctx, const char *path, bool keep,
                              vouch_bench_file *file)
{
    *file = (vouch_bench_file){.path = path, .fd = -1};
    if (path == NULL)
        return VOUCH_OK;
    file->fd =
        strcmp(path, "-") == 0
            ? dup(STDOUT_FILENO)
            : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (keep ? 0 : O_TRUNC),
                   0666);
    return file->fd < 0 ? fail(ctx, path, "write") : VOUCH_OK;
}

static vouch_status put(vouch_context *ctx, const vouch_bench_file *file, const char *text)
{
    VOUCH_TRY(vouch_file_put(ctx, file->path, file->fd, text, strlen(text)));
    if (is_regular(file->fd) && fsync(file->fd) != 0)
        return fail(ctx, file->path, "write");
    return VOUCH_OK;
}

/* ---- taking over ------------------------------------------------------------------------- */

/* False: a row of another benchmark, or one too many. The order is free, because runs with
 * different filters may have added to the file. */
static bool take_row(const vouch_bench *bench, const char *const *field, off_t at)
{
    for (int i = 0; i < bench->count; i++) {
        vouch_bench_instance *one = &bench->instance[i];
        if (one->done || strcmp(one->benchmark, field[0]) != 0 ||
            !vouch_bench_is(one, field[1], field[2]))
            continue;
        one->done = true;
        one->row_at = at;
        one->prepare_s = strtod(field[3], NULL);
        one->verdict = field[4];
        one->seconds = strtod(field[5], NULL);
        return true;
    }
    return false;
}

static bool same_run(const vouch_bench_instance *a, const vouch_bench_instance *b)
{
    return fabs(a->limit_s - b->limit_s) < 1e-5 && strcmp(a->settings, b->settings) == 0;
}

/* Is this the line that was written with the row of `one`? Both say the seconds alike. */
static bool has_row(const vouch_bench_instance *one, const vouch_bench_instance *line)
{
    return one->done && strcmp(one->verdict, line->verdict) == 0 &&
           !(one->seconds < line->seconds) && !(one->seconds > line->seconds);
}

/* Lines of other benchmarks, limits and settings are none of this run's, and stay. */
static bool take_line(const vouch_bench *bench, const char *const *field, off_t at)
{
    (void)at;
    vouch_bench_instance was = {0};
    vouch_bench_log_read(field, &was);
    for (int i = 0; i < bench->count; i++) {
        vouch_bench_instance *one = &bench->instance[i];
        if (one->measured || strcmp(one->benchmark, was.benchmark) != 0 ||
            !vouch_bench_is(one, was.onnx, was.vnnlib))
            continue;
        if (!same_run(one, &was)) {
            one->other = one->other || has_row(one, &was);
            continue;
        }
        const vouch_bench_instance now = *one;
        *one = was;
        one->folder = now.folder;
        one->expected = now.expected;
        one->checked = now.checked;
        one->chosen = now.chosen;
        one->done = now.done;
        one->row_at = now.row_at;
        one->measured = true;
        break;
    }
    return true;
}

typedef struct format {
    char separator;
    int fields, onnx; /* columns; that of the network, which the property follows */
    const char *header;
    /* the line starts at the byte `at` */
    bool (*take)(const vouch_bench *bench, const char *const *field, off_t at);
} format;

/* The bytes of a file, and those of them that complete lines span. */
typedef struct extent {
    off_t size, kept;
} extent;

/* Takes over the rows of the file; *kept: the bytes they span. */
static vouch_status take_over(vouch_arena *arena, const vouch_bench_file *file, const format *f,
                              const vouch_bench *bench, off_t *kept)
{
    const char *field[VOUCH_BENCH_FIELDS];
    vouch_file text;
    VOUCH_TRY(vouch_file_read(arena, file->path, RESULT_LIMIT, &text));
    vouch_bench_lines lines = {.at = text.data, .separator = f->separator};
    *kept = 0;
    for (int n; (n = vouch_bench_next(&lines, field, f->fields)) > 0 && lines.complete;) {
        if (n != f->fields)
            return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_PARSE,
                              "%s:%d: is no row of a benchmark run; not resumed", file->path,
                              lines.line);
        const size_t first = strlen(field[0]);
        const bool header = lines.line == 1 && strncmp(field[0], f->header, first) == 0 &&
                            f->header[first] == f->separator;
        if (!header && !f->take(bench, field, *kept))
            return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_PARSE,
                              "%s:%d: %s, %s is a row of another run; not resumed", file->path,
                              lines.line, field[f->onnx], field[f->onnx + 1]);
        *kept = lines.at - text.data;
    }
    return VOUCH_OK;
}

static vouch_status take_file(vouch_arena *arena, const vouch_bench_file *file, const format *f,
                              const vouch_bench *bench, extent *found)
{
    struct stat there;
    *found = (extent){0};
    if (file->path == NULL || !is_regular(file->fd) || fstat(file->fd, &there) != 0 ||
        there.st_size == 0)
        return VOUCH_OK;
    found->size = there.st_size;
    return take_over(arena, file, f, bench, &found->kept);
}

static vouch_status cut_off(vouch_context *ctx, const vouch_bench_file *file,
                            const extent *found)
{
    if (found->kept < found->size && ftruncate(file->fd, found->kept) != 0)
        return fail(ctx, file->path, "cut the last row of");
    return VOUCH_OK;
}

/* ---- the interface ----------------------------------------------------------------------- */

static bool is_empty(const vouch_bench_file *file)
{
    struct stat there;
    return file->path != NULL &&
           (fstat(file->fd, &there) != 0 || !S_ISREG(there.st_mode) || there.st_size == 0);
}

static vouch_status append_row(vouch_arena *arena, const vouch_bench_instance *one,
                               const vouch_bench_results *results)
{
    if (results->rows.path == NULL)
        return VOUCH_OK;
    const char *row =
        vouch_arena_print(arena, "%s,%s,%s,%.6f,%s,%.6f\n", one->benchmark, one->onnx,
                          one->vnnlib, one->prepare_s, one->verdict, one->seconds);
    return row == NULL ? VOUCH_ERR_MEMORY
                       : put(vouch_arena_context(arena), &results->rows, row);
}

static vouch_status refuse_others(vouch_context *ctx, const vouch_bench *bench,
                                  const vouch_bench_results *results)
{
    for (int i = 0; i < bench->count; i++) {
        const vouch_bench_instance *one = &bench->instance[i];
        if (one->other && !one->measured)
            return vouch_fail(ctx, VOUCH_ERR_PARSE,
                              "%s: %s, %s was run with another limit or other settings; not "
                              "resumed",
                              results->rows.path, one->onnx, one->vnnlib);
    }
    return VOUCH_OK;
}

/* Rows behind the last one that the log has are to be cut off, and run again. A log that has no
 * line of this run yet, not even a torn one, is new: then the rows are older than it, and stay. */
static void drop_unlogged(const vouch_bench *bench, const extent *log, extent *rows)
{
    off_t logged = -1, end = rows->kept;
    for (int i = 0; i < bench->count; i++) {
        const vouch_bench_instance *one = &bench->instance[i];
        if (one->done && one->measured && one->row_at > logged)
            logged = one->row_at;
    }
    if (logged < 0 && log->kept == log->size)
        return;
    for (int i = 0; i < bench->count; i++) {
        vouch_bench_instance *one = &bench->instance[i];
        if (!one->done || one->measured || one->row_at < logged)
            continue;
        one->done = false;
        end = one->row_at < end ? one->row_at : end;
    }
    rows->kept = end;
}

/* Adds the rows that only the log has. */
static vouch_status add_missing(vouch_arena *arena, const vouch_bench *bench,
                                const vouch_bench_results *results)
{
    for (int i = 0; i < bench->count; i++) {
        vouch_bench_instance *one = &bench->instance[i];
        if (!one->measured || one->done)
            continue;
        one->done = true;
        VOUCH_TRY(append_row(arena, one, results));
    }
    return VOUCH_OK;
}

static vouch_status resume(vouch_arena *arena, const char *log_header, const vouch_bench *bench,
                           const vouch_bench_results *results)
{
    vouch_context *ctx = vouch_arena_context(arena);
    const format row = {',', ROW_FIELDS, 1, row_header, take_row};
    const format line = {'\t', vouch_bench_log_fields(), 0, log_header, take_line};
    extent rows, log;
    VOUCH_TRY(take_file(arena, &results->rows, &row, bench, &rows));
    VOUCH_TRY(take_file(arena, &results->detail, &line, bench, &log));
    VOUCH_TRY(refuse_others(ctx, bench, results));
    if (results->detail.path != NULL)
        drop_unlogged(bench, &log, &rows);
    VOUCH_TRY(cut_off(ctx, &results->rows, &rows));
    return cut_off(ctx, &results->detail, &log);
}

vouch_status vouch_bench_open(vouch_arena *arena, const vouch_bench_files *files,
                              vouch_bench *bench, vouch_bench_results *results)
{
    vouch_context *ctx = vouch_arena_context(arena);
    const char *log_header = vouch_bench_log_header(arena);
    *results = (vouch_bench_results){{NULL, -1}, {NULL, -1}};
    if (log_header == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(open_file(ctx, files->out, files->resume, &results->rows));
    VOUCH_TRY(open_file(ctx, files->detail, files->resume, &results->detail));
    if (files->resume)
        VOUCH_TRY(resume(arena, log_header, bench, results));
    if (files->header && is_empty(&results->rows))
        VOUCH_TRY(put(ctx, &results->rows, row_header));
    if (is_empty(&results->detail))
        VOUCH_TRY(put(ctx, &results->detail, log_header));
    return add_missing(arena, bench, results);
}

vouch_status vouch_bench_append(vouch_arena *arena, const vouch_bench_instance *one,
                                const vouch_bench_results *results)
{
    if (results->detail.path != NULL) {
        const char *line = vouch_bench_log_line(arena, one);
        if (line == NULL)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(put(vouch_arena_context(arena), &results->detail, line));
    }
    return append_row(arena, one, results);
}

void vouch_bench_close(vouch_bench_results *results)
{
    if (results->rows.path != NULL && results->rows.fd >= 0)
        (void)close(results->rows.fd);
    if (results->detail.path != NULL && results->detail.fd >= 0)
        (void)close(results->detail.fd);
}
