/* vouch lab relaxations: tightness, continuity and sensitivity of relaxations along training. */
#include "cli/relaxations_page.h"

typedef struct relaxations_cli {
    vouch_cli_grid_options grid;
    const char *relaxations;
    int64_t lines, points, line_samples, attack_steps;
    double reach;
} relaxations_cli;

#define INT_ROW(title, field, about, otherwise, least, most)                                   \
    {                                                                                          \
        .name = title, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,               \
        .offset = offsetof(relaxations_cli, field), .number = otherwise, .low = least,         \
        .high = most                                                                           \
    }

static const vouch_option rows[] = {
    {.name = "relaxations",
     .argument = "R,...",
     .help = "what is measured: names, or domains of vouch list domains with settings",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(relaxations_cli, relaxations),
     .text = "interval,zonotope,symbolic,crown-ibp/2,crown-ibp,crown"},
    VOUCH_CLI_GRID_ROWS("standard,pgd,ibp,crown-ibp,crown,sabr", "fc40 relu fc40 relu"),
    INT_ROW("lines", lines, "lines through the weights", 2, 1, 64),
    INT_ROW("points", points, "intervals of a line; even", 64, 8, 512),
    INT_ROW("line-samples", line_samples, "samples whose losses are followed along lines", 6, 1,
            1e6),
    {.name = "reach",
     .argument = "X",
     .help = "length of a line, in sizes of the weights",
     .type = VOUCH_OPTION_REAL,
     .offset = offsetof(relaxations_cli, reach),
     .number = 0.1,
     .low = 1e-6,
     .high = 1},
    INT_ROW("attack-steps", attack_steps, "steps of the PGD that bounds are held against", 20,
            1, 1e6),
};
static const size_t row_count = sizeof rows / sizeof *rows;

static void add(vouch_context *ctx, json_t *root, const vouch_cli_study *study)
{
    const vouch_relaxations *s = study->own;
    json_t *list = vouch_json_array_in(ctx, root, "relaxations");
    for (int r = 0; r < s->count; r++) {
        json_t *one = vouch_json_object_in(ctx, list, NULL);
        (void)vouch_json_add_text(ctx, one, "name", s->relaxation[r].name);
        (void)vouch_json_add_text(ctx, one, "domain", s->relaxation[r].text);
        (void)vouch_json_add_real(ctx, one, "share", s->relaxation[r].share);
        (void)vouch_json_add_text(ctx, one, "theory", s->relaxation[r].theory);
    }
    (void)vouch_json_add_int(ctx, root, "lines", s->lines);
    (void)vouch_json_add_int(ctx, root, "points", s->points);
    (void)vouch_json_add_int(ctx, root, "line_samples", s->samples);
    (void)vouch_json_add_real(ctx, root, "reach", s->reach);
    (void)vouch_json_add_int(ctx, root, "attack_steps", s->steps);
}

static vouch_status open_study(const vouch_cli_call *call, const relaxations_cli *cli,
                               vouch_cli_grid *g, vouch_relaxations *s)
{
    vouch_lab_relaxation *relaxation = NULL;
    *s = (vouch_relaxations){.lines = (int)cli->lines,
                             .points = (int)cli->points + 1,
                             .reach = cli->reach,
                             .steps = cli->attack_steps};
    VOUCH_TRY(vouch_cli_grid_open(call, NULL, NULL, g));
    VOUCH_TRY(vouch_relaxation_list(call->arena, cli->relaxations, &relaxation, &s->count));
    if (cli->points % 2 != 0)
        return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "option 'points': not even");
    s->relaxation = relaxation;
    s->plan = &g->plan;
    s->held = g->data[1];
    s->threads = g->threads;
    s->samples =
        cli->line_samples < s->held->info.count ? cli->line_samples : s->held->info.count;
    return VOUCH_OK;
}

static vouch_exit publish(vouch_cli_grid *g, const vouch_relaxations *s)
{
    const char **part = VOUCH_NEW_ARRAY(g->call->arena, const char *, s->count);
    if (!part)
        return vouch_cli_fail(g->call, VOUCH_ERR_MEMORY);
    for (int r = 0; r < s->count; r++)
        part[r] = s->relaxation[r].name;
    const vouch_figures figures = {.count = VOUCH_RELAXATIONS_FIGURES,
                                   .figure = vouch_relaxations_figure_table,
                                   .axis = "relaxation",
                                   .parts = s->count,
                                   .part = part};
    const vouch_cli_study study = {.name = "relaxations",
                                   .schema = 1,
                                   .title = "Relaxations along training",
                                   .by = "",
                                   .grid = g,
                                   .figures = &figures,
                                   .own = s,
                                   .add = add,
                                   .section = vouch_cli_relaxations_section,
                                   .finish = vouch_cli_relaxations_finish};
    return vouch_cli_publish(g->call, &g->files, vouch_cli_study_put, &study);
}

static vouch_exit run(const vouch_cli_call *call)
{
    vouch_cli_grid g;
    vouch_relaxations s;
    vouch_status status = open_study(call, call->settings[VOUCH_CLI_STUDY], &g, &s);
    const vouch_grid how = {.after_epoch = vouch_relaxations_after_epoch, .study = &s};
    if (status == VOUCH_OK)
        status = vouch_cli_grid_run(&g, &how);
    const vouch_exit code = status == VOUCH_OK ? publish(&g, &s) : vouch_cli_fail(call, status);
    vouch_cli_grid_close(&g);
    return code;
}

const vouch_command vouch_study_relaxations = {
    .name = "lab relaxations",
    .summary = "tightness, continuity and sensitivity of relaxations along training",
    .arguments = "DATA [KEY=VALUE ...]",
    .description =
        "Trains networks by several methods, radii and seeds, and measures after each epoch, "
        "for each relaxation, how tight its bounds are on samples held out, and how its loss "
        "changes along lines through the weights: by jumps, and how far from linear. Training "
        "against tight relaxations often ends with networks that can be proved robust less "
        "than with intervals; jumps and steep losses are the explanation offered.\n\n"
        "Words KEY=VALUE are those of vouch train (augment, smoothing, mean, test ...). With "
        "--resume a study that was stopped goes on with the run in hand.",
    .examples =
        "vouch lab relaxations builtin:glyphs16?count=700 --epochs 6 --eps 0.05 --html r.html\n"
        "vouch lab relaxations train-images-idx3-ubyte.gz --methods ibp,crown --relaxations "
        "interval,crown --held-out 50 --resume r.journal --html r.html\n"
        "vouch lab relaxations digits.npz --relaxations \"crown intermediate=symbolic,alpha\"",
    .least = 1,
    .most = 64,
    .interruptible = true,
    .table = {VOUCH_CLI_HOW_TABLE, {rows, &row_count, sizeof(relaxations_cli)}},
    .run = run,
};
