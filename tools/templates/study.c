/* vouch lab @NAME@: what it studies. Here: how many samples and classes a set has.
 *
 * Steps for a new study (delete each as you finish it):
 *   1. run: a few calls into src/lab, where the study itself belongs, then output.
 *   2. Options: rows over a settings struct in .table (lab_co.c); .interruptible if it takes long.
 *   3. A page in docs/howto, a line in its README.md, a test in tests/cli/test_lab.py.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/text.h"
#include "data/data.h"

static vouch_exit run(const vouch_cli_call *call)
{
    vouch_data *set = NULL;
    const vouch_status s = vouch_data_load(call->ctx, call->argument[0], &set);
    if (s != VOUCH_OK)
        return vouch_cli_fail(call, s);
    printf("%" PRId64 " samples, %d classes\n", set->info.count, set->info.classes);
    vouch_data_free(set);
    return vouch_cli_finish(call, VOUCH_EXIT_OK);
}

const vouch_command vouch_study_@NAME@ = {
    .name = "lab @NAME@",
    .summary = "one line for vouch lab",
    .arguments = "DATA",
    .description = "What it does and what it prints.",
    .examples = "vouch lab @NAME@ builtin:glyphs16",
    .least = 1,
    .most = 1,
    .run = run,
};
