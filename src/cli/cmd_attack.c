/* vouch attack: looks for inputs near the points of a data set that a classifier gets wrong. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "cli/attack_report.h"
#include "cli/attack_settings.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"

typedef struct attack_cli {
    const char *attack, *norm, *set, *range, *image;
    double eps;
    int64_t target, from, count, seed, budget, threads;
    bool relative, quiet;
    const char *json, *out, *picture;
} attack_cli;

#define INT_ROW(field, arg, text, otherwise, least)                                            \
    {                                                                                          \
        .name = #field, .argument = arg, .help = text, .type = VOUCH_OPTION_INT,               \
        .offset = offsetof(attack_cli, field), .number = otherwise, .low = least,              \
        .high = 0x1p62                                                                         \
    }
#define TEXT_ROW(field, arg, what)                                                             \
    {                                                                                          \
        .name = #field, .argument = arg, .help = what, .type = VOUCH_OPTION_TEXT,              \
        .offset = offsetof(attack_cli, field)                                                  \
    }

static const vouch_option rows[] = {
    {.name = "attack",
     .argument = "NAME",
     .help = "the attack (vouch list attacks)",
     .type = VOUCH_OPTION_CHOICE,
     .offset = offsetof(attack_cli, attack),
     .text = "autoattack",
     .choices = vouch_attack_choices},
    {.name = "eps",
     .argument = "E",
     .help =
         "radius of the ball, in units of the inputs; inf: none, where the attack looks for "
         "the nearest. Has to be given",
     .type = VOUCH_OPTION_REAL,
     .offset = offsetof(attack_cli, eps),
     .number = (double)NAN,
     .low = 0,
     .high = (double)INFINITY},
    {.name = "norm",
     .argument = "NORM",
     .help = "the ball's norm; l0 counts pixels",
     .type = VOUCH_OPTION_CHOICE,
     .offset = offsetof(attack_cli, norm),
     .text = "linf",
     .choices = vouch_norm_choices},
    TEXT_ROW(set, "NAME=VALUE,...",
             "settings of the attack (vouch list attacks): steps=40,restarts=3"),
    INT_ROW(target, "CLASS", "look for this class alone; -1: for any wrong one", -1, -1),
    INT_ROW(from, "N", "the first point of the data set", 0, 0),
    INT_ROW(count, "N", "how many points", 100, 1),
    TEXT_ROW(range, "LOW,HIGH", "valid range of every input, in place of the data's"),
    TEXT_ROW(image, "C,H,W", "inputs are such an image, in place of the data's shape"),
    {.name = "relative",
     .help = "of tables: eps is a share of each column's range",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(attack_cli, relative)},
    INT_ROW(seed, "N", "random seed: the same seed gives the same points", 1, 0),
    INT_ROW(budget, "N", "most passes of a point, forward and backward; 0: no limit", 0, 0),
    INT_ROW(threads, "N", "threads; 0: all cores. They change no result", 0, 0),
    TEXT_ROW(json, "FILE",
             "write the result as JSON; - for standard output, in place of the text"),
    TEXT_ROW(out, "FILE", "write all points as .npy: what was found, else the point itself"),
    TEXT_ROW(picture, "FILE",
             "draw up to ten before, after and difference: .svg with captions, .png without"),
    {.name = "quiet",
     .help = "no progress line",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(attack_cli, quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { JSON, OUT, PICTURE, FILES }; /* what is written */

typedef struct job {
    const vouch_cli_call *call;
    const attack_cli *cli;
    vouch_cli_network network;
    vouch_cli_points points;
    vouch_ball ball;
    vouch_campaign campaign;
    vouch_cli_attack_report report;
    vouch_cli_files files;
} job;

/* ---- what is asked ------------------------------------------------------------------------- */

static vouch_status make_targets(job *j)
{
    const int64_t target = j->cli->target;
    int *targets = VOUCH_NEW_ARRAY(j->call->arena, int, j->points.count);
    if (targets == NULL)
        return VOUCH_ERR_MEMORY;
    if (target >= j->network.outputs)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "option 'target': %" PRId64 " is none of %" PRId64 " classes", target,
                          j->network.outputs);
    for (int64_t p = 0; p < j->points.count; p++)
        targets[p] = (int)target;
    j->campaign.target = target >= 0 ? targets : NULL;
    return VOUCH_OK;
}

static vouch_status make_campaign(job *j)
{
    const attack_cli *cli = j->cli;
    const vouch_cli_points *p = &j->points;
    j->ball = (vouch_ball){.eps = cli->eps,
                           .size = p->size,
                           .low = p->low,
                           .high = p->high,
                           .image = p->image,
                           .rules = p->is_table ? &p->rules : NULL};
    (void)vouch_norm_find(cli->norm, &j->ball.norm);
    j->campaign = (vouch_campaign){.graph = j->network.graph,
                                   .attack = vouch_attack_find(cli->attack),
                                   .ball = &j->ball,
                                   .count = p->count,
                                   .x = p->x,
                                   .label = p->label,
                                   .seed = (uint64_t)cli->seed,
                                   .budget = cli->budget,
                                   .threads = cli->threads > 0 ? cli->threads
                                                               : vouch_workers_available()};
    VOUCH_TRY(vouch_cli_attack_settings(j->call->arena, j->campaign.attack, "set", ",",
                                        cli->set, &j->campaign.settings));
    return make_targets(j);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static vouch_status check_options(const job *j)
{
    const char *picture = j->cli->picture;
    if (isnan(j->cli->eps))
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT, "--eps is missing");
    if (picture && !ends_with(picture, ".png") && !ends_with(picture, ".svg"))
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "--picture needs a file named .png or .svg, not '%s'", picture);
    return vouch_cli_output_suffix(j->call->ctx, "--out", j->cli->out, ".npy");
}

static vouch_status open_outputs(job *j)
{
    const vouch_cli_name in[] = {{"the network", j->call->argument[0]}};
    const vouch_cli_name out[] = {
        {"--json", j->cli->json}, {"--out", j->cli->out}, {"--picture", j->cli->picture}};
    VOUCH_TRY(check_options(j));
    return vouch_cli_files_open(j->call->arena, out, FILES, in, 1, &j->files);
}

/* ---- the run ------------------------------------------------------------------------------- */

static vouch_status examine(job *j)
{
    vouch_context *ctx = j->call->ctx;
    const vouch_cli_points_wanted wanted = {j->cli->from, j->cli->count, j->cli->range,
                                            j->cli->image, j->cli->relative};
    VOUCH_TRY(vouch_cli_network_load(ctx, j->call->argument[0], &j->network));
    VOUCH_TRY(vouch_cli_points_load(ctx, j->call->arena, j->call->argument[1], &j->network,
                                    &wanted, &j->points));
    VOUCH_TRY(make_campaign(j));
    if (j->cli->picture && j->points.image.height == 1)
        return vouch_fail(
            ctx, VOUCH_ERR_ARGUMENT,
            "--picture: the points are no images (--image C,H,W makes them some)");
    float *found = VOUCH_NEW_ARRAY(j->call->arena, float, j->points.count * j->points.size);
    vouch_fate *fate = VOUCH_NEW_ARRAY(j->call->arena, vouch_fate, j->points.count);
    if (found == NULL || fate == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_cli_progress progress;
    vouch_cli_progress_start(ctx, j->cli->quiet, &progress);
    const vouch_status status =
        vouch_campaign_run(ctx, j->call->arena, &j->campaign, found, fate);
    vouch_cli_progress_stop(ctx, &progress);
    if (status != VOUCH_OK && status != VOUCH_ERR_CANCELLED)
        return status;
    if (status == VOUCH_ERR_CANCELLED) /* what is known so far is reported */
        vouch_context_clear_error(ctx);
    j->report = (vouch_cli_attack_report){.network = &j->network,
                                          .points = &j->points,
                                          .campaign = &j->campaign,
                                          .adversarial = found,
                                          .fate = fate,
                                          .is_interrupted = status == VOUCH_ERR_CANCELLED,
                                          .is_svg = j->cli->picture &&
                                                    ends_with(j->cli->picture, ".svg"),
                                          .seconds = vouch_wall_s() - j->call->started_s,
                                          .cpu_seconds = vouch_cpu_s()};
    return VOUCH_OK;
}

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    const vouch_cli_attack_report *r = report;
    switch (which) {
    case JSON:
        return vouch_cli_attack_json(ctx, out, r);
    case OUT:
        return vouch_cli_attack_array(ctx, out, r);
    case PICTURE:
        return vouch_cli_attack_picture(ctx, out, r);
    default:
        vouch_cli_attack_text(out, r);
        return VOUCH_OK;
    }
}

static vouch_exit run(const vouch_cli_call *call)
{
    job j = {.call = call, .cli = call->settings[1]};
    vouch_status s = open_outputs(&j);
    if (s == VOUCH_OK)
        s = examine(&j);
    const vouch_exit code =
        vouch_cli_conclude(call, s, &j.files, put, &j.report, j.report.is_interrupted);
    vouch_cli_points_free(&j.points);
    vouch_cli_network_free(&j.network);
    return code;
}

const vouch_command vouch_command_attack = {
    .name = "attack",
    .summary = "look for inputs near given ones that a classifier gets wrong",
    .arguments = "NET POINTS",
    .description =
        "Attacks each of POINTS, the samples of a data set (a file of images or a table, or "
        "builtin:NAME; see `vouch list data`) or one point given as numbers, within a ball of "
        "the "
        "norm and radius given, met with the valid range of the inputs. A label that the data "
        "does not give is what the network says of the clean point.\n\n"
        "What is found is inside its ball exactly, as float32 numbers, and its "
        "misclassification is proved for the network over the real numbers; what only rounding "
        "makes is counted apart and does not count as found. `robust` is the share of points "
        "that are right and withstood: it bounds the true robust accuracy from above.\n\n"
        "On tables attacks must keep types, categories and immutable columns: --attack "
        "tabular.",
    .examples = "vouch attack net.onnx t10k-images-idx3-ubyte.gz --eps 0.1\n"
                "vouch attack net.onnx digits.npz --attack pgd --set steps=100 --eps 0.3 "
                "--json result.json\n"
                "vouch attack net.onnx digits.npz --attack square --norm l2 --eps 1.5 "
                "--picture found.png",
    .least = 2,
    .most = 2,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(attack_cli)}},
    .run = run,
};
