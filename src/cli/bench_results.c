/* The result files of a benchmark run: rows that are on disk before the next instance starts,
 * and taking them over after a kill.
 *
 * Invariant: a row is one write(2) of a whole line at the end of the file, followed by fsync;
 * the detail row of an instance is written before its result row. So after a kill at any
 * moment each file is complete lines and at most one torn one at the end, and the detail file
 * holds the rows of the result file and at most one more. Resuming cuts both back to that.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bench.h"
#include "io/io.h"

enum { RESULT_LIMIT = 1 << 28, ROW_FIELDS = 6, DETAIL_FIELDS = 11 };

static const char row_header[] = "category,onnx,vnnlib,prepare_time,verdict,run_time\n";
static const char detail_header[] =
    "onnx\tvnnlib\tverdict\tseconds\tcpu_seconds\tsubproblems\tdepth\tpeak_mib\tdomain\tsplit\t"
    "reason\n";

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

/* The first instance of that name that has no row yet; or that has one, but no details. */
static vouch_bench_instance *find(const vouch_bench *bench, const char *onnx,
                                  const char *vnnlib, bool measured_only)
{
    for (int i = 0; i < bench->count; i++) {
        vouch_bench_instance *one = &bench->instance[i];
        const bool free = measured_only ? one->done && !one->measured : !one->done;
        if (free && vouch_bench_is(one, onnx, vnnlib))
            return one;
    }
    return NULL;
}

static bool is_listed(const vouch_bench *bench, const char *onnx, const char *vnnlib)
{
    for (int i = 0; i < bench->count; i++)
        if (vouch_bench_is(&bench->instance[i], onnx, vnnlib))
            return true;
    return false;
}

/* False: a row of another benchmark, or one too many. The order is free, because runs with
 * different filters may have added to the file. */
static bool take_row(const vouch_bench *bench, const char *const *field)
{
    vouch_bench_instance *one = find(bench, field[1], field[2], false);
    if (one == NULL)
        return false;
    one->done = true;
    one->prepare_s = strtod(field[3], NULL);
    one->verdict = field[4];
    one->seconds = strtod(field[5], NULL);
    return true;
}

static bool take_detail(const vouch_bench *bench, const char *const *field)
{
    vouch_bench_instance *one = find(bench, field[0], field[1], true);
    if (one == NULL || strcmp(one->verdict, field[2]) != 0)
        return is_listed(bench, field[0], field[1]);
    one->measured = true;
    one->cpu_s = strtod(field[4], NULL);
    one->subproblems = strtoull(field[5], NULL, 10);
    one->depth = (int)strtol(field[6], NULL, 10);
    one->peak_mib = strtod(field[7], NULL);
    one->domain = field[8];
    one->split = field[9];
    one->reason = field[10];
    return true;
}

typedef struct format {
    char separator;
    int fields, onnx; /* columns; that of the network, which the property follows */
    const char *header;
    bool (*take)(const vouch_bench *bench, const char *const *field);
} format;

static const format row_format = {',', ROW_FIELDS, 1, row_header, take_row};
static const format detail_format = {'\t', DETAIL_FIELDS, 0, detail_header, take_detail};

/* Takes over at most `most` rows of the file; *rows how many, *kept the bytes they span. */
static vouch_status take_over(vouch_arena *arena, const vouch_bench_file *file, const format *f,
                              int most, const vouch_bench *bench, int *rows, off_t *kept)
{
    const char *field[DETAIL_FIELDS];
    vouch_file text;
    VOUCH_TRY(vouch_file_read(arena, file->path, RESULT_LIMIT, &text));
    vouch_bench_lines lines = {.at = text.data, .separator = f->separator};
    *kept = 0;
    *rows = 0;
    while (*rows < most) {
        const int n = vouch_bench_next(&lines, field, f->fields);
        if (n == 0 || !lines.complete)
            break;
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
        *rows += !header;
        *kept = lines.at - text.data;
    }
    return VOUCH_OK;
}

static vouch_status resume_file(vouch_arena *arena, const vouch_bench_file *file,
                                const format *f, int most, const vouch_bench *bench, int *rows)
{
    struct stat there;
    off_t kept = 0;
    *rows = 0;
    if (file->path == NULL || fstat(file->fd, &there) != 0 || there.st_size == 0)
        return VOUCH_OK;
    VOUCH_TRY(take_over(arena, file, f, most, bench, rows, &kept));
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

vouch_status vouch_bench_open(vouch_arena *arena, const vouch_bench_files *files,
                              vouch_bench *bench, vouch_bench_results *results)
{
    vouch_context *ctx = vouch_arena_context(arena);
    int rows = 0, details = 0;
    *results = (vouch_bench_results){{NULL, -1}, {NULL, -1}};
    VOUCH_TRY(open_file(ctx, files->out, files->resume, &results->rows));
    VOUCH_TRY(open_file(ctx, files->detail, files->resume, &results->detail));
    if (files->resume) {
        VOUCH_TRY(resume_file(arena, &results->rows, &row_format, INT_MAX, bench, &rows));
        VOUCH_TRY(resume_file(arena, &results->detail, &detail_format, rows, bench, &details));
    }
    if (files->header && is_empty(&results->rows))
        VOUCH_TRY(put(ctx, &results->rows, row_header));
    if (is_empty(&results->detail))
        VOUCH_TRY(put(ctx, &results->detail, detail_header));
    return VOUCH_OK;
}

/* A field must not break its row. */
static const char *plain(vouch_arena *arena, const char *text)
{
    char *copy = vouch_arena_text(arena, text != NULL ? text : "");
    for (char *p = copy; p != NULL && *p != '\0'; p++) {
        if (*p == '\t' || *p == '\n' || *p == '\r')
            *p = ' ';
    }
    return copy;
}

static vouch_status append_detail(vouch_arena *arena, const vouch_bench_instance *one,
                                  const vouch_bench_file *file)
{
    const char *reason = plain(arena, one->reason);
    if (file->path == NULL)
        return VOUCH_OK;
    if (reason == NULL)
        return VOUCH_ERR_MEMORY;
    const char *row = vouch_arena_print(
        arena, "%s\t%s\t%s\t%.6f\t%.6f\t%" PRIu64 "\t%d\t%.1f\t%s\t%s\t%s\n", one->onnx,
        one->vnnlib, one->verdict, one->seconds, one->cpu_s, one->subproblems, one->depth,
        one->peak_mib, one->domain ? one->domain : "", one->split ? one->split : "", reason);
    return row == NULL ? VOUCH_ERR_MEMORY : put(vouch_arena_context(arena), file, row);
}

vouch_status vouch_bench_append(vouch_arena *arena, const vouch_bench *bench,
                                const vouch_bench_instance *one, vouch_bench_results *results)
{
    VOUCH_TRY(append_detail(arena, one, &results->detail));
    if (results->rows.path == NULL)
        return VOUCH_OK;
    const char *row =
        vouch_arena_print(arena, "%s,%s,%s,%.6f,%s,%.6f\n", bench->category, one->onnx,
                          one->vnnlib, one->prepare_s, one->verdict, one->seconds);
    return row == NULL ? VOUCH_ERR_MEMORY
                       : put(vouch_arena_context(arena), &results->rows, row);
}

void vouch_bench_close(vouch_bench_results *results)
{
    if (results->rows.path != NULL && results->rows.fd >= 0)
        (void)close(results->rows.fd);
    if (results->detail.path != NULL && results->detail.fd >= 0)
        (void)close(results->detail.fd);
}
