/* vouch explain: why a network decides as it does. Each way of explaining is a command of its own in
 * a file explain_NAME.c, `const vouch_command vouch_explainer_NAME`, and a line in explainer.def. */
#include "cli/text.h"

#define VOUCH_EXPLAINER(name) extern const vouch_command vouch_explainer_##name;
#include "cli/explainer.def"
#undef VOUCH_EXPLAINER

extern const vouch_command vouch_command_explain;

static const vouch_command *const explainers[] = {
#define VOUCH_EXPLAINER(name) &vouch_explainer_##name,
#include "cli/explainer.def"
#undef VOUCH_EXPLAINER
    NULL};

static bool explainer_names(size_t index, const char **name)
{
    const vouch_command *explainer = explainers[index];
    *name =
        explainer != NULL ? vouch_command_part_name(&vouch_command_explain, explainer) : NULL;
    return explainer != NULL;
}

static vouch_exit run(const vouch_cli_call *call)
{
    enum { COLUMN = 14 };
    if (call->argument_count > 0)
        return vouch_cli_fail(call, vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                                               "no explainer '%s' ('vouch explain' lists them)",
                                               call->argument[0]));
    for (const vouch_command *const *e = explainers; *e != NULL; e++) {
        const int at = printf("%-*s", COLUMN, vouch_command_part_name(call->command, *e));
        vouch_cli_wrap(stdout, (*e)->summary, COLUMN, at);
    }
    return VOUCH_EXIT_OK;
}

const vouch_command vouch_command_explain = {
    .name = "explain",
    .summary = "why a network decides as it does: which inputs provably do not matter",
    .arguments = "[EXPLAINER ...]",
    .description = "Explains decisions of a classifier. Without an argument the ways of "
                   "explaining are listed.",
    .examples = "vouch explain\nvouch explain formal --help",
    .least = 0,
    .most = 64,
    .words = explainer_names,
    .parts = explainers,
    .run = run,
};
