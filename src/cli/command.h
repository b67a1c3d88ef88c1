/* The command line: commands, their option tables, and what a call hands to a command.
 *
 * A command is one file cmd_NAME.c with `const vouch_command vouch_command_NAME` and one line
 * VOUCH_COMMAND(NAME) in command.def. From its descriptor and the option tables it names come
 * the parsing of arguments, `--help`, the manual page and the shell completion; none of them
 * mentions an option a second time.
 *
 * What goes where: answers on standard output, everything else on standard error. Exit codes
 * are those of vouch_exit below.
 */
#ifndef VOUCH_CLI_COMMAND_H
#define VOUCH_CLI_COMMAND_H

#include "base/arena.h"
#include "base/option.h"

typedef enum vouch_exit {
    VOUCH_EXIT_OK = 0,
    VOUCH_EXIT_UNMET = 1,      /* --require not met, a verdict contradicted, not a witness */
    VOUCH_EXIT_USAGE = 2,      /* the command line makes no sense */
    VOUCH_EXIT_INPUT = 3,      /* a file is bad, or cannot be read or written */
    VOUCH_EXIT_FAILED = 4,     /* out of memory, or a defect of vouch */
    VOUCH_EXIT_INTERRUPTED = 5 /* a signal ended it; what is known was written */
} vouch_exit;

/* One settings struct of a command and the rows that describe it. */
typedef struct vouch_cli_table {
    const vouch_option *rows;
    const size_t *count; /* NULL: no table */
    size_t size;         /* of the settings struct */
} vouch_cli_table;

/* Table 0 is the same for every command (vouch_cli_common); a command names the others. */
enum { VOUCH_CLI_TABLES = 3 };

typedef struct vouch_cli_common {
    bool help;
} vouch_cli_common;

struct vouch_command;

typedef struct vouch_cli_call {
    vouch_context *ctx;
    vouch_arena *arena; /* of the whole run of the program */
    const struct vouch_command *command;
    double started_s; /* vouch_wall_s() when the program began */
    int argument_count;
    const char *const *argument; /* [argument_count], without options; NULL after the last */
    void *settings[VOUCH_CLI_TABLES];
    bool *given[VOUCH_CLI_TABLES]; /* [rows]: named on the command line */
} vouch_cli_call;

typedef struct vouch_command {
    const char *name, *summary;
    const char *arguments;   /* "NET SPEC", as shown in the usage line */
    const char *description; /* paragraphs, separated by an empty line */
    const char *examples;    /* one command a line */
    int least, most;         /* how many arguments */
    bool interruptible;      /* SIGINT and SIGTERM cancel the context */
    vouch_cli_table table[VOUCH_CLI_TABLES - 1];
    /* What the argument may be, for shell completion; false past the last. NULL: files. */
    bool (*words)(size_t index, const char **name);
    /* Commands of its own, named "PARENT PART", chosen by the first argument; NULL-terminated.
     * NULL: none. */
    const struct vouch_command *const *parts;
    vouch_exit (*run)(const vouch_cli_call *call);
} vouch_command;

const vouch_command *const *vouch_command_table(void); /* NULL-terminated */
const vouch_command *vouch_command_find(const char *name);
/* The part of that name, as in its parent's first argument, or NULL. */
const vouch_command *vouch_command_part(const vouch_command *command, const char *name);
const char *vouch_command_part_name(const vouch_command *command, const vouch_command *part);

/* Table i (0 .. VOUCH_CLI_TABLES-1) of a command; count NULL where it has none. */
vouch_cli_table vouch_command_options(const vouch_command *command, int i);

/* Time limits: seconds, 0 = none. The lower of two; and what is left of one (never 0 = none,
 * though it be used up). */
double vouch_cli_limit_lower(double a_s, double b_s);
double vouch_cli_limit_left(double limit_s, double used_s);
/* When a limit ends that began then; infinity: never. */
double vouch_cli_deadline(double begun_s, double limit_s);

#endif
