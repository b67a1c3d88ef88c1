/* VNN-COMP benchmarks: their instances, the rows written so far, and the summary.
 *
 * A benchmark (a "set" here) is a folder with instances.csv; a run goes over the instances of
 * one or many. bench_find.c and bench_read.c list them, bench_run.c decides one of them in a
 * child process (bench_child.c), bench_results.c keeps what came out, bench_log.c says how a
 * line of the log looks, bench_summary.c and bench_table.c print.
 */
#ifndef VOUCH_CLI_BENCH_H
#define VOUCH_CLI_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "cli/command.h"
#include "verify/verify.h"

/* Wall seconds of an instance, by what they went to. */
typedef enum vouch_bench_phase {
    VOUCH_BENCH_LOAD,
    VOUCH_BENCH_ATTACK,
    VOUCH_BENCH_BOUNDS,
    VOUCH_BENCH_SEARCH,
    VOUCH_BENCH_LEAVES,
    VOUCH_BENCH_PHASES
} vouch_bench_phase;

const char *vouch_bench_phase_name(int phase);

typedef struct vouch_bench_set {
    const char *path;   /* of its instances file */
    const char *folder; /* that paths are relative to, with its slash; "" = here */
    const char *name;   /* the folder's; the category of result rows */
    int first, count;   /* of its instances */
} vouch_bench_set;

typedef struct vouch_bench_instance {
    const char *benchmark;     /* name of its set */
    const char *folder;        /* of its set */
    const char *onnx, *vnnlib; /* as the instances file has them */
    double limit_s;            /* its own, or that of --timeout where this is lower; 0 = none */
    const char *settings;      /* that are not default, as text */
    const char *tag;           /* of --tag */
    const char *expected;      /* verdict word, or NULL */
    const char *checked;       /* was the counterexample behind `expected` replayed? or NULL */
    bool chosen;               /* by --only, --filter ... */
    bool done;                 /* has its row */
    bool measured;             /* the figures from cpu_s on are known */
    bool other;                /* the log has its row under another limit or settings */
    off_t row_at;              /* where its row starts that stood in the result file */
    const char *verdict;       /* "unsat" ... "error" */
    const char *compared;      /* with expected: agrees, wrong, disagrees; NULL: neither */
    double prepare_s, seconds;
    double cpu_s, peak_mib;
    double phase_s[VOUCH_BENCH_PHASES];
    const char *decided_by; /* name of a phase; "" if undecided */
    uint64_t subproblems, depth;
    const char *domain, *split, *reason;
} vouch_bench_instance;

typedef struct vouch_bench {
    int set_count, count;
    vouch_bench_set *set;
    vouch_bench_instance *instance; /* of all sets */
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

/* Reads an instances file: rows onnx,vnnlib,timeout. A first row whose timeout is no number is
 * a header. *instance has set->count of them. */
vouch_status vouch_bench_read(vouch_arena *arena, const char *path, vouch_bench_set *set,
                              vouch_bench_instance **instance);
/* Reads expected verdicts, of the instances of one set: a header that names the columns onnx,
 * vnnlib and verdict, and perhaps ce_checked. */
vouch_status vouch_bench_read_expected(vouch_arena *arena, const char *path,
                                       const vouch_bench_set *set, const vouch_bench *bench);

/* ---- which instances --------------------------------------------------------------------- */

typedef struct vouch_bench_choice {
    const char *only, *filter, *shard, *expected; /* NULL: not given */
    int64_t limit_instances;                      /* of each set; 0 = all */
} vouch_bench_choice;

/* The instances of all benchmarks that the paths name: instances files, folders with one, or
 * folders of such folders. A folder's own expected.csv is read with it. Not chosen are those
 * that the choice leaves out. */
vouch_status vouch_bench_find(vouch_arena *arena, int paths, const char *const *path,
                              const vouch_bench_choice *choice, vouch_bench *bench);

/* ---- one instance ------------------------------------------------------------------------ */

/* A child process, and what the system says of it once it is gone. */
typedef struct vouch_bench_child {
    pid_t pid;     /* 0: none */
    int fd;        /* its answers */
    double told_s; /* when an interruption was passed on */
    bool overdue;  /* it was killed for its time */
    int signal;    /* that ended it; 0: it left with the code `code` */
    int code;
    double cpu_s, peak_mib;
} vouch_bench_child;

/* fn runs in the child, with the writing end of the pipe. */
vouch_status vouch_bench_fork(vouch_context *ctx, void (*fn)(void *user, int fd), void *user,
                              vouch_bench_child *child);
bool vouch_bench_send(int fd, const void *answer, size_t size);
/* Waits for an answer; false where the child is gone without one (then it is reaped). An
 * interruption is passed on. kill_s: wall seconds after which it is killed; 0 = never. */
bool vouch_bench_receive(vouch_bench_child *child, double kill_s, void *answer, size_t size);
void vouch_bench_dismiss(vouch_bench_child *child); /* harmless where there is none */

/* Decides instance after instance in a child, which is another one after each that was large. */
typedef struct vouch_bench_server {
    const vouch_cli_call *call;
    const vouch_verify_settings *settings;
    const vouch_bench *bench;
    double total_s; /* of the whole run; 0 = no limit */
    int from;       /* first instance of the child to be started */
    double cpu_s;   /* of the child so far */
    vouch_bench_child child;
} vouch_bench_server;

/* Fills the fields of the next instance that is chosen and not done, but for done, measured and
 * compared; text goes to the arena. *failed: it gave no verdict but an error, and that is
 * vouch's fault and not that of a file. */
vouch_status vouch_bench_decide(vouch_bench_server *server, vouch_arena *arena,
                                vouch_bench_instance *one, bool *failed);

/* Sets one->compared; true where the verdict contradicts what was expected. */
bool vouch_bench_compare(vouch_bench_instance *one);

/* ---- result files ----------------------------------------------------------------------- */

enum { VOUCH_BENCH_FIELDS = 32 };

/* The log: a header, then one line an instance, ended by a newline. */
const char *vouch_bench_log_header(vouch_arena *arena);
const char *vouch_bench_log_line(vouch_arena *arena, const vouch_bench_instance *one);
int vouch_bench_log_fields(void);
/* The instance that this line is of, with what the line says of it. */
void vouch_bench_log_read(const char *const *field, vouch_bench_instance *one);

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
 * instances done) and cuts off a torn one, and those whose line in the log is lost. */
vouch_status vouch_bench_open(vouch_arena *arena, const vouch_bench_files *files,
                              vouch_bench *bench, vouch_bench_results *results);
vouch_status vouch_bench_append(vouch_arena *arena, const vouch_bench_instance *one,
                                const vouch_bench_results *results);
void vouch_bench_close(vouch_bench_results *results);

/* ---- summary ---------------------------------------------------------------------------- */

/* Sums over some of the instances that are done. */
typedef enum vouch_bench_word {
    VOUCH_BENCH_UNSAT,
    VOUCH_BENCH_SAT,
    VOUCH_BENCH_UNKNOWN,
    VOUCH_BENCH_TIMEOUT,
    VOUCH_BENCH_ERROR,
    VOUCH_BENCH_WORDS
} vouch_bench_word;

typedef struct vouch_bench_sums {
    int count, measured, wrong, disagrees;
    int of[VOUCH_BENCH_WORDS];
    double seconds, cpu_s, peak_mib, phase_s[VOUCH_BENCH_PHASES];
    uint64_t subproblems;
    const vouch_bench_instance *hardest; /* by CPU time */
} vouch_bench_sums;

const char *vouch_bench_word_name(int word);
void vouch_bench_add(vouch_bench_sums *sums, const vouch_bench_instance *one);
/* Median wall seconds of what is done among instances first .. first + count - 1. */
vouch_status vouch_bench_median(vouch_arena *arena, const vouch_bench *bench, int first,
                                int count, double *median_s);

/* Tables of what is done: by verdict, by property, against what was expected; by benchmark where
 * there are several. */
vouch_status vouch_bench_summary(vouch_arena *arena, const vouch_bench *bench, FILE *out);
vouch_status vouch_bench_table(vouch_arena *arena, const vouch_bench *bench, FILE *out);
int vouch_bench_contradictions(const vouch_bench *bench);

#endif
