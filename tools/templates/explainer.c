/* vouch explain @NAME@: what it explains. Here: how many inputs there are to explain by.
 *
 * Steps for a new way of explaining (delete each as you finish it):
 *   1. run: a few calls into src/explain, where the work belongs, then output.
 *   2. Options: rows over a settings struct in .table (explain_formal.c); .interruptible if it
 *      takes long. JSON: the form of docs/json.md that explanations share.
 *   3. A page in docs/howto, a line in its README.md, a test in tests/cli.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/load.h"
#include "cli/text.h"

static vouch_exit run(const vouch_cli_call *call)
{
    vouch_cli_network network = {0};
    const vouch_status s = vouch_cli_network_load(call->ctx, call->argument[0], &network);
    if (s != VOUCH_OK)
        return vouch_cli_fail(call, s);
    printf("%" PRId64 " inputs\n", network.inputs);
    vouch_cli_network_free(&network);
    return vouch_cli_finish(call, VOUCH_EXIT_OK);
}

const vouch_command vouch_explainer_@NAME@ = {
    .name = "explain @NAME@",
    .summary = "one line for vouch explain",
    .arguments = "NET",
    .description = "What it does and what it prints.",
    .examples = "vouch explain @NAME@ net.onnx",
    .least = 1,
    .most = 1,
    .run = run,
};
