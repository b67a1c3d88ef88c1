/* vouch lab co: catastrophic overfitting shown and cured. */
#include <inttypes.h>

#include "cli/co_page.h"

typedef struct co_cli {
    vouch_cli_grid_options grid;
    int64_t attack_steps, restarts;
} co_cli;

#define INT_ROW(title, field, about, otherwise)                                                \
    {                                                                                          \
        .name = title, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,               \
        .offset = offsetof(co_cli, field), .number = otherwise, .low = 1, .high = 1e6          \
    }

static const vouch_option rows[] = {
    VOUCH_CLI_GRID_ROWS(
        "fgsm,rs-fgsm,n-fgsm,exp-ibp+fgsm,exp-ibp+n-fgsm,mtl-ibp+fgsm,mtl-ibp+n-fgsm,"
        "forwabs+n-fgsm,elle-a,grad-align",
        VOUCH_CLI_GRID_NETS),
    INT_ROW("attack-steps", attack_steps, "steps of the PGD that measures", 50),
    INT_ROW("restarts", restarts, "its random starts", 1),
};
static const size_t row_count = sizeof rows / sizeof *rows;

static void add(vouch_context *ctx, json_t *root, const vouch_cli_study *study)
{
    const co_cli *cli = study->own;
    (void)vouch_json_add_int(ctx, root, "attack_steps", cli->attack_steps);
    (void)vouch_json_add_int(ctx, root, "restarts", cli->restarts);
}

static vouch_exit run(const vouch_cli_call *call)
{
    const co_cli *cli = call->settings[VOUCH_CLI_STUDY];
    vouch_cli_grid g;
    vouch_status s = vouch_cli_grid_open(call, NULL, NULL, &g);
    vouch_co co = {.plan = &g.plan,
                   .held = g.data[1],
                   .steps = cli->attack_steps,
                   .restarts = cli->restarts,
                   .threads = g.threads};
    const vouch_grid how = {
        .after_epoch = vouch_co_after_epoch, .at_end = vouch_co_at_end, .study = &co};
    const vouch_cli_study study = {
        .name = "co",
        .schema = 1,
        .title = "Catastrophic overfitting",
        .by = vouch_arena_print(call->arena, " by PGD-%" PRId64, cli->attack_steps),
        .grid = &g,
        .figures = &vouch_co_figures,
        .own = cli,
        .add = add,
        .section = vouch_cli_co_section,
        .finish = vouch_cli_co_finish};
    if (s == VOUCH_OK && !study.by)
        s = VOUCH_ERR_MEMORY;
    if (s == VOUCH_OK)
        s = vouch_cli_grid_run(&g, &how);
    const vouch_exit code = s == VOUCH_OK
                                ? vouch_cli_publish(call, &g.files, vouch_cli_study_put, &study)
                                : vouch_cli_fail(call, s);
    vouch_cli_grid_close(&g);
    return code;
}

const vouch_command vouch_study_co = {
    .name = "lab co",
    .summary = "show catastrophic overfitting to single-step attacks, and what cures it",
    .arguments = "DATA [KEY=VALUE ...]",
    .description =
        "Trains networks by several methods, radii and seeds, and measures after each epoch, "
        "on "
        "samples held out: accuracy as they are, under FGSM and under PGD, the local linearity "
        "error, the loss of interval bounds. A network trained against a single step may "
        "learn, within an epoch, to withstand that step and nothing else: accuracy under FGSM "
        "rises while that under PGD collapses.\n\n"
        "Words KEY=VALUE are those of vouch train (augment, smoothing, mean, test ...). With "
        "--resume a study that was stopped goes on with the run in hand.",
    .examples =
        "vouch lab co builtin:glyphs16?count=3200 --methods fgsm,n-fgsm --eps 0.3 --epochs 15 "
        "--rate 5e-3 --schedule constant --ramp linear --ramp-until 6 --html co.html\n"
        "vouch lab co train-images-idx3-ubyte.gz test=t10k-images-idx3-ubyte.gz --eps 0.2,0.3 "
        "--seeds 3 --rate 5e-3 --resume co.journal --html co.html\n"
        "vouch lab co train.bin.gz --methods \"fgsm,exp-ibp alpha=0.01 points=fgsm\" --eps "
        "8/255",
    .least = 1,
    .most = 64,
    .interruptible = true,
    .table = {VOUCH_CLI_HOW_TABLE, {rows, &row_count, sizeof(co_cli)}},
    .run = run,
};
