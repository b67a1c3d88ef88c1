/* vouch explain formal: which features provably do not matter to a decision. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "cli/formal_report.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"
#include "explain/strategy.h"

typedef struct formal_cli {
    vouch_cli_question_settings question;
    const char *json, *picture, *html, *query;
} formal_cli;

#define TEXT_ROW(field, arg, about)                                                            \
    {                                                                                          \
        .name = #field, .argument = arg, .help = about, .type = VOUCH_OPTION_TEXT,             \
        .offset = offsetof(formal_cli, field)                                                  \
    }

static const vouch_option rows[] = {
    VOUCH_CLI_QUESTION_ROWS,
    TEXT_ROW(json, "FILE",
             "write the explanations as JSON; - for standard output, in place of the text"),
    TEXT_ROW(picture, "FILE", "draw up to 16 images beside their masks: FILE.svg or FILE.png"),
    TEXT_ROW(html, "FILE", "write a page: masks, tables, what was asked"),
    TEXT_ROW(
        query, "FILE",
        "write the property that proves the explanation of one point, as VNN-LIB for vouch "
        "verify"),
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { OWN = 1, FORMAL = 2 };               /* tables of settings */
enum { JSON, PICTURE, HTML, QUERY, FILES }; /* what is written */

typedef struct job {
    const vouch_cli_call *call;
    const formal_cli *cli;
    vouch_formal_settings *settings;
    vouch_cli_question question;
    bool is_png;
    vouch_cli_formal_report report;
    vouch_cli_files files;
} job;

/* ---- what is asked ------------------------------------------------------------------------- */

static vouch_status open_outputs(job *j)
{
    vouch_context *ctx = j->call->ctx;
    const vouch_cli_name in[] = {{"the network", j->call->argument[0]}};
    const vouch_cli_name out[] = {{"--json", j->cli->json},
                                  {"--picture", j->cli->picture},
                                  {"--html", j->cli->html},
                                  {"--query", j->cli->query}};
    if (j->cli->query != NULL && j->cli->question.count > 1)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "--query writes the property of one point, not of %" PRId64,
                          j->cli->question.count);
    VOUCH_TRY(vouch_cli_masks_kind(ctx, j->cli->picture, &j->is_png));
    return vouch_cli_files_open(j->call->arena, out, FILES, in, 1, &j->files);
}

/* ---- the run ------------------------------------------------------------------------------- */

static vouch_status explain(job *j, int64_t k)
{
    const vouch_formal_problem problem = vouch_cli_question_problem(&j->question, k);
    return vouch_formal_explain(j->call->ctx, j->call->arena, &problem, j->settings,
                                &j->question.point[k].explanation);
}

/* *done: points that were begun. Stopped: what is known of the last one counts. */
static vouch_status explain_all(job *j, int64_t *done)
{
    vouch_cli_progress progress;
    vouch_status s = VOUCH_OK;
    vouch_cli_progress_start(j->call->ctx, j->cli->question.quiet, &progress);
    for (*done = 0; s == VOUCH_OK && *done < j->question.points.count; (*done)++)
        s = explain(j, *done);
    vouch_cli_progress_stop(j->call->ctx, &progress);
    return s;
}

static vouch_status examine(job *j)
{
    int64_t done = 0;
    vouch_cli_choose_oracle(j->call, FORMAL, j->settings);
    VOUCH_TRY(vouch_cli_question_load(j->call, &j->cli->question, &j->question));
    if (j->cli->picture != NULL && j->question.points.image.height == 1)
        return vouch_fail(
            j->call->ctx, VOUCH_ERR_ARGUMENT,
            "--picture: the points are no images (--image C,H,W makes them some)");
    const vouch_status s = explain_all(j, &done);
    if (s != VOUCH_OK && s != VOUCH_ERR_CANCELLED)
        return s;
    if (s == VOUCH_ERR_CANCELLED) { /* what is known so far is reported */
        vouch_context_clear_error(j->call->ctx);
        vouch_context_reset_cancel(j->call->ctx);
    }
    j->report = (vouch_cli_formal_report){.network = &j->question.network,
                                          .points = &j->question.points,
                                          .ball = &j->question.ball,
                                          .settings = j->settings,
                                          .groups = j->cli->question.groups,
                                          .count = done,
                                          .point = j->question.point,
                                          .is_png = j->is_png,
                                          .is_interrupted = s == VOUCH_ERR_CANCELLED,
                                          .seconds = vouch_wall_s() - j->call->started_s,
                                          .cpu_seconds = vouch_cpu_s()};
    return VOUCH_OK;
}

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    switch (which) {
    case JSON:
        return vouch_cli_formal_json(ctx, out, report);
    case PICTURE:
        return vouch_cli_formal_picture(ctx, out, report);
    case HTML:
        return vouch_cli_formal_page(ctx, out, report);
    case QUERY:
        return vouch_cli_formal_query(ctx, out, report);
    default:
        vouch_cli_formal_text(out, report);
        return VOUCH_OK;
    }
}

static vouch_exit run(const vouch_cli_call *call)
{
    job j = {.call = call, .cli = call->settings[OWN], .settings = call->settings[FORMAL]};
    vouch_status s = open_outputs(&j);
    if (s == VOUCH_OK)
        s = examine(&j);
    const vouch_exit code =
        vouch_cli_conclude(call, s, &j.files, put, &j.report, j.report.is_interrupted);
    vouch_cli_question_free(&j.question);
    return code;
}

const vouch_command vouch_explainer_formal = {
    .name = "explain formal",
    .summary = "which features provably do not matter to a decision",
    .arguments = "NET POINTS",
    .description =
        "Splits the features of a point into irrelevant ones (all of them together may change "
        "by "
        "eps, within the valid range, and the class provably stays), relevant ones (a witness, "
        "replayed exactly, shows that the feature together with the irrelevant ones changes "
        "the "
        "class) and unknown ones. Proofs hold over the real numbers.\n\n"
        "POINTS is the place of a data set (--index says which sample) or one point as "
        "numbers. "
        "A feature is a pixel, a column of a table, or what --groups says.\n\n"
        "With --oracle complete each feature that bounds leave is searched; --budget limits "
        "the "
        "whole. Ctrl-C ends the run: what is proved by then is said.",
    .examples =
        "vouch explain formal net.onnx t10k-images-idx3-ubyte.gz --eps 0.1\n"
        "vouch explain formal net.onnx digits.npz --index 7 --eps 0.1 --oracle complete "
        "--budget 60 --json why.json\n"
        "vouch explain formal net.onnx 'adult.csv?target=income' --eps inf --query "
        "why.vnnlib",
    .least = 2,
    .most = 2,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(formal_cli)},
              {vouch_formal_options, &vouch_formal_option_count,
               sizeof(vouch_formal_settings)}},
    .run = run,
};
