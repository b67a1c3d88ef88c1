/* The log of a benchmark run: one tab-separated line an instance, with all that is known of it.
 *
 * One table of columns says how a line is written and how it is read back. An instance is known
 * in a log by benchmark, network, property, limit and settings together: so one log may hold
 * runs under several limits, and none is taken for another.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"

typedef enum kind { TEXT, REAL, COUNT } kind;

typedef struct log_column {
    const char *name;
    kind kind;
    size_t offset; /* in vouch_bench_instance */
} log_column;

#define FIELD(name) offsetof(vouch_bench_instance, name)
#define PHASE(phase) (FIELD(phase_s) + (phase) * sizeof(double))

static const log_column columns[] = {
    {"onnx", TEXT, FIELD(onnx)},
    {"vnnlib", TEXT, FIELD(vnnlib)},
    {"verdict", TEXT, FIELD(verdict)},
    {"seconds", REAL, FIELD(seconds)},
    {"cpu_seconds", REAL, FIELD(cpu_s)},
    {"subproblems", COUNT, FIELD(subproblems)},
    {"depth", COUNT, FIELD(depth)},
    {"peak_mib", REAL, FIELD(peak_mib)},
    {"domain", TEXT, FIELD(domain)},
    {"split", TEXT, FIELD(split)},
    {"reason", TEXT, FIELD(reason)},
    {"benchmark", TEXT, FIELD(benchmark)},
    {"limit_s", REAL, FIELD(limit_s)},
    {"settings", TEXT, FIELD(settings)},
    {"expected", TEXT, FIELD(expected)},
    {"compared", TEXT, FIELD(compared)},
    {"decided_by", TEXT, FIELD(decided_by)},
    {"prepare_s", REAL, FIELD(prepare_s)},
    {"load_s", REAL, PHASE(VOUCH_BENCH_LOAD)},
    {"attack_s", REAL, PHASE(VOUCH_BENCH_ATTACK)},
    {"bounds_s", REAL, PHASE(VOUCH_BENCH_BOUNDS)},
    {"search_s", REAL, PHASE(VOUCH_BENCH_SEARCH)},
    {"leaves_s", REAL, PHASE(VOUCH_BENCH_LEAVES)},
    {"tag", TEXT, FIELD(tag)},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

_Static_assert((int)COLUMNS <= (int)VOUCH_BENCH_FIELDS, "room for the fields of a line");

int vouch_bench_log_fields(void) { return COLUMNS; }

/* The line so far, and a field. NULL stays NULL. */
static char *joined(vouch_arena *arena, const char *line, const char *field)
{
    if (line == NULL || field == NULL)
        return NULL;
    return vouch_arena_print(arena, "%s\t%s", line, field);
}

const char *vouch_bench_log_header(vouch_arena *arena)
{
    const char *line = columns[0].name;
    for (int c = 1; c < COLUMNS; c++)
        line = joined(arena, line, columns[c].name);
    return line == NULL ? NULL : vouch_arena_print(arena, "%s\n", line);
}

/* A text must not break its line. */
static const char *plain(vouch_arena *arena, const char *text)
{
    char *copy = vouch_arena_text(arena, text != NULL ? text : "");
    for (char *p = copy; p != NULL && *p != '\0'; p++) {
        if (*p == '\t' || *p == '\n' || *p == '\r')
            *p = ' ';
    }
    return copy;
}

static const char *cell(vouch_arena *arena, const log_column *column, const void *one)
{
    const char *field = (const char *)one + column->offset;
    const char *text = NULL;
    double real = 0;
    uint64_t count = 0;
    switch (column->kind) {
    case TEXT:
        memcpy(&text, field, sizeof text);
        return plain(arena, text);
    case REAL:
        memcpy(&real, field, sizeof real);
        return vouch_arena_print(arena, "%.6f", real);
    case COUNT:
        memcpy(&count, field, sizeof count);
        return vouch_arena_print(arena, "%" PRIu64, count);
    }
    return NULL;
}

const char *vouch_bench_log_line(vouch_arena *arena, const vouch_bench_instance *one)
{
    const char *line = cell(arena, &columns[0], one);
    for (int c = 1; c < COLUMNS; c++)
        line = joined(arena, line, cell(arena, &columns[c], one));
    return line == NULL ? NULL : vouch_arena_print(arena, "%s\n", line);
}

void vouch_bench_log_read(const char *const *field, vouch_bench_instance *one)
{
    for (int c = 0; c < COLUMNS; c++) {
        char *to = (char *)one + columns[c].offset;
        const double real = strtod(field[c], NULL);
        const uint64_t count = strtoull(field[c], NULL, 10);
        switch (columns[c].kind) {
        case TEXT:
            memcpy(to, &field[c], sizeof field[c]);
            break;
        case REAL:
            memcpy(to, &real, sizeof real);
            break;
        case COUNT:
            memcpy(to, &count, sizeof count);
            break;
        }
    }
}
