/* vouch: finds the command, reads its arguments, runs it. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/parse.h"
#include "cli/text.h"

enum { COMMANDS_MAX = 64 };

static vouch_exit unknown_command(const vouch_cli_call *call, const char *name)
{
    const char *names[COMMANDS_MAX];
    size_t n = 0;
    for (const vouch_command *const *c = vouch_command_table(); *c && n < COMMANDS_MAX; c++)
        names[n++] = (*c)->name;
    const char *meant = vouch_cli_nearest(name, names, n);
    const vouch_status s = vouch_fail(
        call->ctx, VOUCH_ERR_ARGUMENT, "unknown command '%s'%s%s%s (see 'vouch --help')", name,
        meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    return vouch_cli_fail(call, s);
}

static vouch_exit run_command(vouch_cli_call *call, int argc, char *const *argv)
{
    const vouch_status s = vouch_cli_parse(argc, argv, call);
    if (s != VOUCH_OK)
        return vouch_cli_fail(call, s);
    if (((const vouch_cli_common *)call->settings[0])->help) {
        vouch_cli_help_command(stdout, call->command);
        return vouch_cli_finish(call, VOUCH_EXIT_OK);
    }
    if (call->command->interruptible)
        vouch_cli_interrupt(call->ctx);
    else
        vouch_cli_interrupt_release();
    return vouch_cli_finish(call, call->command->run(call));
}

static vouch_exit dispatch(vouch_cli_call *call, int argc, char *const *argv)
{
    if (argc < 2) {
        fputs("vouch: which command? (see 'vouch --help')\n", stderr);
        return VOUCH_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("vouch " VOUCH_VERSION);
        return vouch_cli_finish(call, VOUCH_EXIT_OK);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        vouch_cli_help_all(stdout);
        return vouch_cli_finish(call, VOUCH_EXIT_OK);
    }
    call->command = vouch_command_find(argv[1]);
    if (call->command == NULL)
        return unknown_command(call, argv[1]);
    const vouch_command *part = argc > 2 ? vouch_command_part(call->command, argv[2]) : NULL;
    if (part == NULL)
        return run_command(call, argc - 2, argv + 2);
    call->command = part;
    return run_command(call, argc - 3, argv + 3);
}

int main(int argc, char **argv)
{
    vouch_cli_interrupt_catch();
    vouch_cli_call call = {.started_s = vouch_wall_s()};
    call.ctx = vouch_context_new(NULL);
    call.arena = call.ctx != NULL ? vouch_arena_new(call.ctx) : NULL;
    if (call.arena == NULL) {
        fputs("vouch: out of memory\n", stderr);
        vouch_context_free(call.ctx);
        return VOUCH_EXIT_FAILED;
    }
    const vouch_exit code = dispatch(&call, argc, argv);
    vouch_cli_interrupt(NULL);
    vouch_arena_free(call.arena);
    vouch_context_free(call.ctx);
    return (int)code;
}
