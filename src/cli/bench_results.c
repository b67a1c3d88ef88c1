/* The result files of a benchmark run: rows that are on disk before the next instance starts,
 * and taking them over after a kill.
 *
 * Invariant: a row is one write(2) of a whole line at the end of the file, followed by fsync;
 * the line in the log is written before the result row. So after a kill at any moment each file
 * is complete lines and at most one torn one at the end, and the log may hold one instance more
 * than the result file. Resuming cuts off what is torn and adds the row that is missing. Result
 * rows are VNN-COMP's and tell no limit; the log does, and where it is kept too, rows of another
 * limit are refused.
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
    size_t left = strlen(text);
    while (left > 0) {
        const ssize_t n = write(file->fd, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(ctx, file->path, "write");
        text += n;
        left -= (size_t)n;
    }
    if (is_regular(file->fd) && fsync(file->fd) != 0)
        return fail(ctx, file->path, "write");
    return VOUCH_OK;
}

/* ---- taking over ------------------------------------------------------------------------- */

/* False: a row of another benchmark, or one too many. The order is free, because runs with
 * different filters may have added to the file. */
static bool take_row(const vouch_bench *bench, const char *const *field)
{
    for (int i = 0; i < bench->count; i++) {
        vouch_bench_instance *one = &bench->instance[i];
        if (one->done || strcmp(one->benchmark, field[0]) != 0 ||
            !vouch_bench_is(one, field[1], field[2]))
            continue;
        one->done = true;
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

/* Lines of other benchmarks, limits and settings are none of this run's, and stay. */
static bool take_line(const vouch_bench *bench, const char *const *field)
{
    vouch_bench_instance was = {0};
    vouch_bench_log_read(field, &was);
    for (int i = 0; i < bench->count; i++) {
        vouch_bench_instance *one = &bench->instance[i];
        if (one->measured || strcmp(one->benchmark, was.benchmark) != 0 ||
            !vouch_bench_is(one, was.onnx, was.vnnlib))
            continue;
        if (!same_run(one, &was)) {
            one->other = true;
            continue;
        }
        const vouch_bench_instance now = *one;
        *one = was;
        one->folder = now.folder;
        one->expected = now.expected;
        one->checked = now.checked;
        one->chosen = now.chosen;
        one->done = now.done;
        one->measured = true;
        break;
    }
    return true;
}

typedef struct format {
    char separator;
    int fields, onnx; /* columns; that of the network, which the property follows */
    const char *header;
    bool (*take)(const vouch_bench *bench, const char *const *field);
} format;

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
        if (!header && !f->take(bench, field))
            return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_PARSE,
                              "%s:%d: %s, %s is a row of another run; not resumed", file->path,
                              lines.line, field[f->onnx], field[f->onnx + 1]);
        *kept = lines.at - text.data;
    }
    return VOUCH_OK;
}

static vouch_status resume_file(vouch_arena *arena, const vouch_bench_file *file,
                                const format *f, const vouch_bench *bench)
{
    struct stat there;
    off_t kept = 0;
    if (file->path == NULL || !is_regular(file->fd) || fstat(file->fd, &there) != 0 ||
        there.st_size == 0)
        return VOUCH_OK;
    VOUCH_TRY(take_over(arena, file, f, bench, &kept));
    if (ftruncate(file->fd, kept) != 0)
        return fail(vouch_arena_context(arena), file->path, "cut the last row of");
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

/* What the log and the result file say together. */
static vouch_status settle(vouch_arena *arena, const vouch_bench *bench,
                           const vouch_bench_results *results)
{
    for (int i = 0; i < bench->count; i++) {
        vouch_bench_instance *one = &bench->instance[i];
        if (one->done && !one->measured && one->other)
            return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_PARSE,
                              "%s: %s, %s was run with another limit or other settings; not "
                              "resumed",
                              results->rows.path, one->onnx, one->vnnlib);
        if (one->measured && !one->done) {
            one->done = true;
            VOUCH_TRY(append_row(arena, one, results));
        }
    }
    return VOUCH_OK;
}

static vouch_status resume(vouch_arena *arena, const char *log_header, const vouch_bench *bench,
                           const vouch_bench_results *results)
{
    const format rows = {',', ROW_FIELDS, 1, row_header, take_row};
    const format lines = {'\t', vouch_bench_log_fields(), 0, log_header, take_line};
    VOUCH_TRY(resume_file(arena, &results->rows, &rows, bench));
    return resume_file(arena, &results->detail, &lines, bench);
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
    return settle(arena, bench, results);
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
