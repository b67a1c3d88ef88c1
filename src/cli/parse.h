/* Parsing a command line by a command's option tables. */
#ifndef VOUCH_CLI_PARSE_H
#define VOUCH_CLI_PARSE_H

#include "cli/command.h"

/* Reads argv[0..argc-1] (what follows the command's name) into a call whose ctx, arena and
 * command are set. VOUCH_ERR_ARGUMENT: one line that says what is wrong, and what might have
 * been meant. The number of arguments is not checked where --help is among them. */
vouch_status vouch_cli_parse(int argc, char *const *argv, vouch_cli_call *call);

/* The name among `count` names that `text` most likely meant, or NULL. */
const char *vouch_cli_nearest(const char *text, const char *const *names, size_t count);

#endif
