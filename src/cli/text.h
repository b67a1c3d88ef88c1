/* Small texts for people: numbers, wrapped paragraphs, one-line messages. */
#ifndef VOUCH_CLI_TEXT_H
#define VOUCH_CLI_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "cli/command.h"

/* Room for one number in text. */
typedef struct vouch_cli_number {
    char text[40];
} vouch_cli_number;

/* 1234567 -> "1,234,567" */
vouch_cli_number vouch_cli_count(uint64_t n);
/* The shortest decimal that reads back as the same double: 2500, 0.1, 1e-07. An exponent only
 * for magnitudes under 1e-5 or from 1e16. */
vouch_cli_number vouch_cli_real(double x);
/* What makes a noun its plural: "" for 1, else "s". */
const char *vouch_cli_plural(int64_t n);
/* Seconds as "0.012 s", "12.3 s"; "no limit" for infinity. */
vouch_cli_number vouch_cli_seconds(double s);

/* The value that a setting has. */
vouch_cli_number vouch_cli_setting(const vouch_option *row, const void *settings);
/* The same however long, in the arena; "" where it has none. NULL: out of memory. */
const char *vouch_cli_setting_text(vouch_arena *arena, const vouch_option *row,
                                   const void *settings);

/* Writes text in lines of at most 79 columns, each but the first indented; the first begins at
 * column `at`. Ends with a newline. */
void vouch_cli_wrap(FILE *out, const char *text, int indent, int at);

/* One line on standard error: "vouch COMMAND: the context's error". */
void vouch_cli_complain(const vouch_cli_call *call);
/* The exit code for a status: usage, input or failure. */
vouch_exit vouch_cli_exit(vouch_status status);
/* Writes the error and returns its exit code. */
vouch_exit vouch_cli_fail(const vouch_cli_call *call, vouch_status status);
/* Flushes standard output; a write that failed there is an error. */
vouch_exit vouch_cli_finish(const vouch_cli_call *call, vouch_exit otherwise);

#endif
