/* Help texts, manual pages and shell completion, generated from the command and option tables.
 */
#ifndef VOUCH_CLI_HELP_H
#define VOUCH_CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

void vouch_cli_help_all(FILE *out);
void vouch_cli_help_command(FILE *out, const vouch_command *command);

/* How a row is written on the command line: "--timeout S", "--no-attack". */
void vouch_cli_option_spelling(const vouch_option *row, char *text, size_t size);
/* "default 60", "default auto", "" where there is nothing to say. */
void vouch_cli_option_default(const vouch_option *row, char *text, size_t size);
/* What the option does, its choices and its default, in one line. */
void vouch_cli_option_text(const vouch_option *row, char *text, size_t size);

/* What each exit code means, one after the other; NULL past the last. */
const char *vouch_cli_exit_meaning(int code);

#endif
