/* Files a command writes: opened before the long run, put in place after it.
 *
 * A file that cannot be written must be known before an hour of work, and a file that stood
 * there must not be lost if the run ends early. So the text goes to a temporary beside the
 * target, made at the start; the commit flushes it to disk and renames it. What is no regular
 * file (a pipe, /dev/null) is written directly, and "-" is standard output.
 */
#ifndef VOUCH_CLI_OUTPUT_H
#define VOUCH_CLI_OUTPUT_H

#include <stdio.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/option.h"

typedef struct vouch_cli_output {
    const char *path;      /* as the user named it; NULL: no output is wanted */
    const char *target;    /* the file to be replaced */
    const char *temporary; /* NULL: written in place */
    FILE *stream;
    bool replaces; /* a regular file stands there */
} vouch_cli_output;

/* path NULL: an output that takes nothing. */
vouch_status vouch_cli_output_open(vouch_arena *arena, const char *path,
                                   vouch_cli_output *output);
bool vouch_cli_output_wanted(const vouch_cli_output *output);
/* Finishes the file; afterwards the output is closed either way. */
vouch_status vouch_cli_output_commit(vouch_context *ctx, vouch_cli_output *output);
/* Leaves no trace. Harmless after a commit. */
void vouch_cli_output_discard(vouch_cli_output *output);
/* In place of a commit: a regular file that stands there goes, so that nobody takes the answer
 * of an earlier run for one of this run. */
vouch_status vouch_cli_output_remove(vouch_context *ctx, vouch_cli_output *output);

/* A file of the command line: what it is ("--json", "the network"), and its path. */
typedef struct vouch_cli_name {
    const char *what, *path; /* path NULL: not given */
} vouch_cli_name;

/* VOUCH_ERR_ARGUMENT where two outputs are one file, or an output is an input, by whatever
 * names; to be asked before an output is opened. An input that does not exist stands for its
 * .gz, as in reading. */
vouch_status vouch_cli_output_check(vouch_context *ctx, const vouch_cli_name *out, int outs,
                                    const vouch_cli_name *in, int ins);

/* VOUCH_ERR_ARGUMENT where the name tells another format than is written. Devices tell none. */
vouch_status vouch_cli_output_suffix(vouch_context *ctx, const char *option, const char *path,
                                     const char *suffix);

/* Writes a document, whose adds may have failed, and gives it back. */
vouch_status vouch_cli_output_json(vouch_context *ctx, FILE *out, json_t *root);

/* The field of that row, under its name. */
void vouch_cli_add_setting(vouch_context *ctx, json_t *to, const vouch_option *row,
                           const void *settings);

#endif
