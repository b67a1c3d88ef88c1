/* vouch lab: studies of how networks behave. Each is a command of its own in a file
 * lab_NAME.c, `const vouch_command vouch_study_NAME`, and a line in study.def. */
#include "cli/text.h"

#define VOUCH_STUDY(name) extern const vouch_command vouch_study_##name;
#include "cli/study.def"
#undef VOUCH_STUDY

extern const vouch_command vouch_command_lab;

static const vouch_command *const studies[] = {
#define VOUCH_STUDY(name) &vouch_study_##name,
#include "cli/study.def"
#undef VOUCH_STUDY
    NULL};

static bool study_names(size_t index, const char **name)
{
    const vouch_command *study = studies[index];
    *name = study != NULL ? vouch_command_part_name(&vouch_command_lab, study) : NULL;
    return study != NULL;
}

static vouch_exit run(const vouch_cli_call *call)
{
    enum { COLUMN = 14 };
    if (call->argument_count > 0)
        return vouch_cli_fail(call, vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                                               "no study '%s' ('vouch lab' lists them)",
                                               call->argument[0]));
    for (const vouch_command *const *s = studies; *s != NULL; s++) {
        const int at = printf("%-*s", COLUMN, vouch_command_part_name(call->command, *s));
        vouch_cli_wrap(stdout, (*s)->summary, COLUMN, at);
    }
    return VOUCH_EXIT_OK;
}

const vouch_command vouch_command_lab = {
    .name = "lab",
    .summary = "studies of how networks behave: landscapes, collapse of training, trade-offs, "
               "relaxations",
    .arguments = "[STUDY ...]",
    .description = "Studies measure and draw; nothing they say is a proof. Without an argument "
                   "they are listed.\n\n"
                   "Ways of training (--methods): "
#define VOUCH_METHOD(name, text) name ", "
#include "lab/method.def"
#undef VOUCH_METHOD
                   "or any LOSS SETTING=VALUE + REGULARISER ... of vouch train.\n\n"
                   "Relaxations (--relaxations): "
#define VOUCH_RELAXATION(name, text, share, theory) name ", "
#include "lab/relaxation.def"
#undef VOUCH_RELAXATION
                   "or any of vouch list domains, with settings.",
    .examples = "vouch lab\nvouch lab landscape --help",
    .least = 0,
    .most = 64,
    .words = study_names,
    .parts = studies,
    .run = run,
};
