/* vouch explain latent: which similarities to prototypes decide. */
#include <inttypes.h>
#include <math.h>

#include "attack/objective.h"
#include "attack/victim.h"
#include "base/clock.h"
#include "cli/latent_report.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"

typedef struct latent_cli {
    const char *bounds, *range, *image, *json;
    double eps, slack; /* eps NaN: not given */
    int64_t index, count;
    bool anywhere, quiet;
} latent_cli;

#define FIELD(f) offsetof(latent_cli, f)
#define INT_ROW(field, about, otherwise, least)                                                \
    {                                                                                          \
        .name = #field, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,              \
        .offset = FIELD(field), .number = otherwise, .low = least, .high = 0x1p53              \
    }
#define TEXT_ROW(field, arg, about)                                                            \
    {                                                                                          \
        .name = #field, .argument = arg, .help = about, .type = VOUCH_OPTION_TEXT,             \
        .offset = FIELD(field)                                                                 \
    }

static const vouch_option rows[] = {
    {.name = "bounds",
     .argument = "NAME",
     .help = "how given distances bound others (vouch list latent)",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(bounds),
     .text = "spheres",
     .choices = vouch_latent_choices},
    {.name = "eps",
     .argument = "E",
     .help = "latent maps are those of inputs within E of the point, each number; inf: of any "
             "valid input. Without it: what the last activation can give",
     .type = VOUCH_OPTION_REAL,
     .offset = FIELD(eps),
     .number = (double)NAN,
     .low = 0,
     .high = (double)INFINITY},
    {.name = "anywhere",
     .help = "latent maps may be any numbers, also what the last activation cannot give",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(anywhere)},
    {.name = "slack",
     .argument = "X",
     .help = "given distances may differ by X from those at the point",
     .type = VOUCH_OPTION_REAL,
     .offset = FIELD(slack),
     .low = 0,
     .high = 1e9},
    INT_ROW(index, "the first point of the data set", 0, 0),
    INT_ROW(count, "how many points", 1, 1),
    TEXT_ROW(range, "LOW,HIGH", "valid range of every input, in place of the data's"),
    TEXT_ROW(image, "C,H,W", "inputs are such an image, in place of the data's shape"),
    TEXT_ROW(json, "FILE",
             "write the explanations as JSON; - for standard output, in place of the text"),
    {.name = "quiet",
     .help = "no progress line",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { OWN = 1 };     /* table of settings */
enum { JSON, FILES }; /* what is written */

typedef struct job {
    const vouch_cli_call *call;
    const latent_cli *cli;
    vouch_cli_network network;
    vouch_cli_points points;
    vouch_victim_plan *plan;
    vouch_latent_net net;
    vouch_ball ball;
    vouch_cli_latent *point;
    vouch_cli_latent_report report;
    vouch_cli_files files;
} job;

static vouch_status open_outputs(job *j)
{
    const vouch_cli_name in[] = {{"the network", j->call->argument[0]}};
    const vouch_cli_name out[] = {{"--json", j->cli->json}};
    if (j->cli->anywhere && j->cli->eps >= 0)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "--anywhere and --eps exclude each other");
    return vouch_cli_files_open(j->call->arena, out, FILES, in, 1, &j->files);
}

static vouch_status load(job *j)
{
    vouch_context *ctx = j->call->ctx;
    const vouch_cli_points_wanted wanted = {j->cli->index, j->cli->count, j->cli->range,
                                            j->cli->image, false};
    VOUCH_TRY(vouch_cli_network_load(ctx, j->call->argument[0], &j->network));
    VOUCH_TRY(vouch_cli_points_load(ctx, j->call->arena, j->call->argument[1], &j->network,
                                    &wanted, &j->points));
    if (j->cli->eps >= 0 && isinf(j->cli->eps) && !j->points.is_ranged)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "--eps inf takes every valid input, whose range is not known "
                          "(--range LOW,HIGH)");
    j->ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                           .eps = j->cli->eps,
                           .size = j->points.size,
                           .low = j->points.low,
                           .high = j->points.high,
                           .image = j->points.image,
                           .rules = j->points.is_table ? &j->points.rules : NULL};
    VOUCH_TRY(vouch_victim_plan_new(ctx, j->call->arena, j->network.graph, &j->plan));
    return vouch_latent_net_open(ctx, j->call->arena, vouch_victim_graph(j->plan), &j->net);
}

/* What the network says of each point, in float32. */
static vouch_status predict(job *j)
{
    vouch_arena *arena = j->call->arena;
    const vouch_cli_points *p = &j->points;
    const int64_t classes = vouch_victim_classes(j->plan);
    float *z = VOUCH_NEW_ARRAY(arena, float, p->count *classes);
    vouch_victim *victim;
    j->point = VOUCH_NEW_ARRAY(arena, vouch_cli_latent, p->count);
    if (z == NULL || j->point == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_victim_new(j->call->ctx, arena, j->plan, &victim));
    VOUCH_TRY(vouch_victim_forward(victim, p->count, p->x, z));
    for (int64_t k = 0; k < p->count; k++)
        j->point[k] =
            (vouch_cli_latent){.index = p->from + k,
                               .label = p->label[k],
                               .predicted = vouch_predicted(classes, z + k * classes)};
    return VOUCH_OK;
}

static vouch_status explain(job *j, int64_t k)
{
    const vouch_latent_scope scope = {.ball = j->cli->eps >= 0 ? &j->ball : NULL,
                                      .anywhere = j->cli->anywhere,
                                      .slack = j->cli->slack};
    vouch_cli_latent *p = &j->point[k];
    VOUCH_TRY(vouch_latent_net_at(j->call->ctx, j->call->arena, &j->net,
                                  j->points.x + k * j->points.size, &scope, &p->problem));
    p->problem.label = p->predicted;
    return vouch_latent_explain(j->call->ctx, j->call->arena, &p->problem,
                                vouch_latent_find(j->cli->bounds), &p->explanation);
}

/* *done: points that were explained to the end. */
static vouch_status explain_all(job *j, int64_t *done)
{
    vouch_cli_progress progress;
    vouch_status s = VOUCH_OK;
    vouch_cli_progress_start(j->call->ctx, j->cli->quiet, &progress);
    for (*done = 0; s == VOUCH_OK && *done < j->points.count; *done += s == VOUCH_OK)
        s = explain(j, *done);
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
    if (s == VOUCH_ERR_CANCELLED) {
        vouch_context_clear_error(j->call->ctx);
        vouch_context_reset_cancel(j->call->ctx);
    }
    j->report = (vouch_cli_latent_report){.network = &j->network,
                                          .points = &j->points,
                                          .net = &j->net,
                                          .bounding = vouch_latent_find(j->cli->bounds),
                                          .eps = j->cli->eps,
                                          .anywhere = j->cli->anywhere,
                                          .slack = j->cli->slack,
                                          .count = done,
                                          .point = j->point,
                                          .is_interrupted = s == VOUCH_ERR_CANCELLED,
                                          .seconds = vouch_wall_s() - j->call->started_s,
                                          .cpu_seconds = vouch_cpu_s()};
    return VOUCH_OK;
}

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    if (which == JSON)
        return vouch_cli_latent_json(ctx, out, report);
    vouch_cli_latent_text(out, report);
    return VOUCH_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    job j = {.call = call, .cli = call->settings[OWN]};
    vouch_status s = open_outputs(&j);
    if (s == VOUCH_OK)
        s = examine(&j);
    const vouch_exit code =
        vouch_cli_conclude(call, s, &j.files, put, &j.report, j.report.is_interrupted);
    vouch_latent_net_close(&j.net);
    vouch_cli_points_free(&j.points);
    vouch_cli_network_free(&j.network);
    return code;
}

const vouch_command vouch_explainer_latent = {
    .name = "explain latent",
    .summary = "which similarities of parts to prototypes decide",
    .arguments = "NET POINTS",
    .description =
        "Explains a network with prototypes (the layers 'proto30 fc10' of vouch train): a set "
        "of pairs (component, prototype) such that every latent map whose distances for these "
        "pairs are those at the point has the class of the point, whatever all others are. "
        "Proofs hold over the real numbers.\n\n"
        "POINTS is the place of a data set (--index says which sample) or one point as "
        "numbers. "
        "Which latent maps are meant says --eps, or else the last activation before the "
        "prototypes.\n\n"
        "No pair of the set can be left out: the bounds would not prove the class without it. "
        "With --bounds top the set is the most similar prototypes, with the fact that no other "
        "is more similar.",
    .examples =
        "vouch explain latent net.onnx t10k-images-idx3-ubyte.gz\n"
        "vouch explain latent net.onnx digits.npz --index 7 --eps 0.02 --json why.json\n"
        "vouch explain latent net.onnx digits.npz --count 100 --bounds triangle",
    .least = 2,
    .most = 2,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(latent_cli)}},
    .run = run,
};
