/* Text and files of a measuring command: see publish.h. */
#include "cli/publish.h"

#include <string.h>

#include "cli/text.h"

vouch_status vouch_cli_files_open(vouch_arena *arena, const vouch_cli_name *out, int outs,
                                  const vouch_cli_name *in, int ins, vouch_cli_files *files)
{
    VOUCH_TRY(vouch_cli_output_check(vouch_arena_context(arena), out, outs, in, ins));
    files->is_json_only = out[0].path != NULL && strcmp(out[0].path, "-") == 0;
    for (; files->count < outs; files->count++)
        VOUCH_TRY(
            vouch_cli_output_open(arena, out[files->count].path, &files->output[files->count]));
    return VOUCH_OK;
}

vouch_exit vouch_cli_publish(const vouch_cli_call *call, vouch_cli_files *files,
                             vouch_cli_put_fn *put, const void *report)
{
    vouch_context *ctx = call->ctx;
    if (!files->is_json_only)
        (void)put(ctx, VOUCH_CLI_TEXT, stdout, report);
    const vouch_exit text = vouch_cli_finish(call, VOUCH_EXIT_OK);
    for (int i = 0; i < files->count; i++)
        if (vouch_cli_output_wanted(&files->output[i]) &&
            put(ctx, i, files->output[i].stream, report) == VOUCH_OK)
            (void)vouch_cli_output_commit(ctx, &files->output[i]);
    const vouch_status status = vouch_context_status(ctx);
    return text != VOUCH_EXIT_OK || status == VOUCH_OK ? text : vouch_cli_fail(call, status);
}

vouch_exit vouch_cli_conclude(const vouch_cli_call *call, vouch_status status,
                              vouch_cli_files *files, vouch_cli_put_fn *put, const void *report,
                              bool is_interrupted)
{
    const vouch_exit code = status == VOUCH_OK ? vouch_cli_publish(call, files, put, report)
                                               : vouch_cli_fail(call, status);
    vouch_cli_files_discard(files);
    return code == VOUCH_EXIT_OK && is_interrupted ? VOUCH_EXIT_INTERRUPTED : code;
}

void vouch_cli_files_discard(vouch_cli_files *files)
{
    for (int i = 0; i < files->count; i++)
        vouch_cli_output_discard(&files->output[i]);
}

vouch_status vouch_cli_put_markup(FILE *out, vouch_markup *markup, vouch_status made)
{
    if (made == VOUCH_OK)
        (void)fwrite(markup->data, 1, markup->size, out); /* the stream remembers an error */
    vouch_markup_free(markup);
    return made;
}
