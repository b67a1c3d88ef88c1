/* vouch explain formal: which features provably do not matter to a decision. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "attack/objective.h"
#include "base/clock.h"
#include "cli/formal_report.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"

typedef struct formal_cli {
    const char *range, *image, *groups;
    double eps, bandwidth, lambda;
    int64_t index, count, patch;
    bool relative, quiet;
    const char *json, *picture, *html, *query;
} formal_cli;

#define FIELD(f) offsetof(formal_cli, f)
#define INT_ROW(field, about, otherwise, least)                                                \
    {                                                                                          \
        .name = #field, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,              \
        .offset = FIELD(field), .number = otherwise, .low = least, .high = 0x1p53              \
    }
#define REAL_ROW(field, about, otherwise, least)                                               \
    {                                                                                          \
        .name = #field, .argument = "X", .help = about, .type = VOUCH_OPTION_REAL,             \
        .offset = FIELD(field), .number = otherwise, .low = least, .high = 1e6                 \
    }
#define TEXT_ROW(field, arg, about)                                                            \
    {                                                                                          \
        .name = #field, .argument = arg, .help = about, .type = VOUCH_OPTION_TEXT,             \
        .offset = FIELD(field)                                                                 \
    }

static const vouch_option rows[] = {
    {.name = "eps",
     .argument = "E",
     .help =
         "how far each input may change, in its own units; inf: over its whole valid range. "
         "Has to be given",
     .type = VOUCH_OPTION_REAL,
     .offset = FIELD(eps),
     .number = (double)NAN,
     .low = 0,
     .high = (double)INFINITY},
    INT_ROW(index, "the first point of the data set", 0, 0),
    INT_ROW(count, "how many points", 1, 1),
    {.name = "groups",
     .argument = "NAME",
     .help = "which inputs are one feature (vouch list groups)",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(groups),
     .text = "auto",
     .choices = vouch_grouping_choices},
    INT_ROW(patch, "side of the squares of --groups patch", 4, 1),
    REAL_ROW(bandwidth,
             "of --groups superpixel: how far pixels reach, as a share of the image's sides",
             0.2, 1e-6),
    REAL_ROW(lambda, "of --groups superpixel: what colours count beside places", 1, 0),
    TEXT_ROW(range, "LOW,HIGH", "valid range of every input, in place of the data's"),
    TEXT_ROW(image, "C,H,W", "inputs are such an image, in place of the data's shape"),
    {.name = "relative",
     .help = "of tables: eps is a share of each column's range",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(relative)},
    TEXT_ROW(json, "FILE",
             "write the explanations as JSON; - for standard output, in place of the text"),
    TEXT_ROW(picture, "FILE.svg", "draw up to 16 images beside their masks"),
    TEXT_ROW(html, "FILE", "write a page: masks, tables, what was asked"),
    TEXT_ROW(
        query, "FILE",
        "write the property that proves the explanation of one point, as VNN-LIB for vouch "
        "verify"),
    {.name = "quiet",
     .help = "no progress line",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { OWN = 1, FORMAL = 2 };               /* tables of settings */
enum { JSON, PICTURE, HTML, QUERY, FILES }; /* what is written */

typedef struct job {
    const vouch_cli_call *call;
    const formal_cli *cli;
    const vouch_formal_settings *settings;
    vouch_cli_network network;
    vouch_cli_points points;
    vouch_victim_plan *plan;
    vouch_ball ball;
    vouch_cli_formal *point;
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
    if (isnan(j->cli->eps))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "--eps is missing");
    if (j->cli->query != NULL && j->cli->count > 1)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "--query writes the property of one point, not of %" PRId64,
                          j->cli->count);
    VOUCH_TRY(vouch_cli_output_suffix(ctx, "--picture", j->cli->picture, ".svg"));
    return vouch_cli_files_open(j->call->arena, out, FILES, in, 1, &j->files);
}

static vouch_status load(job *j)
{
    vouch_context *ctx = j->call->ctx;
    const vouch_cli_points_wanted wanted = {j->cli->index, j->cli->count, j->cli->range,
                                            j->cli->image, j->cli->relative};
    VOUCH_TRY(vouch_cli_network_load(ctx, j->call->argument[0], &j->network));
    VOUCH_TRY(vouch_cli_points_load(ctx, j->call->arena, j->call->argument[1], &j->network,
                                    &wanted, &j->points));
    if (isinf(j->cli->eps) && !j->points.is_ranged)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "--eps inf frees an input over its valid range, which is not known "
                          "(--range LOW,HIGH)");
    j->ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                           .eps = j->cli->eps,
                           .size = j->points.size,
                           .low = j->points.low,
                           .high = j->points.high,
                           .image = j->points.image,
                           .rules = j->points.is_table ? &j->points.rules : NULL};
    if (j->cli->picture != NULL && j->points.image.height == 1)
        return vouch_fail(
            ctx, VOUCH_ERR_ARGUMENT,
            "--picture: the points are no images (--image C,H,W makes them some)");
    return vouch_victim_plan_new(ctx, j->call->arena, j->network.graph, &j->plan);
}

/* What the network says of each point, in float32. */
static vouch_status predict(job *j)
{
    vouch_arena *arena = j->call->arena;
    const vouch_cli_points *p = &j->points;
    const int64_t classes = vouch_victim_classes(j->plan);
    float *z = VOUCH_NEW_ARRAY(arena, float, p->count *classes);
    vouch_victim *victim;
    j->point = VOUCH_NEW_ARRAY(arena, vouch_cli_formal, p->count);
    if (z == NULL || j->point == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_victim_new(j->call->ctx, arena, j->plan, &victim));
    VOUCH_TRY(vouch_victim_forward(victim, p->count, p->x, z));
    for (int64_t k = 0; k < p->count; k++)
        j->point[k] =
            (vouch_cli_formal){.index = p->from + k,
                               .x = p->x + k * p->size,
                               .label = p->label[k],
                               .predicted = vouch_predicted(classes, z + k * classes)};
    return VOUCH_OK;
}

/* ---- the run ------------------------------------------------------------------------------- */

static vouch_status explain(job *j, vouch_cli_formal *point)
{
    vouch_arena *arena = j->call->arena;
    const vouch_group_request request = {.inputs = j->points.size,
                                         .image = j->points.image,
                                         .feature = j->points.is_table ? j->points.rules.feature
                                                                       : NULL,
                                         .x = point->x,
                                         .patch = j->cli->patch,
                                         .bandwidth = j->cli->bandwidth,
                                         .lambda = j->cli->lambda};
    const vouch_formal_problem problem = {.plan = j->plan,
                                          .ball = &j->ball,
                                          .x = point->x,
                                          .label = point->predicted,
                                          .groups = &point->groups};
    VOUCH_TRY(vouch_groups_make(arena, vouch_grouping_find(j->cli->groups), &request,
                                &point->groups));
    return vouch_formal_explain(j->call->ctx, arena, &problem, j->settings,
                                &point->explanation);
}

/* *done: points that were begun. Stopped: what is known of the last one counts. */
static vouch_status explain_all(job *j, int64_t *done)
{
    vouch_cli_progress progress;
    vouch_status s = VOUCH_OK;
    vouch_cli_progress_start(j->call->ctx, j->cli->quiet, &progress);
    for (*done = 0; s == VOUCH_OK && *done < j->points.count; (*done)++)
        s = explain(j, &j->point[*done]);
    vouch_cli_progress_stop(j->call->ctx, &progress);
    return s;
}

static vouch_status examine(job *j)
{
    int64_t done = 0;
    VOUCH_TRY(load(j));
    VOUCH_TRY(predict(j));
    const vouch_status s = explain_all(j, &done);
    if (s != VOUCH_OK && s != VOUCH_ERR_CANCELLED)
        return s;
    if (s == VOUCH_ERR_CANCELLED) { /* what is known so far is reported */
        vouch_context_clear_error(j->call->ctx);
        vouch_context_reset_cancel(j->call->ctx);
    }
    j->report = (vouch_cli_formal_report){.network = &j->network,
                                          .points = &j->points,
                                          .ball = &j->ball,
                                          .settings = j->settings,
                                          .groups = j->cli->groups,
                                          .count = done,
                                          .point = j->point,
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
    vouch_exit code = s == VOUCH_OK ? vouch_cli_publish(call, &j.files, put, &j.report)
                                    : vouch_cli_fail(call, s);
    if (code == VOUCH_EXIT_OK && j.report.is_interrupted)
        code = VOUCH_EXIT_INTERRUPTED;
    vouch_cli_files_discard(&j.files);
    vouch_cli_points_free(&j.points);
    vouch_cli_network_free(&j.network);
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
