/* vouch lab landscape: the loss around points of a data set, for one or two networks. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "cli/attack_points.h"
#include "cli/landscape_report.h"
#include "cli/publish.h"
#include "cli/text.h"

typedef struct landscape_cli {
    const char *net2, *index, *loss, *out, *json;
    double eps;
    int64_t grid, pairs, seed, threads;
    bool clip;
} landscape_cli;

#define FIELD(f) offsetof(landscape_cli, f)
#define INT_ROW(field, arg, text, otherwise, least, most)                                      \
    {                                                                                          \
        .name = #field, .argument = arg, .help = text, .type = VOUCH_OPTION_INT,               \
        .offset = FIELD(field), .number = otherwise, .low = least, .high = most                \
    }
#define TEXT_ROW(field, arg, what, otherwise)                                                  \
    {                                                                                          \
        .name = #field, .argument = arg, .help = what, .type = VOUCH_OPTION_TEXT,              \
        .offset = FIELD(field), .text = otherwise                                              \
    }

static const vouch_option rows[] = {
    {.name = "eps",
     .argument = "E",
     .help = "length of both directions in each input. Has to be given",
     .type = VOUCH_OPTION_REAL,
     .offset = FIELD(eps),
     .number = (double)NAN,
     .low = 0,
     .high = 1e30},
    TEXT_ROW(index, "I,J,...", "which points of the data set, at most 16", "0"),
    TEXT_ROW(net2, "NET", "a second network, drawn beside the first", NULL),
    {.name = "loss",
     .argument = "NAME",
     .help = "the function drawn",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(loss),
     .text = "ce",
     .choices = vouch_objective_choices},
    INT_ROW(grid, "N", "places along each axis", 41, 2, 512),
    INT_ROW(pairs, "N", "random pairs of the linearity error", 256, 1, 1e6),
    INT_ROW(seed, "N", "random seed: the same seed gives the same files", 1, 0, 0x1p53),
    INT_ROW(threads, "N", "threads; 0: all cores. They change no result", 0, 0, 4096),
    {.name = "clip",
     .help = "clip points to the valid range of the data, as attacks do",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(clip)},
    TEXT_ROW(out, "FILE.svg", "the picture", NULL),
    TEXT_ROW(json, "FILE",
             "write all values as JSON; - for standard output, in place of the text", NULL),
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { NETWORKS = 2, POINTS_LIMIT = 16 };

enum { JSON, PICTURE, FILES }; /* what is written */

typedef struct job {
    const vouch_cli_call *call;
    const landscape_cli *cli;
    int networks, points;
    const char *path[NETWORKS], *name[NETWORKS];
    vouch_cli_network network[NETWORKS];
    int64_t index[POINTS_LIMIT];
    const char *point_name[POINTS_LIMIT];
    vouch_landscape *landscape; /* [points][networks] */
    vouch_landscape_picture picture;
    vouch_cli_files files;
} job;

/* ---- what is asked ------------------------------------------------------------------------- */

static vouch_status read_indices(job *j)
{
    const char *text = j->cli->index;
    for (const char *at = text;; at++) {
        char *end = NULL;
        errno = 0;
        const long long index = strtoll(at, &end, 10);
        const bool read = end != at && errno == 0 && index >= 0 && (!*end || *end == ',');
        if (!read || j->points == POINTS_LIMIT)
            return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                              "option 'index': '%s' is not a list of 1 to %d numbers from 0 on",
                              text, POINTS_LIMIT);
        const char *name = vouch_arena_print(j->call->arena, "%lld", index);
        if (name == NULL)
            return VOUCH_ERR_MEMORY;
        j->point_name[j->points] = name;
        j->index[j->points++] = index;
        if (*end == '\0')
            return VOUCH_OK;
        at = end;
    }
}

static vouch_status open_outputs(job *j)
{
    vouch_context *ctx = j->call->ctx;
    const vouch_cli_name in[] = {{"the network", j->path[0]}, {"--net2", j->path[1]}};
    const vouch_cli_name out[] = {{"--json", j->cli->json}, {"--out", j->cli->out}};
    if (!(j->cli->eps > 0))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "--eps is missing, or not above 0");
    VOUCH_TRY(read_indices(j));
    return vouch_cli_files_open(j->call->arena, out, FILES, in, j->networks, &j->files);
}

static vouch_status load_networks(job *j)
{
    for (int n = 0; n < j->networks; n++) {
        const char *slash = strrchr(j->path[n], '/');
        j->name[n] = slash != NULL ? slash + 1 : j->path[n];
        VOUCH_TRY(vouch_cli_network_load(j->call->ctx, j->path[n], &j->network[n]));
    }
    const vouch_cli_network *a = &j->network[0], *b = &j->network[j->networks - 1];
    if (a->inputs != b->inputs || a->outputs != b->outputs)
        return vouch_fail(j->call->ctx, VOUCH_ERR_SHAPE,
                          "%s maps %" PRId64 " numbers to %" PRId64 ", %s %" PRId64
                          " to %" PRId64,
                          a->path, a->inputs, a->outputs, b->path, b->inputs, b->outputs);
    return VOUCH_OK;
}

/* The data's names where it has one for each class, else numbers. */
static vouch_status name_classes(job *j, const vouch_cli_points *points)
{
    vouch_arena *arena = j->call->arena;
    const int64_t count = j->network[0].outputs;
    const char **name = VOUCH_NEW_ARRAY(arena, const char *, count);
    const vouch_data_info *info =
        points->stream != NULL ? vouch_data_stream_info(points->stream) : NULL;
    const bool has = info != NULL && info->classes == count && info->class_name != NULL;
    if (name == NULL)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < count; k++) {
        name[k] = has ? vouch_arena_text(arena, info->class_name[k])
                      : vouch_arena_print(arena, "%d", k);
        if (name[k] == NULL)
            return VOUCH_ERR_MEMORY;
    }
    j->picture.classes = (int)count;
    j->picture.class_name = name;
    return VOUCH_OK;
}

/* ---- the run ------------------------------------------------------------------------------- */

static vouch_status survey(job *j, int point, const vouch_cli_points *points)
{
    const landscape_cli *cli = j->cli;
    vouch_landscape_request request = {.loss = vouch_objective_find(cli->loss),
                                       .eps = cli->eps,
                                       .grid = (int)cli->grid,
                                       .pairs = cli->pairs,
                                       .seed = (uint64_t)cli->seed,
                                       .threads = cli->threads > 0 ? (int)cli->threads
                                                                   : vouch_workers_available(),
                                       .size = points->size,
                                       .index = j->index[point],
                                       .x = points->x,
                                       .low = cli->clip ? points->low : NULL,
                                       .high = points->high,
                                       .label = points->label[0]};
    for (int n = 0; n < j->networks; n++) {
        request.graph = j->network[n].graph;
        VOUCH_TRY(vouch_landscape_run(j->call->ctx, j->call->arena, &request,
                                      &j->landscape[(ptrdiff_t)point * j->networks + n]));
    }
    return VOUCH_OK;
}

static vouch_status one_point(job *j, int point)
{
    const vouch_cli_points_wanted wanted = {.from = j->index[point], .count = 1};
    vouch_cli_points points;
    vouch_status s = vouch_cli_points_load(j->call->ctx, j->call->arena, j->call->argument[1],
                                           &j->network[0], &wanted, &points);
    if (s == VOUCH_OK && points.stream == NULL && j->index[point] != 0)
        s = vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                       "option 'index': a point given as numbers is point 0 alone");
    if (s == VOUCH_OK && point == 0)
        s = name_classes(j, &points);
    if (s == VOUCH_OK)
        s = survey(j, point, &points);
    vouch_cli_points_free(&points);
    return s;
}

static vouch_status examine(job *j)
{
    VOUCH_TRY(load_networks(j));
    j->landscape =
        VOUCH_NEW_ARRAY(j->call->arena, vouch_landscape, (int64_t)j->points * j->networks);
    if (j->landscape == NULL)
        return VOUCH_ERR_MEMORY;
    for (int p = 0; p < j->points; p++)
        VOUCH_TRY(one_point(j, p));
    j->picture.loss = vouch_objective_find(j->cli->loss)->summary;
    j->picture.eps = j->cli->eps;
    j->picture.points = j->points;
    j->picture.networks = j->networks;
    j->picture.point_name = j->point_name;
    j->picture.network_name = j->name;
    j->picture.landscape = j->landscape;
    return VOUCH_OK;
}

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    const vouch_cli_landscape_report *r = report;
    vouch_svg svg;
    switch (which) {
    case JSON:
        return vouch_cli_landscape_json(ctx, out, r);
    case PICTURE:
        return vouch_cli_put_markup(out, &svg, vouch_landscape_svg(ctx, r->picture, &svg));
    default:
        vouch_cli_landscape_text(out, r);
        return VOUCH_OK;
    }
}

static vouch_exit conclude(job *j, vouch_status status)
{
    const vouch_cli_landscape_report report = {
        .picture = &j->picture,
        .network = j->network,
        .loss = vouch_objective_find(j->cli->loss),
        .data = j->call->argument[1],
        .pairs = j->cli->pairs,
        .seed = (uint64_t)j->cli->seed,
        .clip = j->cli->clip,
        .seconds = vouch_wall_s() - j->call->started_s,
    };
    return vouch_cli_conclude(j->call, status, &j->files, put, &report, false);
}

static vouch_exit run(const vouch_cli_call *call)
{
    job j = {.call = call, .cli = call->settings[1]};
    j.path[0] = call->argument[0];
    j.path[1] = j.cli->net2;
    j.networks = j.cli->net2 != NULL ? 2 : 1;
    vouch_status s = open_outputs(&j);
    if (s == VOUCH_OK)
        s = examine(&j);
    const vouch_exit code = conclude(&j, s);
    for (int n = 0; n < j.networks; n++)
        vouch_cli_network_free(&j.network[n]);
    return code;
}

const vouch_command vouch_study_landscape = {
    .name = "lab landscape",
    .summary = "draw the loss around points, on the plane of the FGSM and a random direction",
    .arguments = "NET DATA",
    .description =
        "Draws for each point of DATA (as of `vouch attack`) the loss and the decisions of the "
        "network on x + eps (a d + b r), a and b from 0 to 1: d the signs of the gradient, the "
        "direction of FGSM, r random signs.\n\n"
        "`promised` is how much the loss would rise along FGSM if it were linear, `rise` how "
        "much it does. `linearity` is the mean over random pairs in the ball of the squared "
        "distance of the loss from the straight line between them. Where a network is "
        "locally linear, the rise is what was promised, contours are straight and `linearity` "
        "is small.",
    .examples = "vouch lab landscape net.onnx t10k-images-idx3-ubyte.gz --eps 0.1 --out l.svg\n"
                "vouch lab landscape before.onnx digits.npz --net2 after.onnx --index 3,7 "
                "--eps 0.3 --out l.svg --json l.json",
    .least = 2,
    .most = 2,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(landscape_cli)}},
    .run = run,
};
