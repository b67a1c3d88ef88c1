/* The table of commands, and the options every command has. */
#include "cli/command.h"

#include <string.h>

#define VOUCH_COMMAND(name) extern const vouch_command vouch_command_##name;
#include "cli/command.def"
#undef VOUCH_COMMAND

#define VOUCH_COMMAND(name) &vouch_command_##name,
static const vouch_command *const commands[] = {
#include "cli/command.def"
    NULL};
#undef VOUCH_COMMAND

static const vouch_option common_rows[] = {
    {.name = "help",
     .help = "show this text and stop",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(vouch_cli_common, help)},
};
static const size_t common_count = sizeof common_rows / sizeof *common_rows;

const vouch_command *const *vouch_command_table(void) { return commands; }

const vouch_command *vouch_command_find(const char *name)
{
    for (int i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

vouch_cli_table vouch_command_options(const vouch_command *command, int i)
{
    if (i == 0)
        return (vouch_cli_table){common_rows, &common_count, sizeof(vouch_cli_common)};
    return command->table[i - 1];
}

bool vouch_cli_given(const vouch_cli_call *call, int i, size_t offset)
{
    const vouch_cli_table table = vouch_command_options(call->command, i);
    for (size_t k = 0; table.count != NULL && k < *table.count; k++) {
        if (table.rows[k].offset == offset)
            return call->given[i][k];
    }
    return false;
}
