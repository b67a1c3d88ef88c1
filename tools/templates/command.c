/* vouch @NAME@: what it does. Here: prints the name of its argument.
 *
 * Steps for a new command (delete each as you finish it; docs/howto/add-a-command.md):
 *   1. run: a few calls into the library, then output. Exit codes: cli/command.h.
 *   2. Options: rows over a settings struct in .table; .interruptible if it can take long.
 *   3. Its line in command.def stands where the help text shall have it.
 *   4. A page in docs/howto, a test in tests/cli, its name in COMMANDS of test_commands.py.
 */
#include <stdio.h>

#include "cli/text.h"

static vouch_exit run(const vouch_cli_call *call)
{
    printf("%s\n", call->argument[0]);
    return vouch_cli_finish(call, VOUCH_EXIT_OK);
}

const vouch_command vouch_command_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch help",
    .arguments = "FILE",
    .description = "What it does and what it prints.",
    .examples = "vouch @NAME@ file",
    .least = 1,
    .most = 1,
    .run = run,
};
