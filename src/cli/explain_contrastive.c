/* vouch explain contrastive: the fewest features whose change alone changes a decision. */
#include <inttypes.h>

#include "base/clock.h"
#include "cli/contrast_report.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"

typedef struct contrast_cli {
    vouch_cli_question_settings question;
    bool all;
    int64_t most;
    const char *json;
} contrast_cli;

static const vouch_option rows[] = {
    VOUCH_CLI_QUESTION_ROWS,
    {.name = "all",
     .help = "all minimal sets: contrastive ones, and abductive ones, which keep the class",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(contrast_cli, all)},
    {.name = "most",
     .argument = "N",
     .help = "of --all: how many sets at most",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(contrast_cli, most),
     .number = 1000,
     .low = 1,
     .high = 1e6},
    {.name = "json",
     .argument = "FILE",
     .help = "write the explanations as JSON; - for standard output, in place of the text",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(contrast_cli, json)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { OWN = 1, ASKING = 2 }; /* tables of settings */
enum { JSON, FILES };         /* what is written */

typedef struct job {
    const vouch_cli_call *call;
    const contrast_cli *cli;
    const vouch_formal_settings *settings;
    vouch_cli_question question;
    vouch_contrast *contrast;
    vouch_cli_contrast_report report;
    vouch_cli_files files;
} job;

/* *done: points that were begun. Stopped: what is known of the last one counts. */
static vouch_status explain_all(job *j, int64_t *done)
{
    vouch_cli_progress progress;
    vouch_status s = VOUCH_OK;
    vouch_cli_progress_start(j->call->ctx, j->cli->question.quiet, &progress);
    for (*done = 0; s == VOUCH_OK && *done < j->question.points.count; (*done)++) {
        const vouch_formal_problem problem = vouch_cli_question_problem(&j->question, *done);
        s = vouch_contrast_explain(j->call->arena, &problem, j->settings,
                                   j->cli->all ? j->cli->most : 0, &j->contrast[*done]);
    }
    vouch_cli_progress_stop(j->call->ctx, &progress);
    return s;
}

static vouch_status examine(job *j)
{
    int64_t done = 0;
    VOUCH_TRY(vouch_cli_question_load(j->call, &j->cli->question, &j->question));
    j->contrast = VOUCH_NEW_ARRAY(j->call->arena, vouch_contrast, j->question.points.count);
    if (j->contrast == NULL)
        return VOUCH_ERR_MEMORY;
    const vouch_status s = explain_all(j, &done);
    if (s != VOUCH_OK && s != VOUCH_ERR_CANCELLED)
        return s;
    if (s == VOUCH_ERR_CANCELLED) { /* what is known so far is reported */
        vouch_context_clear_error(j->call->ctx);
        vouch_context_reset_cancel(j->call->ctx);
    }
    j->report =
        (vouch_cli_contrast_report){.base = {.network = &j->question.network,
                                             .points = &j->question.points,
                                             .ball = &j->question.ball,
                                             .settings = j->settings,
                                             .groups = j->cli->question.groups,
                                             .count = done,
                                             .point = j->question.point,
                                             .is_interrupted = s == VOUCH_ERR_CANCELLED,
                                             .seconds = vouch_wall_s() - j->call->started_s,
                                             .cpu_seconds = vouch_cpu_s()},
                                    .contrast = j->contrast,
                                    .wants_all = j->cli->all};
    return VOUCH_OK;
}

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    if (which == JSON)
        return vouch_cli_contrast_json(ctx, out, report);
    vouch_cli_contrast_text(out, report);
    return VOUCH_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    job j = {.call = call, .cli = call->settings[OWN], .settings = call->settings[ASKING]};
    const vouch_cli_name in[] = {{"the network", call->argument[0]}};
    const vouch_cli_name out[] = {{"--json", j.cli->json}};
    vouch_status s = vouch_cli_files_open(call->arena, out, FILES, in, 1, &j.files);
    if (s == VOUCH_OK)
        s = examine(&j);
    const vouch_exit code =
        vouch_cli_conclude(call, s, &j.files, put, &j.report, j.report.base.is_interrupted);
    vouch_cli_question_free(&j.question);
    return code;
}

const vouch_command vouch_explainer_contrastive = {
    .name = "explain contrastive",
    .summary = "the fewest features whose change alone changes a decision",
    .arguments = "NET POINTS",
    .description =
        "Finds a smallest set of features such that changing these alone, within the radius, "
        "gives another class: a witness, replayed exactly, shows it, and that no fewer "
        "features do is proved, or said to be not proved.\n\n"
        "With --all it lists every minimal set of both kinds: contrastive ones, and abductive "
        "ones, which held at their values keep the class whatever the others do. Each set of "
        "one kind meets each of the other. For few features: columns of a table, patches; of a "
        "dozen and more that matter the search is long, and --budget ends it.\n\n"
        "POINTS is the place of a data set (--index says which sample) or one point as "
        "numbers. Ctrl-C ends the run: what is known by then is said.",
    .examples =
        "vouch explain contrastive net.onnx 'adult.csv?target=income' --eps inf\n"
        "vouch explain contrastive net.onnx 0.2,0.9,0.4 --eps 0.5 --all --json why.json",
    .least = 2,
    .most = 2,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(contrast_cli)},
              {vouch_contrast_options, &vouch_contrast_option_count,
               sizeof(vouch_formal_settings)}},
    .run = run,
};
