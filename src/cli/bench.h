/* A VNN-COMP benchmark: its instances, the rows written so far, and the summary. */
#ifndef VOUCH_CLI_BENCH_H
#define VOUCH_CLI_BENCH_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

typedef struct vouch_bench_instance {
    const char *onnx, *vnnlib; /* as the instances file has them */
    double limit_s;
    const char *expected; /* verdict word, or NULL */
    bool chosen;          /* by --filter */
    bool done;            /* has its row */
    bool contradicted;
    bool measured;       /* the figures from cpu_s on are known */
    const char *verdict; /* "unsat" ... "error" */
    double prepare_s, seconds;
    double cpu_s, peak_mib;
    uint64_t subproblems;
    int depth;
    const char *domain, *split, *reason;
} vouch_bench_instance;

typedef struct vouch_bench {
    const char *folder;   /* that paths are relative to, with its slash; "" = here */
    const char *category; /* the folder's name */
    int count;
    vouch_bench_instance *instance;
} vouch_bench;

/* Lines of fields, cut in place. Blanks around a field, a carriage return before the end of a
 * line and empty lines are dropped; there is no quoting. */
typedef struct vouch_bench_lines {
    char *at;
    char separator;
    int line;          /* number of the current line */
    bool complete;     /* the current line ends with a newline */
    const char *start; /* of the current line */
} vouch_bench_lines;

/* Cuts the next line into at most `most` fields (what is left over stays in the last one);
 * returns how many, 0 at the end. */
int vouch_bench_next(vouch_bench_lines *lines, const char **field, int most);

/* Are these the names of that instance? Leading "./" and a trailing ".gz" do not matter. */
bool vouch_bench_is(const vouch_bench_instance *one, const char *onnx, const char *vnnlib);

/* Reads instances.csv: rows onnx,vnnlib,timeout. A first row whose timeout is no number is a
 * header. */
vouch_status vouch_bench_read(vouch_arena *arena, const char *path, vouch_bench *bench);
/* Reads expected verdicts: a header that names the columns onnx, vnnlib and verdict. */
vouch_status vouch_bench_read_expected(vouch_arena *arena, const char *path,
                                       vouch_bench *bench);

/* ---- result files ----------------------------------------------------------------------- */

/* A file that grows by whole rows, each on disk before the next instance starts. */
typedef struct vouch_bench_file {
    const char *path; /* NULL: not wanted */
    int fd;
} vouch_bench_file;

typedef struct vouch_bench_results {
    vouch_bench_file rows, detail;
} vouch_bench_results;

typedef struct vouch_bench_files {
    const char *out, *detail; /* NULL: not wanted; "-": standard output */
    bool resume, header;
} vouch_bench_files;

/* Opens the files; with `resume` takes over the complete rows that stand there (marking their
 * instances done) and cuts off a torn one. */
vouch_status vouch_bench_open(vouch_arena *arena, const vouch_bench_files *files,
                              vouch_bench *bench, vouch_bench_results *results);
vouch_status vouch_bench_append(vouch_arena *arena, const vouch_bench *bench,
                                const vouch_bench_instance *one, vouch_bench_results *results);
void vouch_bench_close(vouch_bench_results *results);

/* ---- summary ---------------------------------------------------------------------------- */

/* Tables of what is done: by verdict, by property, against what was expected. cpu_s: of the
 * process. */
vouch_status vouch_bench_summary(vouch_arena *arena, const vouch_bench *bench, double cpu_s,
                                 FILE *out);
int vouch_bench_contradictions(const vouch_bench *bench);

#endif
