/* vouch help: the help text of a command, or of all. */
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/text.h"

static bool command_names(size_t index, const char **name)
{
    const vouch_command *command = vouch_command_table()[index];
    *name = command != NULL ? command->name : NULL;
    return command != NULL;
}

static vouch_exit run(const vouch_cli_call *call)
{
    if (call->argument_count == 0) {
        vouch_cli_help_all(stdout);
        return VOUCH_EXIT_OK;
    }
    const vouch_command *command = vouch_command_find(call->argument[0]);
    if (command == NULL)
        return vouch_cli_fail(call, vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "no command '%s'",
                                               call->argument[0]));
    vouch_cli_help_command(stdout, command);
    return VOUCH_EXIT_OK;
}

const vouch_command vouch_command_help = {
    .name = "help",
    .summary = "show the help text of a command",
    .arguments = "[COMMAND]",
    .description = "Prints what `vouch COMMAND --help` prints, or the list of commands.",
    .least = 0,
    .most = 1,
    .words = command_names,
    .run = run,
};
