/* The table of commands, and the options every command has. */
#include "cli/command.h"

#include <math.h>
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

const char *vouch_command_part_name(const vouch_command *command, const vouch_command *part)
{
    return part->name + strlen(command->name) + 1;
}

const vouch_command *vouch_command_part(const vouch_command *command, const char *name)
{
    const vouch_command *const *part = command->parts;
    while (part && *part && strcmp(vouch_command_part_name(command, *part), name) != 0)
        part++;
    return part ? *part : NULL;
}

vouch_cli_table vouch_command_options(const vouch_command *command, int i)
{
    if (i == 0)
        return (vouch_cli_table){common_rows, &common_count, sizeof(vouch_cli_common)};
    return command->table[i - 1];
}

double vouch_cli_limit_lower(double a_s, double b_s)
{
    if (a_s <= 0 || b_s <= 0)
        return a_s <= 0 ? b_s : a_s;
    return a_s < b_s ? a_s : b_s;
}

double vouch_cli_limit_left(double limit_s, double used_s)
{
    const double least_s = 1e-6;
    if (limit_s <= 0)
        return 0;
    return limit_s - used_s > least_s ? limit_s - used_s : least_s;
}

double vouch_cli_deadline(double begun_s, double limit_s)
{
    return limit_s > 0 ? begun_s + limit_s : (double)INFINITY;
}
