/* vouch verify: proves or refutes one property of one network.
 *
 * Order of things: files to be written are opened first, so that a wrong name costs no run;
 * then network and property are read; then the search; then the verdict goes to standard
 * output before any file is put in place.
 */
#include <math.h>
#include <string.h>

#include "attack/falsify.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/picture.h"
#include "cli/progress.h"
#include "cli/text.h"

typedef struct verify_cli {
    const char *require, *json, *witness, *picture, *picture_dims;
    bool quiet;
} verify_cli;

static bool verdict_choices(size_t index, const char **name)
{
    static const vouch_verdict order[] = {VOUCH_UNSAT, VOUCH_SAT, VOUCH_UNKNOWN, VOUCH_TIMEOUT};
    if (index >= sizeof order / sizeof *order)
        return false;
    *name = vouch_verdict_name(order[index]);
    return true;
}

static const vouch_option rows[] = {
    {.name = "require",
     .argument = "VERDICT",
     .help = "exit with 1 unless this is the verdict",
     .type = VOUCH_OPTION_CHOICE,
     .offset = offsetof(verify_cli, require),
     .choices = verdict_choices},
    {.name = "json",
     .argument = "FILE",
     .help = "write the result as JSON; - writes it to standard output in place of the text",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(verify_cli, json)},
    {.name = "witness",
     .argument = "FILE",
     .help =
         "write the witness of a sat in VNN-COMP's format; - writes it below the verdict in "
         "place of the summary; without a sat, an old FILE is removed",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(verify_cli, witness)},
    {.name = "picture",
     .argument = "FILE",
     .help = "draw the partition of the input space as SVG: proved, refuted and open boxes",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(verify_cli, picture)},
    {.name = "picture-dims",
     .argument = "I,J",
     .help = "the two inputs to draw; without it the two widest of the property",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(verify_cli, picture_dims)},
    {.name = "quiet",
     .help = "print the verdict word only, and no progress",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(verify_cli, quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

/* What one run holds. */
typedef struct job {
    const vouch_cli_call *call;
    const verify_cli *cli;
    vouch_cli_report report;
    vouch_cli_output json, witness;
    vouch_cli_picture picture;
} job;

static bool is_stdout(const char *path) { return path != NULL && strcmp(path, "-") == 0; }

static vouch_status open_outputs(job *j)
{
    const verify_cli *cli = j->cli;
    vouch_context *ctx = j->call->ctx;
    const vouch_cli_name in[] = {{"the network", j->call->argument[0]},
                                 {"the property", j->call->argument[1]}};
    const vouch_cli_name out[] = {
        {"--json", cli->json}, {"--witness", cli->witness}, {"--picture", cli->picture}};
    if (is_stdout(cli->picture))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "--picture needs a file, not -");
    VOUCH_TRY(
        vouch_cli_output_check(ctx, out, sizeof out / sizeof *out, in, sizeof in / sizeof *in));
    VOUCH_TRY(vouch_cli_output_open(j->call->arena, cli->json, &j->json));
    VOUCH_TRY(vouch_cli_output_open(j->call->arena, cli->witness, &j->witness));
    return vouch_cli_output_open(j->call->arena, cli->picture, &j->picture.file);
}

static vouch_status count_between(job *j)
{
    vouch_cli_report *report = &j->report;
    const vouch_semantics semantics = strcmp(report->settings->semantics, "float32") == 0
                                          ? VOUCH_SEMANTICS_FLOAT32
                                          : VOUCH_SEMANTICS_REAL;
    if (report->result.verdict != VOUCH_SAT)
        return VOUCH_OK;
    return vouch_witness_between(j->call->arena, report->network.graph, report->property.spec,
                                 semantics, report->result.witness_case, &report->between);
}

static vouch_status examine(job *j)
{
    vouch_context *ctx = j->call->ctx;
    vouch_cli_report *report = &j->report;
    vouch_context_set_memory_limit(ctx, vouch_verify_memory(report->settings));
    /* the limit counts from the start of the program, reading included */
    vouch_context_set_deadline(
        ctx, vouch_cli_deadline(j->call->started_s, report->settings->timeout_s));
    VOUCH_TRY(vouch_cli_network_load(ctx, j->call->argument[0], &report->network));
    VOUCH_TRY(vouch_cli_property_load(ctx, j->call->arena, report->network.graph,
                                      j->call->argument[1], &report->property));
    VOUCH_TRY(vouch_cli_picture_start(ctx, j->cli->picture_dims, report, &j->picture));
    vouch_verify_settings settings = *report->settings;
    report->load_s = vouch_wall_s() - j->call->started_s;
    settings.timeout_s = vouch_cli_limit_left(settings.timeout_s, report->load_s);
    VOUCH_TRY(vouch_verify(ctx, j->call->arena, report->network.graph, report->property.spec,
                           &settings, vouch_cli_picture_sink(&j->picture), &report->result));
    vouch_context_set_memory_limit(ctx, SIZE_MAX); /* there is a verdict: it must get out */
    return count_between(j);
}

/* Whoever noticed the interruption first, or that time or memory has a limit: the state reached is
 * the verdict. The report needs some memory and time of its own. */
static vouch_status settle(job *j, vouch_status s)
{
    vouch_verify_result *result = &j->report.result;
    vouch_context *ctx = j->call->ctx;
    const bool full = s == VOUCH_ERR_MEMORY && vouch_context_memory(ctx).refused;
    const bool late = s == VOUCH_ERR_CANCELLED && !vouch_context_cancelled(ctx);
    if (s == VOUCH_ERR_CANCELLED || full) {
        vouch_context_clear_error(ctx);
        result->verdict = late ? VOUCH_TIMEOUT : VOUCH_UNKNOWN;
        result->reason = full   ? "memory limit reached"
                         : late ? "time limit reached"
                                : result->reason;
        s = VOUCH_OK;
    }
    vouch_context_set_memory_limit(ctx, SIZE_MAX);
    vouch_context_set_deadline(ctx, (double)INFINITY);
    if (result->verdict == VOUCH_UNKNOWN && vouch_cli_interrupted())
        result->reason = "interrupted";
    j->report.seconds = vouch_wall_s() - j->call->started_s;
    j->report.cpu_seconds = vouch_cpu_s();
    return s;
}

static void put_text(const job *j)
{
    if (is_stdout(j->cli->json))
        return;
    vouch_cli_report_verdict(stdout, &j->report);
    if (!j->cli->quiet && !is_stdout(j->cli->witness))
        vouch_cli_report_summary(stdout, &j->report);
}

/* Each file is tried, also where another failed; the first error is reported. */
static vouch_status put_files(job *j)
{
    vouch_context *ctx = j->call->ctx;
    if (vouch_cli_output_wanted(&j->json) &&
        vouch_cli_report_json(ctx, j->json.stream, &j->report) == VOUCH_OK)
        (void)vouch_cli_output_commit(ctx, &j->json);
    const bool violated = j->report.result.verdict == VOUCH_SAT;
    if (vouch_cli_output_wanted(&j->witness) && violated) {
        vouch_cli_report_witness(j->witness.stream, &j->report);
        (void)vouch_cli_output_commit(ctx, &j->witness);
    } else if (vouch_cli_output_wanted(&j->witness)) {
        (void)vouch_cli_output_remove(ctx, &j->witness);
    }
    (void)vouch_cli_picture_write(ctx, &j->report, &j->picture);
    return vouch_context_status(ctx);
}

/* The verdict is on its way before a file can fail. */
static vouch_exit publish(job *j)
{
    put_text(j);
    const vouch_exit text = vouch_cli_finish(j->call, VOUCH_EXIT_OK);
    const vouch_status files = put_files(j);
    if (text != VOUCH_EXIT_OK)
        return text;
    if (files != VOUCH_OK)
        return vouch_cli_fail(j->call, files);
    const char *verdict = vouch_verdict_name(j->report.result.verdict);
    const bool met = j->cli->require == NULL || strcmp(j->cli->require, verdict) == 0;
    return met ? VOUCH_EXIT_OK : VOUCH_EXIT_UNMET;
}

static vouch_exit run(const vouch_cli_call *call)
{
    job j = {.call = call, .cli = call->settings[2]};
    vouch_cli_progress progress;
    j.report.settings = call->settings[1];
    j.report.network.path = call->argument[0];
    j.report.property.path = call->argument[1];
    vouch_status s = open_outputs(&j);
    if (s == VOUCH_OK) {
        vouch_cli_progress_start(call->ctx, j.cli->quiet, &progress);
        s = settle(&j, examine(&j));
        vouch_cli_progress_stop(call->ctx, &progress);
    }
    const vouch_exit code = s == VOUCH_OK ? publish(&j) : vouch_cli_fail(call, s);
    vouch_cli_output_discard(&j.json);
    vouch_cli_output_discard(&j.witness);
    vouch_cli_picture_free(&j.picture);
    vouch_cli_property_free(&j.report.property);
    vouch_cli_network_free(&j.report.network);
    return code;
}

const vouch_command vouch_command_verify = {
    .name = "verify",
    .summary = "prove or refute a property of a network",
    .arguments = "NET SPEC",
    .description =
        "Decides whether an input exists that the property SPEC (VNN-LIB 1.0 or 2.0) allows "
        "and "
        "whose output is in the property's unsafe region. NET is an ONNX or .nnet file; both "
        "may "
        "be gzipped.\n\n"
        "The first line of standard output is the verdict: `unsat` (the unsafe region is "
        "proved "
        "unreachable, the property HOLDS), `sat` (a witness was found and replayed exactly, "
        "the "
        "property is VIOLATED), `unknown` or `timeout` (UNDECIDED). A short summary follows. "
        "Verdicts are about the network over the real numbers with the weights as stored, "
        "rounding of the computation included.\n\n"
        "The first SIGINT or SIGTERM ends the search with the state reached and `unknown`; the "
        "next kills. On a terminal a progress line is shown on standard error.",
    .examples = "vouch verify net.onnx safe.vnnlib\n"
                "vouch verify net.onnx safe.vnnlib --require unsat --timeout 60\n"
                "vouch verify net.onnx.gz safe.vnnlib --json result.json --witness bad.txt",
    .least = 2,
    .most = 2,
    .interruptible = true,
    .table = {{vouch_verify_options, &vouch_verify_option_count, sizeof(vouch_verify_settings)},
              {rows, &row_count, sizeof(verify_cli)}},
    .run = run,
};
