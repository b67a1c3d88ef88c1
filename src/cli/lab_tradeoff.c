/* vouch lab tradeoff: standard, empirical and certified accuracy along one setting of training. */
#include "cli/tradeoff_page.h"
#include "lab/gauge.h"

typedef struct tradeoff_cli {
    vouch_cli_grid_options grid;
    const char *sweep, *values, *attack, *certify;
    double limit;
} tradeoff_cli;

#define TEXT_ROW(field, shown, about, otherwise)                                               \
    {                                                                                          \
        .name = #field, .argument = shown, .help = about, .type = VOUCH_OPTION_TEXT,           \
        .offset = offsetof(tradeoff_cli, field), .text = otherwise                             \
    }

static const vouch_option rows[] = {
    TEXT_ROW(sweep, "SETTING",
             "what is swept: a setting of the loss or of the last regulariser, eps (the radius "
             "trained at), or a key of a recipe",
             "alpha"),
    TEXT_ROW(values, "V,...", "its values", "0.01,0.1,0.25,0.5,0.75,1"),
    VOUCH_CLI_GRID_ROWS("mtl-ibp,exp-ibp,cc-ibp", VOUCH_CLI_GRID_NETS),
    TEXT_ROW(attack, "ATTACK", "which measures the empirical accuracy: NAME SETTING=VALUE ...",
             "pgd steps=40 restarts=1"),
    {.name = "certify",
     .argument = "LEVEL",
     .help = "the last level of proofs: none, interval, crown, alpha, complete",
     .type = VOUCH_OPTION_CHOICE,
     .offset = offsetof(tradeoff_cli, certify),
     .text = "crown",
     .choices = vouch_certify_choices},
    {.name = "limit",
     .argument = "S",
     .help = "seconds for each complete verification",
     .type = VOUCH_OPTION_REAL,
     .offset = offsetof(tradeoff_cli, limit),
     .number = 10,
     .high = 1e9},
};
static const size_t row_count = sizeof rows / sizeof *rows;

static void add(vouch_context *ctx, json_t *root, const vouch_cli_study *study)
{
    const tradeoff_cli *cli = study->own;
    (void)vouch_json_add_text(ctx, root, "sweep", cli->sweep);
    (void)vouch_json_add_text(ctx, root, "attack", cli->attack);
    (void)vouch_json_add_text(ctx, root, "certify", cli->certify);
}

static vouch_exit publish(vouch_cli_grid *g, const tradeoff_cli *cli)
{
    vouch_arena *arena = g->call->arena;
    const vouch_cli_study study = {
        .name = "tradeoff",
        .schema = 1,
        .title = vouch_arena_print(arena, "What %s trades", cli->sweep),
        .by = vouch_arena_print(arena, " by %s and %s bounds", cli->attack, cli->certify),
        .sweep = cli->sweep,
        .grid = g,
        .figures = &vouch_tradeoff_figures,
        .own = cli,
        .add = add,
        .section = vouch_cli_tradeoff_section,
        .finish = vouch_cli_tradeoff_finish};
    if (!study.title || !study.by)
        return vouch_cli_fail(g->call, VOUCH_ERR_MEMORY);
    return vouch_cli_publish(g->call, &g->files, vouch_cli_study_put, &study);
}

static vouch_status open_study(const vouch_cli_call *call, const tradeoff_cli *cli,
                               vouch_cli_grid *g, vouch_tradeoff *t)
{
    *t = (vouch_tradeoff){.certify_level = vouch_certify_find(cli->certify),
                          .limit_s = cli->limit};
    VOUCH_TRY(vouch_cli_grid_open(call, cli->sweep, cli->values, g));
    t->plan = &g->plan;
    t->held = g->data[1];
    t->threads = g->threads;
    t->attack.name = cli->attack;
    return vouch_gauge_find_attack(call->arena, cli->attack, &t->attack.attack,
                                   &t->attack.settings);
}

static vouch_exit run(const vouch_cli_call *call)
{
    const tradeoff_cli *cli = call->settings[VOUCH_CLI_STUDY];
    vouch_cli_grid g;
    vouch_tradeoff t;
    vouch_status s = open_study(call, cli, &g, &t);
    const vouch_grid how = {.at_end = vouch_tradeoff_at_end, .study = &t};
    if (s == VOUCH_OK)
        s = vouch_cli_grid_run(&g, &how);
    const vouch_exit code = s == VOUCH_OK ? publish(&g, cli) : vouch_cli_fail(call, s);
    vouch_cli_grid_close(&g);
    return code;
}

const vouch_command vouch_study_tradeoff = {
    .name = "lab tradeoff",
    .summary = "sweep one setting of training: standard, empirical and certified accuracy",
    .arguments = "DATA [KEY=VALUE ...]",
    .description =
        "Trains networks for each value of one setting, by several methods, radii and seeds, "
        "and evaluates them on samples held out: right as they are, right under attack, "
        "certified. The page has the fronts of these accuracies, and how much they depend on "
        "the value.\n\n"
        "Words KEY=VALUE are those of vouch train (augment, smoothing, mean, test ...). With "
        "--resume a study that was stopped goes on with the run in hand.",
    .examples =
        "vouch lab tradeoff builtin:glyphs16?count=1000 --eps 0.05 --epochs 5 --html t.html\n"
        "vouch lab tradeoff train-images-idx3-ubyte.gz --methods \"mtl-ibp steps=8 step=.25\" "
        "--values 0.01,0.1,0.5 --seeds 3 --certify complete --resume t.journal --html t.html\n"
        "vouch lab tradeoff digits.npz --methods \"n-fgsm + forwabs\" --sweep coefficient "
        "--values 1e-10,1e-8,1e-6",
    .least = 1,
    .most = 64,
    .interruptible = true,
    .table = {VOUCH_CLI_HOW_TABLE, {rows, &row_count, sizeof(tradeoff_cli)}},
    .run = run,
};
