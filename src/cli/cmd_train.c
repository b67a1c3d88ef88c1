/* vouch train: trains a classifier on a data set, by options or by a recipe, and writes it as
 * ONNX. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/workers.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/train_report.h"
#include "data/split.h"
#include "io/io.h"
#include "train/ensemble.h"
#include "train/rebuild.h"

typedef struct train_cli {
    const char *out, *log, *curves, *card, *checkpoint;
    int64_t threads;
    bool resume, anew, quiet;
} train_cli;

#define FILE_ROW(field, otherwise, what)                                                       \
    {                                                                                          \
        .name = #field, .argument = "FILE", .help = what, .type = VOUCH_OPTION_TEXT,           \
        .offset = offsetof(train_cli, field), .text = otherwise                                \
    }

static const vouch_option rows[] = {
    FILE_ROW(out, "net.onnx", "where the network goes"),
    FILE_ROW(log, NULL, "a CSV line after each epoch; '-' is standard output"),
    FILE_ROW(curves, NULL, "loss and accuracies by epoch as SVG, drawn anew after each epoch"),
    FILE_ROW(card, NULL,
             "the model card: what the network was made from and what it reaches, as JSON; "
             "default: --out with .card.json for .onnx; none: no card"),
    FILE_ROW(checkpoint, NULL,
             "what training can go on from, replaced after each epoch and removed at the end; "
             "default: --out with .ckpt"),
    {.name = "resume",
     .help = "go on from the checkpoint of a run that ended early, if there is one",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(train_cli, resume)},
    {.name = "anew",
     .help = "begin again where such a checkpoint stands, and replace it",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(train_cli, anew)},
    {.name = "threads",
     .argument = "N",
     .help = "worker threads; 0 = all cores; the network is the same with any number",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(train_cli, threads),
     .high = 1024},
    {.name = "quiet",
     .help = "no progress line",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(train_cli, quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

/* Tables of the command: 0 is common. */
enum { RECIPE = 1, OWN = 2 };

typedef struct run_state {
    const vouch_cli_call *call;
    const train_cli *cli;
    vouch_recipe *recipe;
    vouch_data *data, *test;
    vouch_data *part[2]; /* trained on: NULL is all of data as it is; validation */
    vouch_graph *member[VOUCH_RECIPE_ENSEMBLE]; /* of an ensemble */
    vouch_graph *graph;
    vouch_net *net;
    const char *checkpoint, *card; /* NULL: none. checkpoint: of an ensemble, the first part */
    vouch_cli_train_report report;
} run_state;

/* ---- the recipe ------------------------------------------------------------------------------ */

static bool is_recipe(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".ini") == 0;
}

/* The file, then what the command line says: options named there, and words KEY=VALUE. */
static vouch_status read_recipe(run_state *r)
{
    const vouch_cli_call *call = r->call;
    const char *given = call->settings[RECIPE], *name = call->argument[0];
    vouch_file file;
    r->recipe = VOUCH_NEW(call->arena, vouch_recipe);
    if (!r->recipe)
        return VOUCH_ERR_MEMORY;
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, r->recipe);
    r->recipe->data = name;
    if (is_recipe(name)) {
        r->recipe->data = NULL;
        VOUCH_TRY(vouch_file_read(call->arena, name, 1 << 20, &file));
        VOUCH_TRY(vouch_recipe_parse(call->arena, name, file.data, file.size, r->recipe));
    }
    for (size_t i = 0; i < vouch_recipe_row_count; i++) {
        const vouch_option *row = &vouch_recipe_rows[i];
        if (call->given[RECIPE][i])
            vouch_option_copy(row, given, r->recipe);
    }
    for (int i = 1; i < call->argument_count; i++)
        VOUCH_TRY(vouch_recipe_assign(call->arena, call->argument[i], r->recipe));
    if (!r->recipe->data)
        return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "%s: names no data", name);
    VOUCH_TRY(vouch_recipe_finish(call->arena, r->recipe));
    return vouch_recipe_check(call->ctx, r->recipe);
}

/* ---- the data -------------------------------------------------------------------------------- */

static vouch_status load(const run_state *r, const char *place, vouch_data **data)
{
    VOUCH_TRY(vouch_data_load(r->call->ctx, place, data));
    if ((*data)->info.classes < 2 || (*data)->info.count < 1)
        return vouch_fail(r->call->ctx, VOUCH_ERR_VALUE,
                          "%s: training needs samples of at least two classes", place);
    return VOUCH_OK;
}

static vouch_status split(run_state *r)
{
    const double share[2] = {1 - r->recipe->validation, r->recipe->validation};
    const bool validates = r->recipe->validation > 0;
    const vouch_data_shares shares = {.share = share,
                                      .parts = 1 + validates,
                                      .stratified = true,
                                      .seed = r->recipe->fit.seed};
    int64_t *index = VOUCH_NEW_ARRAY(r->call->arena, int64_t, r->data->info.count),
            size[2] = {0};
    if (!index)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_data_split(r->data, &shares, index, size));
    if (size[0] < 1 || (validates && size[1] < 1))
        return vouch_fail(r->call->ctx, VOUCH_ERR_VALUE,
                          "%s: too few samples to keep some for validation", r->recipe->data);
    VOUCH_TRY(vouch_data_select(r->data, index, size[0], &r->part[0]));
    if (validates)
        VOUCH_TRY(vouch_data_select(r->data, index + size[0], size[1], &r->part[1]));
    for (int k = 0; r->recipe->relative && k < 1 + validates; k++)
        VOUCH_TRY(vouch_data_to_shares(r->part[k]));
    return VOUCH_OK;
}

static vouch_status load_all(run_state *r)
{
    VOUCH_TRY(load(r, r->recipe->data, &r->data));
    if (r->recipe->test)
        VOUCH_TRY(load(r, r->recipe->test, &r->test));
    if (r->test && r->test->info.size != r->data->info.size)
        return vouch_fail(r->call->ctx, VOUCH_ERR_SHAPE,
                          "%s: samples have %" PRId64 " features, those of %s %" PRId64,
                          r->recipe->test, r->test->info.size, r->recipe->data,
                          r->data->info.size);
    if (r->recipe->relative && !r->data->info.schema)
        return vouch_fail(r->call->ctx, VOUCH_ERR_ARGUMENT,
                          "relative: %s is no table with a range of each column",
                          r->recipe->data);
    return r->recipe->validation > 0 || r->recipe->relative ? split(r) : VOUCH_OK;
}

/* ---- the network ----------------------------------------------------------------------------- */

static vouch_status make_net(run_state *r)
{
    vouch_context *ctx = r->call->ctx;
    const char *start = r->recipe->start, *name = start ? start : r->recipe->arch;
    VOUCH_TRY(start ? vouch_recipe_start(ctx, r->recipe, &r->data->info, r->report.start_sha256,
                                         &r->graph)
                    : vouch_recipe_build(r->call->arena, r->recipe, &r->data->info, &r->graph));
    VOUCH_TRY(vouch_op_bind_graph(ctx, r->graph));
    VOUCH_TRY(vouch_net_new_to_train(ctx, r->call->arena, r->graph, &r->net));
    if (!r->net)
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: not a network of layers that can be trained", name);
    if (vouch_net_outputs(r->net) != r->data->info.classes ||
        vouch_net_inputs(r->net) != r->data->info.size)
        return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                          "%s: %" PRId64 " inputs and %" PRId64
                          " outputs, the data has %" PRId64 " features and %d classes%s",
                          name, vouch_net_inputs(r->net), vouch_net_outputs(r->net),
                          r->data->info.size, r->data->info.classes,
                          vouch_net_inputs(r->net) == r->data->info.size
                              ? " (--new-head replaces the last layer)"
                              : "");
    r->recipe->fit.frozen = vouch_net_after(r->net, r->recipe->frozen);
    return r->recipe->fit.frozen < vouch_net_size(r->net)
               ? VOUCH_OK
               : vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                            "frozen: %" PRId64
                            " layers with weights stay as they are, and %s has no others; "
                            "nothing would be trained",
                            r->recipe->frozen, name);
}

/* ---- training -------------------------------------------------------------------------------- */

static vouch_fit_data samples(const vouch_data *d)
{
    return (vouch_fit_data){
        .count = d->info.count, .inputs = d->info.size, .x = d->x, .label = d->label};
}

/* Members of an ensemble have one each: those that have ended wait there for the others. */
static vouch_status name_checkpoint(const run_state *r, int64_t member, const char **name)
{
    *name = r->checkpoint;
    if (!r->checkpoint || r->recipe->ensemble == 1)
        return VOUCH_OK;
    *name = vouch_arena_print(r->call->arena, "%s.%" PRId64, r->checkpoint, member + 1);
    return *name ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status fit(run_state *r, int64_t member)
{
    vouch_fit_settings *s = &r->recipe->fit;
    const vouch_fit_data data = samples(r->part[0] ? r->part[0] : r->data);
    const vouch_fit_data validation = r->part[1] ? samples(r->part[1]) : (vouch_fit_data){0};
    vouch_cli_train_report *report = &r->report;
    char *text = NULL;
    VOUCH_TRY(vouch_recipe_write(r->call->arena, r->recipe, &text));
    s->recipe = text;
    VOUCH_TRY(name_checkpoint(r, member, &s->checkpoint));
    s->resume = r->cli->resume;
    s->threads = r->cli->threads > 0 ? (int)r->cli->threads : vouch_workers_available();
    s->validation = r->part[1] ? &validation : NULL;
    vouch_recipe_match(r->recipe, &(r->part[0] ? r->part[0] : r->data)->info);
    report->validation = validation.count;
    vouch_cli_train_watch(report, r->cli->quiet);
    const vouch_status status =
        vouch_fit_run(r->call->ctx, r->net, &data, s, vouch_cli_train_tell, report);
    vouch_cli_progress_stop(r->call->ctx, &report->progress);
    s->validation = NULL;
    return status ? status : vouch_context_status(r->call->ctx);
}

static vouch_status put_accuracy(const run_state *r, const char *name, const vouch_data *d,
                                 int64_t *hits)
{
    const vouch_fit_data data = samples(d);
    VOUCH_TRY(vouch_fit_count_hits(r->call->ctx, r->net, &data, r->recipe->fit.threads, hits));
    printf("%-10s %.2f %% of %" PRId64 " samples\n", name,
           100 * (double)*hits / (double)data.count, data.count);
    return VOUCH_OK;
}

static vouch_status remove_checkpoints(const run_state *r)
{
    for (int64_t k = 0; r->checkpoint && k < r->recipe->ensemble; k++) {
        const char *name;
        VOUCH_TRY(name_checkpoint(r, k, &name));
        (void)unlink(name);
        vouch_file_sweep(r->call->ctx, name);
    }
    return VOUCH_OK;
}

static vouch_status finish(run_state *r)
{
    const char *out = r->cli->out;
    vouch_cli_train_report *report = &r->report;
    VOUCH_TRY(vouch_onnx_write(r->call->ctx, r->graph, out));
    report->parameters = vouch_graph_parameters(r->graph);
    printf("%-10s %s (%" PRId64 " parameters)\n", "network", out, report->parameters);
    VOUCH_TRY(put_accuracy(r, "training", r->data, &report->hits[0]));
    if (r->test)
        VOUCH_TRY(put_accuracy(r, "test", r->test, &report->hits[1]));
    report->data = r->data;
    report->test = r->test;
    report->seconds = vouch_wall_s() - r->call->started_s;
    if (report->card)
        VOUCH_TRY(vouch_cli_train_card(report));
    return remove_checkpoints(r);
}

/* Checkpoint and card: none beside an --out that is no regular file, such as /dev/null. */
static vouch_status name_files(run_state *r)
{
    const train_cli *cli = r->cli;
    const size_t length = strlen(cli->out);
    const bool onnx = length > 5 && strcmp(cli->out + length - 5, ".onnx") == 0;
    const bool no_card = cli->card && strcmp(cli->card, "none") == 0;
    struct stat there;
    r->checkpoint = cli->checkpoint;
    r->card = no_card ? NULL : cli->card;
    if (stat(cli->out, &there) == 0 && !S_ISREG(there.st_mode))
        return VOUCH_OK;
    if (!r->checkpoint)
        r->checkpoint = vouch_arena_print(r->call->arena, "%s.ckpt", cli->out);
    if (!r->card && !no_card)
        r->card = vouch_arena_print(r->call->arena, "%.*s.card.json",
                                    (int)(onnx ? length - 5 : length), cli->out);
    return r->checkpoint && (r->card || no_card) ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* Hours of a run that ended early are lost by no slip of the hand. */
static vouch_status check_checkpoint(const run_state *r)
{
    const train_cli *cli = r->cli;
    if (cli->resume && cli->anew)
        return vouch_fail(r->call->ctx, VOUCH_ERR_ARGUMENT,
                          "--resume goes on, --anew begins again: which?");
    for (int64_t k = 0; r->checkpoint && k < r->recipe->ensemble; k++) {
        const char *name;
        VOUCH_TRY(name_checkpoint(r, k, &name));
        if (!cli->resume && !cli->anew && access(name, F_OK) == 0)
            return vouch_fail(r->call->ctx, VOUCH_ERR_ARGUMENT,
                              "%s: the checkpoint of a run that ended early; --resume goes on "
                              "from it, --anew begins again and replaces it",
                              name);
    }
    return VOUCH_OK;
}

static vouch_status check_names(const run_state *r)
{
    const train_cli *cli = r->cli;
    const vouch_cli_name out[] = {{"--out", cli->out},
                                  {"--log", cli->log},
                                  {"--curves", cli->curves},
                                  {"--card", r->card},
                                  {"--checkpoint", r->checkpoint}};
    const vouch_cli_name in[] = {{"the recipe", r->call->argument[0]},
                                 {"--start", r->recipe->start}};
    const bool recipe = is_recipe(r->call->argument[0]);
    return vouch_cli_output_check(r->call->ctx, out, 5, in + !recipe, 1 + recipe);
}

/* One network after the other; the last one, or what they are together, is the result. */
static vouch_status train_members(run_state *r)
{
    vouch_context *ctx = r->call->ctx;
    const int count = (int)r->recipe->ensemble;
    for (int k = 0; k < count; k++) {
        r->recipe->fit.seed = (uint64_t)(r->recipe->seed + k);
        r->report.before = r->report.rows;
        VOUCH_TRY(make_net(r));
        r->member[k] = r->graph;
        r->graph = NULL;
        VOUCH_TRY(fit(r, k));
        VOUCH_TRY(vouch_net_store(ctx, r->net, r->member[k]));
    }
    return VOUCH_OK;
}

/* The result is another network than what was trained: its graph, and a net of it. */
static vouch_status take_graph(run_state *r, vouch_graph *graph)
{
    vouch_context *ctx = r->call->ctx;
    if (r->graph)
        vouch_graph_free(r->graph);
    r->graph = graph;
    VOUCH_TRY(vouch_op_bind_graph(ctx, graph));
    VOUCH_TRY(vouch_net_new_to_train(ctx, r->call->arena, graph, &r->net));
    return r->net ? VOUCH_OK
                  : vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                               "%s: its networks do not fit together", graph->source);
}

/* What was trained, as the network that is written. */
static vouch_status compose(run_state *r)
{
    vouch_context *ctx = r->call->ctx;
    const int count = (int)r->recipe->ensemble;
    vouch_graph *graph = NULL;
    if (count > 1) {
        VOUCH_TRY(vouch_ensemble_build(ctx, r->member, count, &graph));
        VOUCH_TRY(take_graph(r, graph));
    } else {
        r->graph = r->member[0];
        r->member[0] = NULL;
    }
    if (!r->recipe->relative)
        return VOUCH_OK;
    VOUCH_TRY(vouch_rebuild_inputs(ctx, r->graph, r->data->info.feature, &graph));
    return take_graph(r, graph);
}

static vouch_status train(run_state *r)
{
    const train_cli *cli = r->cli;
    VOUCH_TRY(read_recipe(r));
    VOUCH_TRY(name_files(r));
    VOUCH_TRY(check_names(r));
    VOUCH_TRY(check_checkpoint(r));
    VOUCH_TRY(load_all(r));
    r->report = (vouch_cli_train_report){
        .call = r->call,
        .recipe = r->recipe,
        .out = cli->out,
        .log = cli->log,
        .curves = cli->curves,
        .card = r->card,
        .row = VOUCH_NEW_ARRAY(r->call->arena, vouch_fit_progress,
                               r->recipe->ensemble * r->recipe->fit.epochs)};
    if (!r->report.row)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(train_members(r));
    VOUCH_TRY(compose(r));
    return finish(r);
}

static vouch_exit run(const vouch_cli_call *call)
{
    run_state r = {.call = call, .cli = call->settings[OWN]};
    const vouch_status s = train(&r);
    if (r.graph)
        vouch_graph_free(r.graph);
    for (int k = 0; k < VOUCH_RECIPE_ENSEMBLE; k++)
        if (r.member[k])
            vouch_graph_free(r.member[k]);
    for (int i = 0; i < 2; i++)
        vouch_data_free(r.part[i]);
    vouch_data_free(r.test);
    vouch_data_free(r.data);
    return s == VOUCH_OK ? VOUCH_EXIT_OK : vouch_cli_fail(call, s);
}

const vouch_command vouch_command_train = {
    .name = "train",
    .summary = "train a classifier on data and write it as ONNX",
    .arguments = "DATA|RECIPE.ini [KEY=VALUE ...]",
    .description =
        "Trains a network of the layers --arch names on DATA (a file or built-in set, see "
        "vouch data), by a loss of vouch list losses, and writes it as ONNX, normalisation "
        "inside. The same seed gives the same network, bit for bit, with any number of "
        "threads.\n\n"
        "A recipe is a text of sections and lines KEY = VALUE whose keys are the options "
        "below; options and words KEY=VALUE of the command line come after it.",
    .examples =
        "vouch train builtin:glyphs16 --arch \"conv16k3s2 relu fc64 relu\" --epochs 5\n"
        "vouch train train-images-idx3-ubyte.gz --loss rs-fgsm --eps 0.3 --log log.csv\n"
        "vouch train recipes/glyphs-pgd.ini epochs=3 --curves curves.svg",
    .least = 1,
    .most = 64,
    .interruptible = true,
    .table = {{vouch_recipe_rows, &vouch_recipe_row_count, sizeof(vouch_recipe)},
              {rows, &row_count, sizeof(train_cli)}},
    .run = run,
};
