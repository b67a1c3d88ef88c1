/* Reading a benchmark: its instances and the verdicts expected of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"
#include "io/io.h"

enum { CSV_LIMIT = 1 << 28, FIELDS = 32 };

static char *trim(char *text, const char *blanks)
{
    text += strspn(text, blanks);
    size_t n = strlen(text);
    while (n > 0 && strchr(blanks, text[n - 1]) != NULL)
        text[--n] = '\0';
    return text;
}

int vouch_bench_next(vouch_bench_lines *lines, const char **field, int most)
{
    const char *blanks = lines->separator == '\t' ? " \r" : " \t\r";
    while (*lines->at != '\0') {
        char *text = lines->at;
        const size_t length = strcspn(text, "\n");
        lines->start = text;
        lines->complete = text[length] == '\n';
        lines->at = text + length + (lines->complete ? 1 : 0);
        lines->line++;
        text[length] = '\0';
        if (*trim(text, blanks) == '\0')
            continue;
        int count = 0;
        for (char *next = text; next != NULL; count++) {
            char *cut = count + 1 < most ? strchr(next, lines->separator) : NULL;
            if (cut != NULL)
                *cut++ = '\0';
            field[count] = trim(next, blanks);
            next = cut;
        }
        return count;
    }
    return 0;
}

static bool same_file(const char *a, const char *b)
{
    a += strncmp(a, "./", 2) == 0 ? 2 : 0;
    b += strncmp(b, "./", 2) == 0 ? 2 : 0;
    size_t n = strlen(a), m = strlen(b);
    n -= n > 3 && strcmp(a + n - 3, ".gz") == 0 ? 3 : 0;
    m -= m > 3 && strcmp(b + m - 3, ".gz") == 0 ? 3 : 0;
    return n == m && memcmp(a, b, n) == 0;
}

bool vouch_bench_is(const vouch_bench_instance *one, const char *onnx, const char *vnnlib)
{
    return same_file(one->onnx, onnx) && same_file(one->vnnlib, vnnlib);
}

/* The folder with its slash, and its name: that of the folder the file really lies in. */
static vouch_status name_folder(vouch_arena *arena, const char *path, vouch_bench_set *set)
{
    const char *slash = strrchr(path, '/');
    const size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    set->path = path;
    set->folder = vouch_arena_text_n(arena, path, length);
    char *real = realpath(length > 0 ? set->folder : ".", NULL);
    const char *name = real != NULL ? strrchr(real, '/') : NULL;
    set->name = vouch_arena_text(arena, name != NULL ? name + 1 : "benchmark");
    free(real);
    return set->folder && set->name ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static int count_lines(const char *text)
{
    int count = 1;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        count++;
    return count;
}

static bool read_limit(const char *text, double *limit_s)
{
    char *end = NULL;
    *limit_s = strtod(text, &end);
    return end != text && *end == '\0' && !isnan(*limit_s) && *limit_s >= 0;
}

vouch_status vouch_bench_read(vouch_arena *arena, const char *path, vouch_bench_set *set,
                              vouch_bench_instance **instance)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_file file;
    const char *field[FIELDS];
    VOUCH_TRY(vouch_file_read(arena, path, CSV_LIMIT, &file));
    VOUCH_TRY(name_folder(arena, path, set));
    set->count = 0;
    vouch_bench_instance *list =
        VOUCH_NEW_ARRAY(arena, vouch_bench_instance, count_lines(file.data));
    if (list == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_bench_lines lines = {.at = file.data, .separator = ','};
    for (int n; (n = vouch_bench_next(&lines, field, FIELDS)) > 0;) {
        double limit_s = 0;
        if (n != 3)
            return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s:%d: expected onnx,vnnlib,timeout", path,
                              lines.line);
        const bool limited = read_limit(field[2], &limit_s);
        if (!limited && set->count == 0 && strcmp(field[0], "onnx") == 0)
            continue; /* a header */
        if (!limited)
            return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s:%d: '%s' is no time limit", path,
                              lines.line, field[2]);
        list[set->count++] = (vouch_bench_instance){.benchmark = set->name,
                                                    .folder = set->folder,
                                                    .onnx = field[0],
                                                    .vnnlib = field[1],
                                                    .limit_s = limit_s};
    }
    *instance = list;
    if (set->count == 0)
        return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s: holds no instance", path);
    return VOUCH_OK;
}

static int column(const char *const *field, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(field[i], name) == 0)
            return i;
    }
    return -1;
}

vouch_status vouch_bench_read_expected(vouch_arena *arena, const char *path,
                                       const vouch_bench_set *set, const vouch_bench *bench)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_file file;
    const char *field[FIELDS];
    VOUCH_TRY(vouch_file_read(arena, path, CSV_LIMIT, &file));
    vouch_bench_lines lines = {.at = file.data, .separator = ','};
    int n = vouch_bench_next(&lines, field, FIELDS);
    const int onnx = column(field, n, "onnx"), vnnlib = column(field, n, "vnnlib");
    const int verdict = column(field, n, "verdict"), checked = column(field, n, "ce_checked");
    if (onnx < 0 || vnnlib < 0 || verdict < 0)
        return vouch_fail(ctx, VOUCH_ERR_PARSE,
                          "%s:1: expected a header with the columns onnx, vnnlib, verdict",
                          path);
    while ((n = vouch_bench_next(&lines, field, FIELDS)) > 0) {
        if (onnx >= n || vnnlib >= n || verdict >= n)
            return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s:%d: too few columns", path, lines.line);
        for (int i = set->first; i < set->first + set->count; i++) {
            vouch_bench_instance *one = &bench->instance[i];
            if (!vouch_bench_is(one, field[onnx], field[vnnlib]))
                continue;
            one->expected = field[verdict];
            one->checked = checked >= 0 && checked < n ? field[checked] : NULL;
        }
    }
    return VOUCH_OK;
}
